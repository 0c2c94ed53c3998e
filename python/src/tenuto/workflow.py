"""The words for writing workflows: @task, @workflow and the blocks of a drawn workflow."""

import asyncio
import functools
import inspect
import json
import threading
from collections.abc import Callable, Sequence
from typing import Any, Generic, ParamSpec, TypeVar, overload

import msgspec

from tenuto import _core, _tree, serialize
from tenuto._draw import Drawing, Json, current, otherwise, when
from tenuto._expr import in_, not_
from tenuto._lesson import lesson
from tenuto._signature import Signature
from tenuto._task import Task, task
from tenuto.engine import Engine, Run, current_engine, refuse_on_loop
from tenuto.errors import InvalidArgument

__all__ = ["Task", "Workflow", "in_", "not_", "otherwise", "task", "when", "workflow"]

P = ParamSpec("P")
R = TypeVar("R")


class Workflow(Generic[P, R]):
    """A drawn workflow. Made by `workflow`.

    It is drawn at first use (run, start, to_dict, draw), once. Thread-safe.
    """

    def __init__(self, fn: Callable[P, R], name: str, description: str | None) -> None:
        self.fn = fn
        self.name = name
        self.signature = Signature(fn, name)
        self._description = description
        self._lock = threading.RLock()
        self._drawing = False
        self._definition: Json | None = None
        self._words: dict[str, Any] = {}
        for parameter in self.signature.parameters.values():
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                raise InvalidArgument(
                    f"workflow {name} takes {parameter}: the input of a run is one object by parameter name; "
                    f"take a list or a dict: `{parameter.name}: list`"
                )
        functools.update_wrapper(self, fn, updated=())

    def __call__(self, *_args: P.args, **_kwargs: P.kwargs) -> Any:
        """Workflows are started, not called."""
        if current() is None:
            raise lesson(f"{self.name}(…) calls a workflow", f"Write `{self.name}.run(…)` or `{self.name}.start(…)`.")
        self._refuse_recursion()
        raise lesson(
            f"{self.name}(…) calls a workflow inside a workflow, which is not in this version",
            f"Call its tasks, or start it from the body of a task: `{self.name}.start(…)`.",
        )

    @overload
    def run(self, *args: P.args, **kwargs: P.kwargs) -> R: ...
    @overload
    def run(self, *args: Any, id: str, engine: Engine | None = ..., labels: dict[str, str] | None = ...,
            **kwargs: Any) -> R: ...  # fmt: skip
    @overload
    def run(self, *args: Any, engine: Engine, labels: dict[str, str] | None = ..., **kwargs: Any) -> R: ...
    def run(self, *args: Any, **kwargs: Any) -> Any:
        """Starts a run, waits for its end and returns its output.

        Args:
            args: the workflow's.
            kwargs: the workflow's, and besides those of `start`.

        Returns:
            What the workflow returned, in the annotated type.

        Raises:
            TaskFailed, Rejected, Cancelled, RunTimedOut: the run ended so.
            WrongState: an event loop is running in this thread.

        Example:
            >>> from tenuto import open, task, workflow
            >>> @task
            ... def greet(who: str) -> str:
            ...     return f"Hello {who}"
            >>> @workflow
            ... def hello(who: str = "world") -> str:
            ...     return greet(who)
            >>> with open(durability="memory"):
            ...     hello.run("Ann")
            'Hello Ann'
        """
        refuse_on_loop(f"{self.name}.run()", f"`run = await {self.name}.start_async(…)` and then `await run`")
        return self.start(*args, **kwargs).result()

    @overload
    def start(self, *args: P.args, **kwargs: P.kwargs) -> Run[R]: ...
    @overload
    def start(self, *args: Any, id: str, engine: Engine | None = ..., labels: dict[str, str] | None = ...,
              **kwargs: Any) -> Run[R]: ...  # fmt: skip
    @overload
    def start(self, *args: Any, engine: Engine, labels: dict[str, str] | None = ..., **kwargs: Any) -> Run[R]: ...
    def start(self, *args: Any, **kwargs: Any) -> Run[Any]:
        """Starts a run; when this returns, the run survives any crash.

        Args:
            args: the workflow's.
            kwargs: the workflow's, and besides, unless the workflow has parameters of these names (then `using` takes
                them): `id=` of the run, letters, digits and `._:-`: the same id twice gives the same run; `engine=`, else
                that of the `with` block, else the default store; `labels=`, a dict of text.

        Returns:
            The run.

        Raises:
            InvalidArgument: the input does not fit the annotations, or can't be stored.
            Conflict: the id belongs to a run of another workflow or input.

        Example:
            >>> from tenuto import open, task, workflow
            >>> @task
            ... def greet(who: str) -> str:
            ...     return f"Hello {who}"
            >>> @workflow
            ... def hello(who: str) -> str:
            ...     return greet(who)
            >>> with open(durability="memory"):
            ...     run = hello.start("Ann", id="hello-1")
            ...     run.id, run.result(timeout="1m")
            ('hello-1', 'Hello Ann')
        """
        if current() is not None:
            raise lesson(f"{self.name}.start() in a drawn workflow would start a run at drawing", "Do it in a task.")
        words = dict(self._words)
        for word in ("id", "engine", "labels"):
            if word in kwargs and word not in self.signature.parameters:
                words[word] = kwargs.pop(word)
        engine = words.pop("engine", None) or current_engine()
        return engine._start(self.compiled, self._input(args, kwargs), self._decode_output, **words)

    async def start_async(self, *args: Any, **kwargs: Any) -> Run[R]:
        """`start` for event loops: `await` the run for its result.

        Args:
            args: see start.
            kwargs: see start.

        Returns:
            The run.

        Example:
            >>> import asyncio
            >>> from tenuto import open, task, workflow
            >>> @task
            ... async def greet(who: str) -> str:
            ...     return f"Hello {who}"
            >>> @workflow
            ... def hello(who: str) -> str:
            ...     return greet(who)
            >>> async def main() -> str:
            ...     run = await hello.start_async("Ann")
            ...     return await run
            >>> with open(durability="memory"):
            ...     asyncio.run(main())
            'Hello Ann'
        """
        started: Run[R] = await asyncio.to_thread(self.start, *args, **kwargs)
        return started

    def using(
        self, *, id: str | None = None, engine: Engine | None = None, labels: dict[str, str] | None = None
    ) -> "Workflow[P, R]":
        """The same workflow with words for its next start, also those that it has parameters for.

        Args:
            id: see start.
            engine: see start.
            labels: see start.

        Returns:
            A workflow to start.

        Example:
            >>> from tenuto import workflow
            >>> @workflow
            ... def fulfil(id: str) -> None: ...
            >>> fulfil.using(id="order-7").name
            'fulfil'
        """
        words = {"id": id, "engine": engine, "labels": labels}
        other: Workflow[P, R] = Workflow.__new__(Workflow)
        other.__dict__.update(self.__dict__)
        other._words = self._words | {key: value for key, value in words.items() if value is not None}
        other._definition = self.to_dict()
        return other

    def to_dict(self) -> Json:
        """The definition, as docs/workflow-format.md describes it.

        Returns:
            A new dict.

        Raises:
            InvalidArgument: something in it can't be drawn; the text says what to write instead.

        Example:
            >>> from tenuto import task, workflow
            >>> @task
            ... def greet(who: str) -> str:
            ...     return f"Hello {who}"
            >>> @workflow
            ... def hello(who: str) -> str:
            ...     return greet(who)
            >>> hello.to_dict()["output"]
            '${greet}'
        """
        result: Json = json.loads(self.to_json())
        return result

    def to_json(self) -> str:
        """The definition as JSON text.

        Returns:
            What `to_dict` returns, as text.

        Raises:
            InvalidArgument: see to_dict.

        Example:
            >>> from tenuto import workflow
            >>> @workflow
            ... def nothing() -> None: ...
            >>> nothing.to_json()
            '{"tenuto":1,"name":"nothing","input":{"type":"object"},"tasks":{}}'
        """
        if self._definition is None:
            self._refuse_recursion()
            with self._lock:
                if self._definition is None:
                    self._drawing = True
                    try:
                        self._definition = self._drawn()
                    finally:
                        self._drawing = False
        # Values in it have been checked one by one; together with their blocks they may nest deeper than a value may.
        return msgspec.json.encode(self._definition).decode()

    def draw(self) -> str:
        """The definition as a tree of text.

        Returns:
            Some lines.

        Raises:
            InvalidArgument: see to_dict.

        Example:
            >>> from tenuto import task, workflow
            >>> @task(name="greet", retry=3)
            ... def greet(who: str) -> str:
            ...     return f"Hello {who}"
            >>> @workflow
            ... def hello(who: str) -> str:
            ...     return greet(who)
            >>> print(hello.draw())
            hello(who)
            `- greet  retry 3
        """
        return _tree.definition_tree(self.to_dict())

    def __repr__(self) -> str:
        return f"<workflow {self.name}>"

    def __reduce__(self) -> str:
        """Pickled by name, as functions are."""
        return str(getattr(self, "__qualname__", self.name))

    def _drawn(self) -> Json:
        definition: Json = {"tenuto": 1, "name": self.name}
        if self._description:
            definition["description"] = self._description
        definition["input"] = self.signature.schema()
        definition["tasks"], output = Drawing(self.name).run(self.fn, self.signature.parameters)
        if output is not None:
            definition["output"] = output
        return definition

    def _refuse_recursion(self) -> None:
        drawing = current()
        if self._drawing and drawing is not None:
            raise drawing.noted(
                lesson(
                    f"{self.name} uses itself: a drawn workflow is a plan, and a plan has no recursion",
                    "Put the recursion into the body of a task.",
                )
            )

    def _input(self, args: Sequence[Any], kwargs: dict[str, Any]) -> bytes:
        arguments = self.signature.bind(tuple(args), kwargs)
        if not arguments:
            return b"{}"
        coded = self._encode_input(arguments)
        self._decode_input(coded)
        return coded

    @functools.cached_property
    def compiled(self) -> _core.Workflow:
        """The definition, checked and compiled by the core."""
        return _core.Workflow.compile(self.to_json().encode())

    @functools.cached_property
    def _decode_output(self) -> Callable[[bytes], Any]:
        return serialize.decoder(self.signature.returns, name="result")

    @functools.cached_property
    def _encode_input(self) -> Callable[[object], bytes]:
        types = tuple(self.signature.annotations[name] for name in self.signature.parameters)
        return serialize.encoder(tuple[types], path="input")  # type: ignore[valid-type]

    @functools.cached_property
    def _decode_input(self) -> Callable[[bytes], Any]:
        return self.signature.decoder()


@overload
def workflow(fn: Callable[P, R], /, *, name: str | None = ..., description: str | None = ...) -> Workflow[P, R]: ...
@overload
def workflow(
    *, name: str | None = ..., description: str | None = ...
) -> Callable[[Callable[P, R]], Workflow[P, R]]: ...
def workflow(
    fn: Callable[P, R] | None = None, /, *, name: str | None = None, description: str | None = None
) -> Workflow[P, R] | Callable[[Callable[P, R]], Workflow[P, R]]:
    """Makes a workflow of a `def`, which draws its plan: it is called once, with values that are known later.

    Args:
        fn: a function whose parameters are the input. Calls of tasks in it make nodes; arguments make their order.
        name: the function's name by default.
        description: for people; the first line of the docstring by default.

    Returns:
        The workflow.

    Raises:
        InvalidArgument: it is an `async def`, or takes `*args` or `**kwargs`.

    Example:
        >>> from tenuto import task, workflow
        >>> @task
        ... def add(a: int, b: int) -> int:
        ...     return a + b
        >>> @workflow
        ... def total(x: int) -> int:
        ...     return add(add(x, 1), 2)
        >>> list(total.to_dict()["tasks"])
        ['add', 'add_2']
    """

    def declare(function: Callable[P, R]) -> Workflow[P, R]:
        chosen = name or getattr(function, "__name__", None)
        if not callable(function) or chosen is None:
            raise InvalidArgument(f"@workflow stands above a def, not {function!r}; a callable object needs name=")
        if inspect.iscoroutinefunction(function):
            raise InvalidArgument(
                f"workflow {chosen} is an `async def`, and workflows that drive are not in this version; "
                "write it as a `def`, which draws (its tasks may be `async def`)"
            )
        documentation = (inspect.getdoc(function) or "").partition("\n")[0]
        return Workflow(function, chosen, description or documentation or None)

    return declare if fn is None else declare(fn)
