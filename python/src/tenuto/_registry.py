"""The tasks of this process. Engines take their bodies from here, also those that are declared after an engine opened."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from tenuto.errors import Conflict

if TYPE_CHECKING:
    from tenuto.workflow import Task

__all__ = ["add", "subscribe", "unsubscribe"]

AnyTask: TypeAlias = "Task[..., Any]"
Listener: TypeAlias = "Callable[[AnyTask], None]"

_lock = threading.RLock()
_tasks: "dict[str, AnyTask]" = {}
_listeners: "list[Listener]" = []


def add(task: AnyTask) -> None:
    """Makes the body of a task known.

    Declaring a task again (a module reloaded, a cell of a notebook run again) replaces the body.

    Raises:
        Conflict: the action belongs to a task of another module.
    """
    with _lock:
        known = _tasks.get(task.action)
        if known is not None and known.module != task.module:
            raise Conflict(
                f"the action {task.action} is taken by {known.module}.{known.function_name}; choose another name= for "
                f"{task.module}.{task.function_name}"
            )
        _tasks[task.action] = task
        for listener in tuple(_listeners):
            listener(task)


def subscribe(listener: Listener) -> None:
    """Calls a function with every task that is known, and with those that come."""
    with _lock:
        _listeners.append(listener)
        for task in tuple(_tasks.values()):
            listener(task)


def unsubscribe(listener: Listener) -> None:
    """Ends what subscribe began."""
    with _lock:
        if listener in _listeners:
            _listeners.remove(listener)
