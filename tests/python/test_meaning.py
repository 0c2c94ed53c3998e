"""Drawn expressions and templates mean what Python means: each is run by the core and compared with the plain function."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tenuto
from tenuto import in_, not_, task, when, workflow


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tenuto.Engine]:
    with tenuto.open(tmp_path_factory.mktemp("meaning") / "store") as opened:
        yield opened


@task
def same(value: Any) -> Any:
    return value


EXPRESSIONS: list[Callable[[Any, Any], Any]] = [
    lambda x, y: x == y,
    lambda x, y: x != 3,
    lambda x, y: (x < y) | (x > 10),
    lambda x, y: (x <= y) & not_(y >= 7),
    lambda x, y: (x == y) == (y == x),
    lambda x, y: x + y * 2 - 1,
    lambda x, y: x - (y - 1) - (2 - x),
    lambda x, y: -x,
    lambda x, y: x / 4,
    lambda x, y: (x + 0.5) / (y * y + 1),
    lambda x, y: 1 / (x * x + 1),
    lambda x, y: in_(x, [1, 2, y]),
    lambda x, y: [1, x, {"a": [y]}],
    lambda x, y: f"{x}",
    lambda x, y: f"a{x} b{y}{x}",
    lambda x, y: f"${x} $${y} ${{x}} $",
    lambda x, y: "${x} $${ $",
    lambda x, y: "-".join([f"{x}", "$$", f"{y}"]),
    lambda x, y: f"$$${x}$$",
]


@workflow(name="meaning")
def meaning(x: int, y: int) -> Any:
    return [expression(x, y) for expression in EXPRESSIONS]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(min_value=-1000, max_value=1000), st.integers(min_value=-1000, max_value=1000))
def test_expressions(engine: tenuto.Engine, x: int, y: int) -> None:
    assert meaning.start(x, y, engine=engine).result(timeout="60s") == [expression(x, y) for expression in EXPRESSIONS]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(), st.text())
def test_text(engine: tenuto.Engine, x: str, y: str) -> None:
    """Any text as a literal, as a key, in a template and in a condition."""

    def draw(value: Any) -> Any:
        seen = same({"literal": x, "text": f"{x}{value['v']}{y}"})
        return [seen, value[y], value["v"] == x, in_(y, value), same(f"{y}")]

    run = workflow(draw, name="text").start({"v": x, y: 1}, engine=engine)
    value = {"v": x} | {y: 1}
    assert run.result(timeout="60s") == [
        {"literal": x, "text": f"{x}{value['v']}{y}"},
        1,
        value["v"] == x,
        True,
        y,
    ]


@pytest.mark.parametrize("name", ["a-b", "in", "größe", 'a"b\\', "int", "size", "null", "1"])
def test_names_of_nodes(engine: tenuto.Engine, name: str) -> None:
    def draw() -> Any:
        value = same({"k": [name]}, name=name)
        with when(value["k"][0] == name):
            same("taken", after=value, name="inner")
        return [value["k"][0], f"<{value['k'][0]}>"]

    run = workflow(draw, name="names").start(engine=engine)
    assert run.result(timeout="60s") == [name, f"<{name}>"]
    assert run.status().tasks["done"] == 2


def test_names_of_parameters(engine: tenuto.Engine) -> None:
    def draw(größe: int, null: int, size: int, tasks: int) -> Any:
        return [größe + null, size, tasks]

    assert workflow(draw, name="parameters").start(1, 2, 3, 4, engine=engine).result(timeout="60s") == [3, 3, 4]


def nested(x: Any, depth: int) -> None:
    if depth:
        with when(x == 1):
            nested(x, depth - 1)
    else:
        same("deep")


def test_blocks_to_the_limit(engine: tenuto.Engine) -> None:
    run = workflow(lambda x: nested(x, 64), name="deep").start(1, engine=engine)
    run.result(timeout="60s")
    assert run.status().tasks["done"] == 1


def test_a_skipped_value_skips_its_users_and_gives_null(engine: tenuto.Engine) -> None:
    def draw(x: int) -> Any:
        with when(x == 1):
            first = same(1)
            same(first)
        return same("always")

    run = workflow(draw, name="skips").start(2, engine=engine)
    assert run.result(timeout="60s") == "always"
    assert run.status().tasks["skipped"] == 2


def test_a_condition_that_is_no_boolean_fails_the_run(engine: tenuto.Engine) -> None:
    def draw(x: Any) -> None:
        with when(x):
            same(1)

    with pytest.raises(tenuto.TaskFailed):
        workflow(draw, name="number").start(1, engine=engine).result(timeout="60s")


def test_big_integers_and_deep_values_pass_through(engine: tenuto.Engine) -> None:
    deep: Any = 2**70
    for _ in range(60):
        deep = [deep]
    run = workflow(lambda x: [same(x), same(-(2**64))], name="big").start(deep, engine=engine)
    assert run.result(timeout="60s") == [deep, -(2**64)]
