"""Tasks: functions that workflows can use."""

import functools
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, ParamSpec, TypeVar, cast, overload

from tenuto import _registry
from tenuto._draw import Drawing, Json, current
from tenuto._expr import Value
from tenuto._lesson import lesson
from tenuto._signature import Signature
from tenuto._template import template
from tenuto.errors import InvalidArgument
from tenuto.policy import Duration, Retry, duration_text, retry_json
from tenuto.serialize import holds_bytes

__all__ = ["Task", "task"]

P = ParamSpec("P")
R = TypeVar("R")

_NODE_WORDS = ("name", "after")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Policy:
    """What a task says about its execution; None: nothing, so the engine's default holds."""

    retry: int | Retry | None = None
    timeout: Duration | None = None
    pool: str | None = None
    pure: bool | None = None
    description: str | None = None

    def __post_init__(self) -> None:
        self.to_json()
        for name in ("pool", "description"):
            value = getattr(self, name)
            if not (value is None or (isinstance(value, str) and value)):
                raise InvalidArgument(f"{name}: expected text, not {value!r}")
        if not isinstance(self.pure, bool | None):
            raise InvalidArgument(f"pure: expected True or False, not {self.pure!r}")

    def to_json(self) -> Json:
        written: Json = {
            "retry": None if self.retry is None else retry_json(self.retry),
            "timeout": None if self.timeout is None else duration_text(self.timeout, "timeout"),
            "pool": self.pool,
            "pure": self.pure,
            "description": self.description,
        }
        return {key: value for key, value in written.items() if value is not None}


class Task(Generic[P, R]):
    """A function that workflows can use. In a drawn workflow a call makes a node; anywhere else it is a plain call.

    Made by `task`. Attributes: `action`, by which histories name it; `fn`, the function; `pool`.
    """

    def __init__(self, fn: Callable[P, R], name: str | None, policy: _Policy) -> None:
        self.fn = fn
        self.action = _identity(fn, name)
        self.module = _module(fn)
        self.function_name = getattr(fn, "__qualname__", type(fn).__name__)
        self.node_name = name or str(getattr(fn, "__name__", "task"))
        self.is_async = inspect.iscoroutinefunction(inspect.unwrap(fn))
        self.signature = Signature(fn, self.node_name)
        self._policy = policy
        self._policy_json = policy.to_json()
        self._words: dict[str, Any] = {}
        functools.update_wrapper(self, fn, updated=())

    @property
    def pool(self) -> str:
        """The pool that serves it."""
        return self._policy.pool or "default"

    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Any: ...
    @overload
    def __call__(self, *args: Any, after: Any, name: str = ..., **kwargs: Any) -> Any: ...
    @overload
    def __call__(self, *args: Any, name: str, **kwargs: Any) -> Any: ...
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Makes a node of the workflow that is being drawn, or calls the function.

        Args:
            args: the function's.
            kwargs: the function's, and besides, in a workflow, unless the function has parameters of these names:
                `name=` of the node, and `after=`, a value or a list of values of nodes that must have ended first.

        Returns:
            The value of the node, or what the function returns.
        """
        drawing = current()
        if drawing is None:
            return self.fn(*args, **kwargs)
        words = dict(self._words)
        for word in _NODE_WORDS:
            if word in kwargs and word not in self.signature.parameters:
                words[word] = kwargs.pop(word)
        return self._draw(drawing, words, args, kwargs)

    def using(
        self,
        *,
        name: str | None = None,
        after: Any = None,
        retry: int | Retry | None = None,
        timeout: Duration | None = None,
    ) -> "Task[P, R]":
        """The same task with words for its next node, also those that the function has parameters for.

        Args:
            name: the node's name.
            after: a value or a list of values of nodes that must have ended first.
            retry: the node's own retry policy.
            timeout: the node's own time-out.

        Returns:
            A task to call.

        Raises:
            InvalidArgument: see `task`.

        Example:
            >>> from tenuto import task, workflow
            >>> @task
            ... def create_user(name: str) -> None: ...
            >>> @workflow
            ... def two(first: str) -> None:
            ...     create_user.using(name="create_first")(name=first)
            >>> list(two.to_dict()["tasks"])
            ['create_first']
        """
        words = {key: value for key, value in (("name", name), ("after", after)) if value is not None}
        other: Task[P, R] = Task.__new__(Task)
        other.__dict__.update(self.__dict__)
        other._policy = replace(
            self._policy,
            retry=self._policy.retry if retry is None else retry,
            timeout=self._policy.timeout if timeout is None else timeout,
        )
        other._policy_json = other._policy.to_json()
        other._words = self._words | words
        return other

    def __repr__(self) -> str:
        return f"<task {self.action}>"

    def __reduce__(self) -> str:
        """Pickled by name, as functions are."""
        return self.function_name

    def _draw(self, drawing: Drawing, words: dict[str, Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Value:
        node: Json = {"use": self.action}
        arguments = self.signature.bind(args, kwargs)
        for name, value in arguments.items():
            self._check_bytes(drawing, name, value)
        if arguments:
            node["with"] = {
                name: template(drawing, value, f"{self.node_name}({name}=…)") for name, value in arguments.items()
            }
        needs = _needs(drawing, words["after"]) if words.get("after") is not None else []
        if needs:
            node["needs"] = needs
        result = drawing.add(words.get("name"), self.node_name, node | self._policy_json)
        if self._annotation("return") is bytes:
            drawing.bytes_results.add(result._text)
        return result

    def _check_bytes(self, drawing: Drawing, name: str, value: object) -> None:
        """Refuses bytes for a parameter that is not annotated so: the body would get the base64 text instead."""
        if (
            not isinstance(value, Value)
            or value._text not in drawing.bytes_results
            or holds_bytes(self._annotation(name))
        ):
            return
        raise drawing.noted(
            lesson(
                f"{self.node_name}({name}=…): the result of {value._text} is bytes, which travel as base64 text, and the "
                f"annotation of `{name}` does not say bytes",
                f"Write `{name}: bytes` in {self.function_name}().",
            )
        )

    def _annotation(self, name: str) -> Any:
        """Bytes stand in where an annotation names a type that is not there yet: it is checked when the body runs."""
        try:
            return self.signature.annotations[name]
        except InvalidArgument:
            return bytes if name != "return" else Any


def _needs(drawing: Drawing, after: object) -> list[str]:
    names: dict[str, None] = {}
    for value in after if isinstance(after, list | tuple) else [after]:
        if not isinstance(value, Value) or not value._nodes:
            raise drawing.noted(
                lesson(
                    f"after= takes results of tasks, not {value!r}", "Write `b = task_b(after=a)` with `a = task_a()`."
                )
            )
        drawing.use(value, "after=")
        names.update(dict.fromkeys(sorted(node.name for node in value._nodes)))
    return list(names)


@overload
def task(fn: Callable[P, R], /, *, name: str | None = ..., retry: int | Retry | None = ...,
         timeout: Duration | None = ..., pool: str | None = ..., pure: bool | None = ...,
         description: str | None = ...) -> Task[P, R]: ...  # fmt: skip
@overload
def task(*, name: str | None = ..., retry: int | Retry | None = ..., timeout: Duration | None = ...,
         pool: str | None = ..., pure: bool | None = ...,
         description: str | None = ...) -> Callable[[Callable[P, R]], Task[P, R]]: ...  # fmt: skip
def task(
    fn: Callable[P, R] | None = None,
    /,
    *,
    name: str | None = None,
    retry: int | Retry | None = None,
    timeout: Duration | None = None,
    pool: str | None = None,
    pure: bool | None = None,
    description: str | None = None,
) -> Task[P, R] | Callable[[Callable[P, R]], Task[P, R]]:
    """Makes a task of a function; with or without parentheses above a `def`, or called with a function.

    Args:
        fn: a function of a module; a lambda, partial, bound method or inner function needs `name`.
        name: by which histories name it; "module.function" by default.
        retry: further tries after an exception: a number, or Retry(…).
        timeout: how long an attempt may take.
        pool: the pool that serves it; "default" by default.
        pure: it changes nothing outside and may run again, so it needn't wait for the disk.
        description: for people.

    Returns:
        The task.

    Raises:
        InvalidArgument: a value is out of its range, or the function has no name that finds it again.
        Conflict: the name belongs to a task of another module.

    Example:
        >>> from tenuto import task
        >>> @task(retry=3, timeout="30s")
        ... def double(x: int) -> int:
        ...     return 2 * x
        >>> double(4)
        8
    """
    policy = _Policy(retry=retry, timeout=timeout, pool=pool, pure=pure, description=description)

    def declare(function: Callable[P, R]) -> Task[P, R]:
        declared = Task(function, name, policy)
        _registry.add(cast("Task[..., Any]", declared))
        return declared

    return declare if fn is None else declare(fn)


def _identity(fn: Callable[..., Any], name: str | None) -> str:
    """How histories name a task: `py:module.function`, or `py:` and the name that was given."""
    if name is not None:
        if not isinstance(name, str) or not name or not name.isprintable() or "/" in name or len(name.encode()) > 240:
            raise InvalidArgument(f"name: {name!r} is no name for a task; use 1 to 240 bytes of text without `/`")
        return f"py:{name}"
    qualified = getattr(fn, "__qualname__", None)
    if not isinstance(qualified, str) or "<" in qualified or inspect.ismethod(fn):
        raise InvalidArgument(
            f"{fn!r} has no name by which a later process finds it again (a lambda, partial, bound method or inner "
            'function); write task(f, name="…")'
        )
    return f"py:{_module(fn)}.{qualified}"


def _module(fn: Callable[..., Any]) -> str:
    """The module of a function, by a name that is the same however the program was started."""
    if isinstance(fn, functools.partial):
        return _module(fn.func)
    module = getattr(fn, "__module__", None) or "unknown"
    if module not in ("__main__", "__mp_main__"):
        return str(module)
    main = sys.modules[module]
    spec = getattr(main, "__spec__", None)
    if spec is not None and spec.name not in ("__main__", "__mp_main__"):
        return str(spec.name)
    file = getattr(main, "__file__", None)
    return Path(file).stem if file else "__main__"
