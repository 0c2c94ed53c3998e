"""What the body of a task may ask about itself."""

import logging
from collections.abc import MutableMapping
from contextvars import ContextVar
from typing import Any, Final, TypeAlias

import msgspec

from tenuto import _core
from tenuto.errors import WrongState

__all__ = ["Facts", "TaskInfo", "in_async_body", "info", "log"]


#: The fields of TaskInfo, as the extension module hands them out.
Facts: TypeAlias = tuple[str, str, int, str]


class TaskInfo(msgspec.Struct, frozen=True):
    """One attempt of a task, as its body sees it.

    Attributes:
        run_id: the run.
        path: the node's place in the run.
        attempt: 1, 2, …
        idempotency_key: the same for every attempt of this task, also after a crash: give it to services that take one.
    """

    run_id: str
    path: str
    attempt: int
    idempotency_key: str


# Bodies of `async def` share a thread, so each has its own in its context. Those of `def` have their thread's.
_async_facts: "ContextVar[Facts | None]" = ContextVar("tenuto_task", default=None)


def in_async_body(facts: Facts) -> None:
    """Notes in the current context that it belongs to a body."""
    _async_facts.set(facts)


def info() -> TaskInfo:
    """What is being executed here.

    Returns:
        The attempt whose body calls this.

    Raises:
        WrongState: this is not the body of a task, or a thread that a body has started.

    Example:
        >>> import tenuto
        >>> @tenuto.task
        ... def who() -> str:
        ...     return f"attempt {tenuto.info().attempt} of {tenuto.info().path}"
        >>> @tenuto.workflow
        ... def ask() -> str:
        ...     return who()
        >>> with tenuto.open(durability="memory"):
        ...     ask.run()
        'attempt 1 of who'
    """
    found = _current()
    if found is None:
        raise WrongState("info() is for bodies of tasks that an engine runs; here none is running")
    return found


def _current() -> TaskInfo | None:
    facts = _async_facts.get() or _core.current_task()
    return None if facts is None else TaskInfo(*facts)


class _TaskLog(logging.LoggerAdapter):  # type: ignore[type-arg]
    """Puts run, path and attempt before each message, and into the record as `run_id`, `path` and `attempt`."""

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        found = _current()
        if found is None:
            return msg, kwargs
        facts = {"run_id": found.run_id, "path": found.path, "attempt": found.attempt}
        kwargs["extra"] = {**facts, **(kwargs.get("extra") or {})}
        return f"[{found.run_id} {found.path} #{found.attempt}] {msg}", kwargs


#: A logger for bodies of tasks: the logger "tenuto.task" of the standard library.
log: Final = _TaskLog(logging.getLogger("tenuto.task"), {})
