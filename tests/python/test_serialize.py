"""Values <-> JSON: round trips, types, and every refusal with its path."""

import dataclasses
import datetime
import decimal
import enum
import math
import pathlib
import uuid
from collections import OrderedDict
from types import MappingProxyType
from typing import Any, TypedDict

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenuto import InvalidArgument, TooLarge, _core, serialize


@dataclasses.dataclass
class Row:
    x: float
    tags: list[str] = dataclasses.field(default_factory=list)


class Box(msgspec.Struct):
    row: Row
    data: bytes = b""


class Pair(TypedDict):
    left: int
    right: bytes


class Colour(enum.Enum):
    red = "r"


def round_trip(value: Any, annotation: Any = Any) -> Any:
    return serialize.decoder(annotation, name="value")(serialize.encoder(annotation)(value))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


@given(json_values)
def test_json_values_come_back_as_they_were(value: Any) -> None:
    back = round_trip(value)
    assert back == value
    assert serialize.encode(back) == serialize.encode(value)
    assert serialize.plain(value) == value


@given(st.binary())
def test_bytes_come_back_where_they_are_annotated(value: bytes) -> None:
    assert round_trip(value, bytes) == value
    assert round_trip({"left": 1, "right": value}, Pair) == {"left": 1, "right": value}
    assert round_trip(Box(Row(1.0), value), Box) == Box(Row(1.0), value)


@given(st.integers())
def test_integers_of_any_size(value: int) -> None:
    assert round_trip(value) == value
    assert type(round_trip([value])[0]) is int


def test_typed_values() -> None:
    assert round_trip(Row(1.5, ["a"]), Row) == Row(1.5, ["a"])
    assert round_trip(Row(1.5)) == {"x": 1.5, "tags": []}
    assert round_trip((1, "a"), tuple[int, str]) == (1, "a")
    assert round_trip({1}, set[int]) == {1}
    assert round_trip(Colour.red, Colour) is Colour.red
    assert round_trip(pathlib.Path("a/b"), pathlib.Path) == pathlib.Path("a/b")
    assert round_trip(OrderedDict(a=1)) == {"a": 1}
    assert round_trip(MappingProxyType({"a": 1})) == {"a": 1}
    for value in (
        datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc),
        datetime.timedelta(seconds=90),
        uuid.UUID(int=7),
        decimal.Decimal("1.50"),
    ):
        assert round_trip(value, type(value)) == value
    assert round_trip(3, float) == 3.0 and type(round_trip(3, float)) is float


def test_pydantic_models() -> None:
    pydantic = pytest.importorskip("pydantic")
    Model = pydantic.create_model("Model", when=(datetime.date, ...), count=(int, 3))
    value = Model(when=datetime.date(2026, 1, 2))
    assert round_trip([value], list[Model]) == [value]
    assert round_trip(value) == {"when": "2026-01-02", "count": 3}


REFUSED = [
    (math.nan, "result: nan is no JSON number; use None or text"),
    ({"rows": [1, {"x": -math.inf}]}, "result.rows[1].x: -inf is no JSON number"),
    ({"a b": {"ü": [math.nan]}}, 'result["a b"].ü[0]: nan'),
    ({1: 2}, "result: the key 1 is no text; JSON has text keys only, use str(key)"),
    ([{"a": {None: 2}}], "result[0].a: the key None is no text"),
    ("a\ud800", "result: the text holds a lone surrogate (at 1)"),
    ({"a": ["\udfff"]}, "result.a[0]: the text holds a lone surrogate"),
    ({"\ud800": 1}, "result: a key: the text holds a lone surrogate"),
    (b"x", "result: bytes go into JSON only where the annotation says bytes"),
    ([bytearray(b"x")], "result[0]: bytes go into JSON only"),
    ([[memoryview(b"x")]], "result[0][0]: bytes go into JSON only"),
    (Row(math.inf), "result.x: inf is no JSON number"),
    (Box(Row(0.0, ["\ud800"])), "result.row.tags[0]: the text holds a lone surrogate"),
    ([object()], "result[0]: a value of type object can't be stored as JSON; return a dict"),
    ({"f": len}, "result.f: a value of type builtin_function_or_method can't be stored"),
    (1j, "result: a value of type complex can't be stored"),
    ((x for x in []), "result: a value of type generator can't be stored"),
]


@pytest.mark.parametrize(("value", "text"), REFUSED)
def test_refusals_name_the_path(value: Any, text: str) -> None:
    with pytest.raises(InvalidArgument) as raised:
        serialize.encode(value, path="result")
    assert str(raised.value).startswith(text)


def test_depth_and_circles() -> None:
    value: list[Any] = []
    for _ in range(serialize.DEPTH_MAX - 1):
        value = [value]
    assert round_trip(value) == value
    assert _core.is_simple(value) and not _core.is_simple([value])
    with pytest.raises(InvalidArgument, match=r"^value(\[0\]){64}: nested deeper than 64; flatten it$"):
        serialize.encode([value])
    circle: list[Any] = []
    circle.append(circle)
    with pytest.raises(InvalidArgument, match="nested deeper than 64"):
        serialize.encode(circle)


def test_size() -> None:
    serialize.encode("x" * (serialize.BYTES_MAX - 2))
    with pytest.raises(TooLarge, match="16777217 bytes of JSON, more than 16777216; store it elsewhere"):
        serialize.encode("x" * (serialize.BYTES_MAX - 1))


@pytest.mark.parametrize(
    ("annotation", "text", "problem"),
    [
        (int, b'"1"', "input: Expected `int`, got `str`"),
        (list[Row], b'[{"x": 1}, {"x": "a"}]', "input[1].x: Expected `float`, got `str`"),
        (Pair, b'{"left": 1}', "input: Object missing required field `right`"),
        (Any, b"{", "input: Input data was truncated"),
        ({"a": int}, b'{"a": null}', "input.a: Expected `int`, got `null`"),
        (object.__class__, b"1", "input: values of type type can't be read from JSON"),
    ],
)
def test_json_that_does_not_fit(annotation: Any, text: bytes, problem: str) -> None:
    with pytest.raises(InvalidArgument) as raised:
        serialize.decoder(annotation, name="input")(text)
    assert str(raised.value).startswith(problem)


def test_types_that_json_cannot_be_read_into() -> None:
    with pytest.raises(InvalidArgument, match="can't be read from JSON"):
        serialize.decoder(list[int] | list[str], name="input")


def test_where_a_type_speaks_of_bytes() -> None:
    class Node(TypedDict):
        children: "list[Node]"  # type: ignore[misc]

    yes = [bytes, bytes | None, list[dict[str, bytes]], Pair, bytearray]
    no = [str, Any, dict[str, Any], Row, None]
    assert [serialize.holds_bytes(kind) for kind in yes] == [True] * len(yes)
    assert [serialize.holds_bytes(kind) for kind in no] == [False] * len(no)
