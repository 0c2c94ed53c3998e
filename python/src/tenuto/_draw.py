"""Drawing: calling a workflow's `def` once, with traced values, and keeping what it does as a definition.

The definition is the JSON of docs/workflow-format.md. Drawing is single-threaded: the current drawing hangs in a context
variable, so other threads, and bodies of tasks, don't see it.
"""

import itertools
import json
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from types import FrameType, TracebackType
from typing import Any, Final, TypeAlias

from tenuto._expr import Value, is_identifier, member
from tenuto._lesson import arm_problem, lesson, place, user_frame
from tenuto._template import Markers, template
from tenuto.errors import InvalidArgument

__all__ = ["Arm", "Drawing", "Node", "current", "otherwise", "when"]

Json: TypeAlias = dict[str, Any]

_DEPTH_MAX: Final = 64
_NAME_BYTES_MAX: Final = 255
# Words of expressions, so that no node can have them for a name.
_TAKEN: Final = frozenset({"input", "tasks"})

_CURRENT: "ContextVar[Drawing | None]" = ContextVar("tenuto_drawing", default=None)
_SERIAL: Final = itertools.count(1)
_ALWAYS: Final[Any] = object()


def current() -> "Drawing | None":
    """The drawing that is going on in this context."""
    return _CURRENT.get()


class Node:
    """A task or switch that has been drawn, with the block it stands in."""

    def __init__(self, name: str, block: "Block") -> None:
        self.name = name
        self.block = block


class Block:
    """The workflow itself, or an arm: nodes in the order of definition, and the switch that may still get an arm."""

    def __init__(self, parent: "Block | None" = None) -> None:
        self.parent = parent
        self.depth: int = parent.depth + 1 if parent else 0
        self.nodes: Json = {}
        self.chain: list[Json] | None = None

    def sees(self, other: "Block") -> bool:
        """Whether values made in the other block may be used in this one."""
        block: Block | None = self
        while block is not None and block is not other:
            block = block.parent
        return block is other


class Drawing:
    """One workflow being drawn.

    Invariants:
        1. `block` is the innermost block whose `with` is open.
        2. A node is in the block that was innermost when its task was called.
        3. The first lesson is kept: a workflow that swallows it fails all the same.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.markers = Markers(next(_SERIAL))
        self.block = Block()
        self._root = self.block
        self._names: dict[str, str] = {}
        self._words: dict[str, itertools.chain[str]] = {}
        self._reprs: set[str] = set()
        self.bytes_results: set[str] = set()
        """Texts of the values that are whole results of tasks annotated as bytes."""
        self._first_lesson: InvalidArgument | None = None
        self._unused: tuple[str, FrameType | None] | None = None

    def run(self, function: Callable[..., Any], parameters: Mapping[str, Any]) -> tuple[Json, Any]:
        """Draws.

        Args:
            function: the workflow's `def`.
            parameters: names of its parameters; the values don't matter.

        Returns:
            Its nodes, and the template of its output (None: no output).
        """
        token = _CURRENT.set(self)
        try:
            values = {name: Value(self, member("input", name), frozenset()) for name in parameters}
            result = function(**values)
            self._check_used()
            output = None if result is None else template(self, result, "the returned value")
        except RecursionError as error:
            raise lesson(
                f"{self.name} calls itself without end: a drawn workflow is a plan, and a plan has no recursion",
                "Put the recursion into the body of a task.",
            ) from error
        finally:
            _CURRENT.reset(token)
        if self._first_lesson is not None:
            raise self._first_lesson
        return self._root.nodes, output

    def noted(self, error: InvalidArgument) -> InvalidArgument:
        """Keeps a lesson that is about to be raised."""
        if self._first_lesson is None:
            self._first_lesson = error
        return error

    # Nodes.
    def add(self, name: str | None, suggested: str, node: Json, at: FrameType | None = None) -> Value:
        """Adds a node to the innermost block.

        Args:
            name: the name that was asked for; None: the suggested one, numbered when it is taken.
            suggested: the function's name.
            node: its JSON.
            at: where it was called, for errors.

        Returns:
            The value that stands for its result.
        """
        self._check_used()
        frame = at or user_frame()
        chosen = self._claim(name, suggested, frame)
        self.block.chain = None
        self.block.nodes[chosen] = node
        text = chosen if is_identifier(chosen) else f"tasks[{json.dumps(chosen, ensure_ascii=False)}]"
        return Value(self, text, frozenset({Node(chosen, self.block)}))

    def _claim(self, name: str | None, suggested: str, frame: FrameType | None) -> str:
        if name is not None:
            self._check_name(name)
        if (name or suggested) in _TAKEN:
            raise self.noted(
                lesson(
                    f"a node can't be named {name or suggested!r}: expressions use the word",
                    'Write `t.using(name="…")(…)`.',
                )
            )
        if name is not None:
            if name in self._names:
                raise self.noted(
                    lesson(f"the name {name!r} is taken by the node at {self._names[name]}", "Choose another name.")
                )
            chosen = name
        else:
            # Names are never given back, so the search goes on where it stopped: one step a node, not one a namesake.
            words = self._words.get(suggested)
            if words is None:
                words = self._words[suggested] = _numbered(suggested)
            chosen = next(word for word in words if word not in self._names)
        self._names[chosen] = place(frame)
        return chosen

    def _check_name(self, name: object) -> None:
        if not isinstance(name, str) or self.has_marker(name):
            raise self.noted(lesson("name= takes text that is known at drawing", 'Write name="…".'))
        if not name or len(name.encode(errors="replace")) > _NAME_BYTES_MAX or not name.isprintable() or "/" in name:
            raise self.noted(
                lesson(f"{name!r} is no name for a node", "Use 1 to 255 bytes of printable text without `/`.")
            )

    # Values.
    def use(self, value: Value, path: str) -> None:
        """Checks that a value may be used in the innermost block."""
        self.check_same(value)
        for node in value._nodes:
            if not self.block.sees(node.block):
                raise self.noted(
                    lesson(
                        f"{path}: `{node.name}` was made inside a `with when` block (at {self._names[node.name]}) and is "
                        "used outside it: when another arm is taken there is no such value",
                        "Use it inside the block, or let the task run in any case.",
                    )
                )

    def check_same(self, value: Value) -> None:
        """Checks that a value belongs to this drawing and is used while it goes on."""
        if value._drawing is not self or current() is not self:
            raise self.noted(
                lesson(
                    f"{value._text} is a value of the workflow {value._drawing.name}, used outside it",
                    "Values of a drawn workflow live in its `def` only.",
                )
            )

    def has_marker(self, text: str) -> bool:
        """Whether a text holds drawn values."""
        return self.markers.in_text(text)

    def marker(self, value: Value) -> str:
        """The text of a value within an f-string."""
        return self.markers.make(value)

    def text_value(self, text: str) -> Value:
        """A text with markers as a value, for use inside conditions."""
        nodes = (piece._nodes for piece in self._split(text) if isinstance(piece, Value))
        return Value(self, f"({self.markers.concatenation(text)})", frozenset().union(*nodes))

    def _split(self, text: str) -> "list[str | Value]":
        try:
            return self.markers.split(text)
        except InvalidArgument as error:
            raise self.noted(error) from None

    def note_repr(self, text: str) -> str:
        """Remembers the text that repr() gave for a value, so that it is noticed where it turns up."""
        self._reprs.add(text)
        return text

    def check_text(self, text: str, path: str) -> None:
        """Refuses text into which repr() of a value has been put."""
        if self._reprs and any(shown in text for shown in self._reprs):
            raise self.noted(
                lesson(
                    f"{path}: repr() or !r of a drawn value stands in this text", "Write a plain {x} in an f-string."
                )
            )
        if self.has_marker(text):
            self._split(text)

    # Blocks.
    def arm(self, word: str, frame: FrameType | None) -> None:
        """Notes that `when` or `otherwise` was called; its `with` must follow."""
        self._check_used()
        self._unused = (word, frame)

    def _check_used(self) -> None:
        if self._unused is not None:
            word, frame = self._unused
            self._unused = None
            raise self.noted(lesson(f"`{word}(…)` stands alone", f"Write `with {word}(…):` and a block.", frame))

    def enter(self, arm: Json, chain: list[Json] | None, name: str | None, frame: FrameType | None) -> None:
        """Opens the block of an arm, of a new switch or of one that has arms already."""
        self._unused = None
        if self.block.depth >= _DEPTH_MAX:
            raise self.noted(lesson(f"blocks nest deeper than {_DEPTH_MAX}", "Put a part into a task."))
        if chain is None:
            chain = []
            self.add(name, "when", {"switch": chain}, frame)
        chain.append(arm)
        self.block.chain = chain
        self.block = Block(self.block)
        arm["tasks"] = self.block.nodes

    def leave(self) -> None:
        """Closes the innermost block."""
        assert self.block.parent is not None
        self.block = self.block.parent


class Arm:
    """The block of `with when(…):` or `with otherwise(…):`; made by these words only."""

    def __init__(
        self, drawing: Drawing, word: str, condition: str | None, chain: list[Json] | None, name: str | None
    ) -> None:
        self._drawing = drawing
        self._word = word
        self._condition = condition
        self._chain = chain
        self._name = name
        self._entered = False
        drawing.arm(word, user_frame())

    def __enter__(self) -> None:
        frame = user_frame()
        problem = arm_problem(frame, (when, otherwise)) if frame else None
        if problem is None and self._entered:
            problem = lesson(f"this `{self._word}(…)` has a block already", "Call it anew for each block.")
        if problem is None and current() is not self._drawing:
            problem = lesson(f"`{self._word}(…)` belongs to another workflow", "Call it where its block stands.")
        if problem is not None:
            raise self._drawing.noted(problem)
        self._entered = True
        arm: Json = {} if self._condition is None else {"if": self._condition}
        self._drawing.enter(arm, self._chain, self._name, frame)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._drawing.leave()


def when(condition: Any, *, name: str | None = None) -> Arm:
    """A block of a drawn workflow that runs when a condition holds.

    Args:
        condition: a comparison of values of the workflow, such conditions joined by & | ~, or a value that is a boolean.
        name: the node's name, where history matters; "when" and a number by default.

    Returns:
        A block for `with`.

    Raises:
        InvalidArgument: it is no condition, or this is no drawn workflow.

    Example:
        >>> from tenuto import otherwise, task, when, workflow
        >>> @task
        ... def pay(amount: int) -> None: ...
        >>> @task
        ... def ask(amount: int) -> None: ...
        >>> @workflow
        ... def order(amount: int) -> None:
        ...     with when(amount <= 100):
        ...         pay(amount)
        ...     with otherwise():
        ...         ask(amount)
        >>> print(order.draw())
        order(amount)
        `- when
           |- if input.amount <= 100
           |  `- pay
           `- otherwise
              `- ask
    """
    drawing = _drawing("when")
    return Arm(drawing, "when", _condition(drawing, "when", condition), None, name)


def otherwise(condition: Any = _ALWAYS) -> Arm:
    """The block that runs when no arm above it did; with a condition, when that holds besides.

    Args:
        condition: left out for the last arm; else as for `when`.

    Returns:
        A block for `with`, right below the one of `when` or `otherwise(condition)`.

    Raises:
        InvalidArgument: something stands between the arms, or there is none above.

    Example:
        >>> from tenuto import otherwise
        >>> otherwise()
        Traceback (most recent call last):
        tenuto.errors.InvalidArgument: ...: otherwise() stands outside a drawn workflow
          Use it in the body of a function below @workflow.
    """
    drawing = _drawing("otherwise")
    text = None if condition is _ALWAYS else _condition(drawing, "otherwise", condition)
    chain = drawing.block.chain
    if chain is None or "if" not in chain[-1]:
        raise drawing.noted(
            lesson(
                "`otherwise` follows no `with when` block: nothing may stand between the arms, and nothing follows the "
                "last `otherwise()`",
                "Move it right below the block of `when(…)` or `otherwise(condition)`.",
            )
        )
    return Arm(drawing, "otherwise", text, chain, None)


def _drawing(word: str) -> Drawing:
    drawing = current()
    if drawing is None:
        raise lesson(f"{word}() stands outside a drawn workflow", "Use it in the body of a function below @workflow.")
    return drawing


def _condition(drawing: Drawing, word: str, condition: object) -> str:
    if not isinstance(condition, Value):
        raise drawing.noted(
            lesson(
                f"{word}() was given {condition!r}, which was computed at drawing (`is`, isinstance() and == on text do that)",
                "Compare values of the workflow with == != < <= > >=; use Python's own `if` for constants.",
            )
        )
    drawing.use(condition, f"the condition of {word}()")
    return condition._text


def _numbered(name: str) -> "itertools.chain[str]":
    return itertools.chain([name], (f"{name}_{number}" for number in itertools.count(2)))
