"""The traced value: what a drawn workflow holds in place of a result. Its operators write CEL text."""

import json
import math
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, NoReturn

from tenuto import serialize
from tenuto._lesson import lesson, truth_lesson

if TYPE_CHECKING:
    from tenuto._draw import Drawing, Node

__all__ = ["Value", "combine", "in_", "is_identifier", "member", "not_", "operand_text"]

# How tightly an operator of CEL binds; an operand that binds less goes into parentheses.
_OR, _AND, _RELATION, _SUM, _PRODUCT, _UNARY, _MEMBER = range(1, 8)

_IDENTIFIER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_RESERVED: Final = frozenset(
    "as break const continue else false for function if import in let loop package namespace null return true var "
    "void while".split()
)
_INT64: Final = range(-(2**63), 2**63)


def is_identifier(name: str) -> bool:
    """Whether CEL takes a name as it is."""
    return bool(_IDENTIFIER.match(name)) and name not in _RESERVED


def member(text: str, key: str) -> str:
    """The CEL text for a key of an object."""
    return f"{text}.{key}" if is_identifier(key) else f"{text}[{_text_literal(key)}]"


class Value:
    """A value that exists when the workflow runs: its CEL text, and the nodes that it is computed from.

    Immutable. Everything that Python would have to answer at once raises a lesson.
    """

    __slots__ = ("_drawing", "_level", "_nodes", "_text")

    _drawing: "Drawing"
    _level: int
    _nodes: "frozenset[Node]"
    _text: str

    def __init__(self, drawing: "Drawing", text: str, nodes: "frozenset[Node]", level: int = _MEMBER) -> None:
        object.__setattr__(self, "_drawing", drawing)
        object.__setattr__(self, "_text", text)
        object.__setattr__(self, "_nodes", nodes)
        object.__setattr__(self, "_level", level)

    def __repr__(self) -> str:
        return self._drawing.note_repr(f"<drawn value {self._text}>")

    # Comparisons and logic.
    def __eq__(self, other: object) -> "Value":  # type: ignore[override]
        return combine(self, "==", other, _RELATION)

    def __ne__(self, other: object) -> "Value":  # type: ignore[override]
        return combine(self, "!=", other, _RELATION)

    def __lt__(self, other: object) -> "Value":
        return _ordered(self, "<", other)

    def __le__(self, other: object) -> "Value":
        return _ordered(self, "<=", other)

    def __gt__(self, other: object) -> "Value":
        return _ordered(self, ">", other)

    def __ge__(self, other: object) -> "Value":
        return _ordered(self, ">=", other)

    def __and__(self, other: object) -> "Value":
        return _logic(self, "&&", other, _AND)

    def __rand__(self, other: object) -> "Value":
        return _logic(other, "&&", self, _AND)

    def __or__(self, other: object) -> "Value":
        return _logic(self, "||", other, _OR)

    def __ror__(self, other: object) -> "Value":
        return _logic(other, "||", self, _OR)

    def __invert__(self) -> "Value":
        return Value(self._drawing, f"!{_in_level(self, _UNARY)}", self._nodes, _UNARY)

    # Arithmetic.
    def __add__(self, other: object) -> "Value":
        return combine(self, "+", other, _SUM)

    def __radd__(self, other: object) -> "Value":
        return combine(other, "+", self, _SUM)

    def __sub__(self, other: object) -> "Value":
        return combine(self, "-", other, _SUM)

    def __rsub__(self, other: object) -> "Value":
        return combine(other, "-", self, _SUM)

    def __mul__(self, other: object) -> "Value":
        return combine(self, "*", other, _PRODUCT)

    def __rmul__(self, other: object) -> "Value":
        return combine(other, "*", self, _PRODUCT)

    def __mod__(self, other: object) -> "Value":
        return combine(self, "%", other, _PRODUCT)

    def __rmod__(self, other: object) -> "Value":
        return combine(other, "%", self, _PRODUCT)

    def __truediv__(self, other: object) -> "Value":
        return combine(_as_double(self, self), "/", _as_double(other, self), _PRODUCT)

    def __rtruediv__(self, other: object) -> "Value":
        return combine(_as_double(other, self), "/", _as_double(self, self), _PRODUCT)

    def __neg__(self) -> "Value":
        return Value(self._drawing, f"-{_in_level(self, _MEMBER)}", self._nodes, _UNARY)

    def __pos__(self) -> "Value":
        return self

    # Members.
    def __getitem__(self, key: object) -> "Value":
        base = _in_level(self, _MEMBER)
        match key:
            case Value():
                self._drawing.check_same(key)
                return Value(self._drawing, f"{base}[{key._text}]", self._nodes | key._nodes)
            case str() if not self._drawing.has_marker(key):
                return Value(self._drawing, member(base, key), self._nodes)
            case str():
                return self[self._drawing.text_value(key)]
            case bool() | float() | None:
                self._fail(f"{self._text}[{key!r}] has no meaning", "Use text for objects and whole numbers for lists.")
            case int() if key >= 0:
                return Value(self._drawing, f"{base}[{key}]", self._nodes)
            case int():
                self._fail(f"{self._text}[{key}] counts from the end", "Take the last item in the body of a task.")
            case slice():
                self._fail(f"a slice of {self._text} can't be drawn", "Cut the list or text in the body of a task.")
        self._fail(f"{self._text}[{type(key).__name__}] has no meaning", "Use text for objects, numbers for lists.")

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        self._fail(
            f"`.{name}` of {self._text} is not known at drawing: results are JSON, with keys and no attributes",
            f'Write `x["{name}"]` for a key, or do it in the body of a task.',
        )

    def __setattr__(self, name: str, value: object) -> NoReturn:
        self._fail(f"`.{name} = …` would change {self._text}", "Results don't change; return a new one from a task.")

    def __setitem__(self, key: object, value: object) -> NoReturn:
        self._fail(f"`x[…] = …` would change {self._text}", "Results don't change; return a new one from a task.")

    def __delitem__(self, key: object) -> NoReturn:
        self._fail(f"`del x[…]` would change {self._text}", "Results don't change; return a new one from a task.")

    # Text.
    def __format__(self, spec: str) -> str:
        if spec:
            self._fail(f"the format `:{spec}` of {self._text} can't be drawn", "Format it in the body of a task.")
        return self._drawing.marker(self)

    def __str__(self) -> str:
        self._fail(
            f"str() or %s of {self._text} asks for its text, which is not known at drawing",
            'Write an f-string with a plain {x}: f"… {x} …" becomes a template.',
        )

    # What Python would have to answer at once.
    def __bool__(self) -> bool:
        raise self._drawing.noted(truth_lesson())

    def __contains__(self, item: object) -> bool:
        raise self._drawing.noted(truth_lesson())

    def __iter__(self) -> Iterator[Any]:
        self._fail(
            f"a loop or unpacking over {self._text} can't be drawn: its length is not known",
            "Loop in the body of a task, or take items by number: x[0], x[1].",
        )

    def __len__(self) -> int:
        self._fail(f"len() of {self._text} is not known at drawing", "Have a task return the length.")

    def __hash__(self) -> int:
        self._fail(f"{self._text} can't be a key or a member of a set: its value is not known", "Do it in a task.")

    def __call__(self, *_args: object, **_words: object) -> NoReturn:
        self._fail(f"{self._text} is a result and can't be called", "Call tasks only.")

    def __enter__(self) -> NoReturn:
        self._fail(f"`with` takes {self._text} for a block", "Write `with when(condition):`.")

    def __exit__(self, *_error: object) -> None:
        return None

    def __await__(self) -> NoReturn:
        self._fail(f"{self._text} can't be awaited", "A `def` workflow draws: call tasks without await.")

    def _number(self, *_rest: object) -> NoReturn:
        self._fail(
            f"{self._text} is no number yet (int(), float(), round(), range() and the like ask for one)",
            "Convert it in the body of a task.",
        )

    __int__ = __float__ = __complex__ = __index__ = __round__ = __trunc__ = __floor__ = __ceil__ = _number

    def _no_operator(self, *_rest: object) -> NoReturn:
        self._fail(f"this operator can't be drawn on {self._text}", "Use + - * / % and comparisons, or a task.")

    __floordiv__ = __rfloordiv__ = __pow__ = __rpow__ = __xor__ = __rxor__ = __lshift__ = __rlshift__ = _no_operator
    __rshift__ = __rrshift__ = __matmul__ = __rmatmul__ = __divmod__ = __rdivmod__ = __abs__ = _no_operator

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        self._fail(f"{self._text} can't be pickled or copied", "Pass it on as it is.")

    def _fail(self, problem: str, instead: str) -> NoReturn:
        raise self._drawing.noted(lesson(problem, instead))


def in_(item: Any, values: Any) -> Any:
    """Whether an item is in a list or a key in an object, for values of a drawn workflow: Python's own `in` asks at once.

    Args:
        item: what to look for.
        values: a list, or an object whose keys are meant.

    Returns:
        A condition for `when`; a plain bool when neither is a value of a drawn workflow.

    Example:
        >>> in_("a", ["a", "b"])
        True
    """
    drawing = _drawing_of(item) or _drawing_of(values)
    if drawing is None:
        return item in values
    return _joined(drawing, item, "in", values, _RELATION)


def not_(condition: Any) -> Any:
    """The opposite of a condition, drawn or plain. `~x` says the same of drawn values only: `~True` is -2 in Python.

    Args:
        condition: a condition, or a plain bool.

    Returns:
        A condition, or a plain bool.

    Example:
        >>> not_(True)
        False
    """
    return ~condition if isinstance(condition, Value) else not condition


def combine(left: object, sign: str, right: object, level: int) -> Value:
    """The value of a binary operation; one side at least is a Value."""
    drawing = _drawing_of(left) or _drawing_of(right)
    assert drawing is not None
    return _joined(drawing, left, sign, right, level)


def _joined(drawing: "Drawing", left: object, sign: str, right: object, level: int) -> Value:
    values = [operand(drawing, side) for side in (left, right)]
    # Relations never chain without parentheses; subtraction and the like group to the left; && and || either way.
    first = level + 1 if level == _RELATION else level
    second = level if level in (_AND, _OR) else level + 1
    text = f"{_in_level(values[0], first)} {sign} {_in_level(values[1], second)}"
    return Value(drawing, text, values[0]._nodes | values[1]._nodes, level)


def _ordered(left: Value, sign: str, right: object) -> Value:
    for side in (left, right):
        if isinstance(side, Value) and side._level in (_OR, _AND):
            left._fail(
                f"`{sign}` compares `{side._text}`: & and | bind tighter than comparisons in Python",
                "Put parentheses around each comparison: `(x > 3) & (y < 5)`.",
            )
    return combine(left, sign, right, _RELATION)


def _logic(left: object, sign: str, right: object, level: int) -> Value:
    for side in (left, right):
        if not isinstance(side, Value | bool):
            value = left if isinstance(left, Value) else right
            assert isinstance(value, Value)
            value._fail(
                f"`{'&' if level == _AND else '|'}` joins conditions, and {side!r} is none",
                "Put parentheses around each comparison: `(x > 3) & (y < 5)`.",
            )
    return combine(left, sign, right, level)


def operand(drawing: "Drawing", value: object) -> Value:
    """A side of an operation as a Value: traced ones as they are, plain ones as literals."""
    if isinstance(value, Value):
        drawing.check_same(value)
        return value
    if isinstance(value, str) and drawing.has_marker(value):
        return drawing.text_value(value)
    nodes: set[Node] = set()
    text = _literal(drawing, value, nodes)
    return Value(drawing, text, frozenset(nodes), _UNARY if text.startswith("-") else _MEMBER)


def operand_text(drawing: "Drawing", value: object) -> str:
    """The CEL text of a side of an operation."""
    return operand(drawing, value)._text


def _literal(drawing: "Drawing", value: object, nodes: "set[Node]") -> str:
    match value:
        case Value() | str():
            if isinstance(value, str) and not drawing.has_marker(value):
                return _text_literal(value)
            inner = operand(drawing, value)
            nodes |= inner._nodes
            return inner._text
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            if value not in _INT64:
                raise drawing.noted(lesson(f"{value} is outside the 64 bits of conditions", "Compare it in a task."))
            return str(value)
        case float():
            if not math.isfinite(value):
                raise drawing.noted(lesson(f"{value} can't stand in a condition", "Compare it in a task."))
            return repr(value)
        case list() | tuple():
            return f"[{', '.join(_literal(drawing, item, nodes) for item in value)}]"
        case dict():
            pairs = (
                f"{_literal(drawing, key, nodes)}: {_literal(drawing, item, nodes)}" for key, item in value.items()
            )
            return f"{{{', '.join(pairs)}}}"
    return _literal(drawing, serialize.plain(value, path="a value in a condition"), nodes)


def _text_literal(text: str) -> str:
    """A CEL string. JSON's escapes are all CEL's too, but for surrogate pairs, so other characters stand as they are."""
    serialize.encode(text, path="text in a condition")
    return json.dumps(text, ensure_ascii=False)


def _in_level(value: Value, level: int) -> str:
    return f"({value._text})" if value._level < level else value._text


def _as_double(side: object, like: Value) -> Value:
    """Python's `/` gives a fraction also for whole numbers; CEL's does not."""
    if isinstance(side, int | float) and not isinstance(side, bool):
        return operand(like._drawing, float(side))
    value = operand(like._drawing, side)
    return Value(value._drawing, f"double({value._text})", value._nodes)


def _drawing_of(side: object) -> "Drawing | None":
    """The drawing of a value, also of one inside a list or object."""
    if isinstance(side, Value):
        return side._drawing
    if isinstance(side, dict):
        side = list(side.values())
    if isinstance(side, list | tuple):
        return next((found for item in side if (found := _drawing_of(item)) is not None), None)
    return None
