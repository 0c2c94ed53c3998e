"""What a drawn workflow becomes: golden definitions of every form."""

import dataclasses
import functools
import json
from typing import Any, Literal

import pytest

from tenuto import InvalidArgument, Retry, in_, not_, otherwise, task, when, workflow


@task
def fetch(url: str, depth: int = 2) -> dict[str, Any]:
    return {"url": url, "depth": depth}


@task
def use(*values: Any, **words: Any) -> Any: ...


@task
def plain() -> None: ...


def tasks(draw: Any) -> Any:
    """The nodes of a workflow made of a function."""
    return workflow(draw, name="w").to_dict()["tasks"]


def expression(draw: Any) -> str:
    """The CEL text of what a function returns."""
    output = workflow(draw, name="w").to_dict()["output"]
    assert output.startswith("${") and output.endswith("}")
    return str(output[2:-1])


def test_a_whole_definition() -> None:
    def etl(url: str, limit: int = 3) -> Any:
        """Gets and uses.

        More text.
        """
        page = fetch(url)
        with when(page["size"] > limit):
            plain()
        with otherwise():
            use(page)
        return page

    assert workflow(etl).to_dict() == {
        "tenuto": 1,
        "name": "etl",
        "description": "Gets and uses.",
        "input": {
            "type": "object",
            "properties": {"url": {"type": "string"}, "limit": {"type": "integer", "default": 3}},
            "required": ["url"],
        },
        "tasks": {
            "fetch": {"use": f"py:{__name__}.fetch", "with": {"url": "${input.url}", "depth": 2}},
            "when": {
                "switch": [
                    {"if": "fetch.size > input.limit", "tasks": {"plain": {"use": f"py:{__name__}.plain"}}},
                    {"tasks": {"use": {"use": f"py:{__name__}.use", "with": {"values": ["${fetch}"], "words": {}}}}},
                ]
            },
        },
        "output": "${fetch}",
    }


def test_it_is_drawn_once_and_late() -> None:
    drawn = []

    @workflow
    def late() -> None:
        drawn.append(1)
        helper_below()

    assert drawn == []
    assert late.to_dict() == late.to_dict()
    assert json.loads(late.to_json()) == late.to_dict()
    assert drawn == [1]


def helper_below() -> None:
    plain()


def test_two_drawings_give_the_same_text() -> None:
    def w(x: int) -> Any:
        return f"{fetch(f'a{x}')['b']}!"

    assert workflow(w).to_json() == workflow(w).to_json()


# Nodes.
def test_names_are_numbered_and_explicit_ones_are_kept() -> None:
    def w(x: str) -> None:
        plain()
        plain()
        plain(name="third")
        plain.using(name="plain_4")()
        plain()
        fetch(x, name="fetch page")

    assert list(tasks(w)) == ["plain", "plain_2", "third", "plain_4", "plain_3", "fetch page"]


def test_a_number_skips_a_name_that_is_taken() -> None:
    def w() -> None:
        plain(name="plain_2")
        plain()
        plain()

    assert list(tasks(w)) == ["plain_2", "plain", "plain_3"]


def test_names_that_cel_does_not_take() -> None:
    def w(x: str) -> Any:
        a, b, c = fetch(x, name="a-b"), fetch(x, name="in"), fetch(x, name="größer")
        return [a["k"], b, c['q"'], fetch(x, name="größe")]

    assert workflow(w).to_dict()["output"] == [
        '${tasks["a-b"].k}',
        '${tasks["in"]}',
        '${tasks["größer"]["q\\""]}',
        '${tasks["größe"]}',
    ]


def test_parameters_that_cel_does_not_take() -> None:
    def w(größe: int, null: int) -> Any:
        return [größe, null]

    assert workflow(w).to_dict()["output"] == ['${input["größe"]}', '${input["null"]}']


def test_a_word_that_the_task_declares_is_the_tasks() -> None:
    @task(name="create_user")
    def create_user(name: str, after: Any = None) -> None: ...

    def w(x: str) -> None:
        create_user.using(name="node", after=plain())(name=x)
        create_user(name=x, after=1)

    assert tasks(w)["node"] == {
        "use": "py:create_user",
        "with": {"name": "${input.x}", "after": None},
        "needs": ["plain"],
    }
    assert tasks(w)["create_user"]["with"] == {"name": "${input.x}", "after": 1}


def test_after_takes_one_or_many_and_derived_values() -> None:
    def w(x: str) -> None:
        a, b = fetch(x), fetch(x)
        plain(after=a)
        plain(after=[a, b["k"]])
        plain(after=(a["x"] + b["y"],))

    drawn = tasks(w)
    assert drawn["plain"]["needs"] == ["fetch"]
    assert drawn["plain_2"]["needs"] == ["fetch", "fetch_2"]
    assert drawn["plain_3"]["needs"] == ["fetch", "fetch_2"]


def test_policies() -> None:
    @task(name="job", retry=3, timeout="30s", pool="db", pure=True, description="does it")
    def job() -> None: ...

    def w() -> None:
        job()
        job.using(retry=Retry(attempts=5, backoff="200ms", factor=3, max="1m", jitter="none"), timeout="1h30m")()

    assert tasks(w)["job"] == {
        "use": "py:job",
        "retry": 3,
        "timeout": "30s",
        "pool": "db",
        "pure": True,
        "description": "does it",
    }
    assert tasks(w)["job_2"]["retry"] == {
        "attempts": 5,
        "backoff": "200ms",
        "factor": 3,
        "max": "1m",
        "jitter": "none",
    }
    assert tasks(w)["job_2"]["timeout"] == "1h30m"


def test_plain_calls_outside_a_workflow() -> None:
    assert fetch("u") == {"url": "u", "depth": 2}

    @task(name="outer")
    def outer() -> Any:
        return fetch("inner")["url"]

    assert outer() == "inner"
    assert fetch.__name__ == "fetch" and fetch.fn("v", 3) == {"url": "v", "depth": 3}


def test_a_wrong_call_is_pythons_own_error() -> None:
    def w() -> None:
        fetch()  # type: ignore[call-overload]

    with pytest.raises(TypeError, match=r"fetch\(\): missing a required argument: 'url'"):
        tasks(w)


# Identity.
def test_functions_that_no_later_process_finds() -> None:
    class Thing:
        def method(self) -> None: ...

    for function in (lambda: None, functools.partial(plain.fn), Thing().method, drawn_local()):
        with pytest.raises(InvalidArgument, match=r'write task\(f, name="…"\)'):
            task(function)
        assert task(function, name="named").action == "py:named"


def drawn_local() -> Any:
    def local() -> None: ...

    return local


# Arguments.
@dataclasses.dataclass
class Point:
    x: int
    y: float = 0.5


def test_values_within_lists_and_dicts() -> None:
    def w(x: int) -> None:
        use([1, {"a": x, "b": (x, None)}], {"k": [x]}, point=Point(3), big=2**70)

    assert tasks(w)["use"]["with"] == {
        "values": [[1, {"a": "${input.x}", "b": ["${input.x}", None]}], {"k": ["${input.x}"]}],
        "words": {"point": {"x": 3, "y": 0.5}, "big": 2**70},
    }


def test_text() -> None:
    def w(x: Any) -> None:
        use(
            "${a} $${b} $ {",
            f"a {x} b {x['k']}{x}",
            f"{x}",
            f"${x}",
            f"${{x}} {x}",
            "{} and {}".format(x, x["y"]),
            "-".join(["a", f"{x}"]),
        )

    assert tasks(w)["use"]["with"]["values"] == [
        "$${a} $$${b} $ {",
        "a ${input.x} b ${input.x.k}${input.x}",
        '${input.x}${""}',
        '${"$"}${input.x}',
        "$${x} ${input.x}",
        "${input.x} and ${input.x.y}",
        "a-${input.x}",
    ]


# Expressions.
@pytest.mark.parametrize(
    ("draw", "text"),
    [
        (lambda x, y: x == 1, "input.x == 1"),
        (lambda x, y: x != 'a"b\n', 'input.x != "a\\"b\\n"'),
        (lambda x, y: 3 < x, "input.x > 3"),
        (lambda x, y: x <= y, "input.x <= input.y"),
        (lambda x, y: x >= -2.5, "input.x >= -2.5"),
        (lambda x, y: x == None, "input.x == null"),  # noqa: E711
        (lambda x, y: x == True, "input.x == true"),  # noqa: E712
        (lambda x, y: (x == 1) == (y == 2), "(input.x == 1) == (input.y == 2)"),
        (lambda x, y: (x > 1) & (y > 2) & x, "input.x > 1 && input.y > 2 && input.x"),
        (lambda x, y: x & (y | (x == 1)), "input.x && (input.y || input.x == 1)"),
        (lambda x, y: x & y | x, "input.x && input.y || input.x"),
        (lambda x, y: True & x, "true && input.x"),
        (lambda x, y: ~x, "!input.x"),
        (lambda x, y: ~(x == 1), "!(input.x == 1)"),
        (lambda x, y: ~~x, "!!input.x"),
        (lambda x, y: not_(x | y), "!(input.x || input.y)"),
        (lambda x, y: x + 1 - y, "input.x + 1 - input.y"),
        (lambda x, y: x - (y - 1), "input.x - (input.y - 1)"),
        (lambda x, y: (x + y) * 2 % 3, "(input.x + input.y) * 2 % 3"),
        (lambda x, y: 2 * (x * y), "2 * (input.x * input.y)"),
        (lambda x, y: x / y, "double(input.x) / double(input.y)"),
        (lambda x, y: 1 / x, "1.0 / double(input.x)"),
        (lambda x, y: -x, "-input.x"),
        (lambda x, y: -(x + 1), "-(input.x + 1)"),
        (lambda x, y: +x, "input.x"),
        (lambda x, y: "a" + x, '"a" + input.x'),
        (lambda x, y: x["a"]["b c"][0], 'input.x.a["b c"][0]'),
        (lambda x, y: x[y], "input.x[input.y]"),
        (lambda x, y: (x + y)["a"], "(input.x + input.y).a"),
        (lambda x, y: x[f"a{y}"], 'input.x[("a" + string(input.y))]'),
        (lambda x, y: in_(x, ["a", y]), 'input.x in ["a", input.y]'),
        (lambda x, y: in_("k", x), '"k" in input.x'),
        (lambda x, y: ~in_(x, y), "!(input.x in input.y)"),
        (lambda x, y: x == {"a": [1, y]}, 'input.x == {"a": [1, input.y]}'),
        (lambda x, y: x == Point(1), 'input.x == {"x": 1, "y": 0.5}'),
        (lambda x, y: x == f"a{y}", 'input.x == ("a" + string(input.y))'),
        (lambda x, y: x < 1e300, "input.x < 1e+300"),
        (lambda x, y: x == "ü\u0000😀", 'input.x == "ü\\u0000😀"'),
    ],
)
def test_expressions(draw: Any, text: str) -> None:
    assert expression(draw) == text


def test_plain_words() -> None:
    assert in_(1, [1]) is True and not_(0) is True


# Blocks.
def test_a_chain_is_one_switch_and_a_new_when_begins_another() -> None:
    def w(x: int) -> None:
        with when(x == 1):
            plain()
        with otherwise(x == 2):
            pass
        with otherwise(x == 3):
            plain()
        with otherwise():
            plain()
        with when(x == 4, name="last"):
            plain()

    drawn = tasks(w)
    assert [arm.get("if") for arm in drawn["when"]["switch"]] == ["input.x == 1", "input.x == 2", "input.x == 3", None]
    assert [list(arm["tasks"]) for arm in drawn["when"]["switch"]] == [["plain"], [], ["plain_2"], ["plain_3"]]
    assert list(drawn) == ["when", "last"]


def test_two_whens_in_one_with_nest() -> None:
    def w(x: int) -> None:
        with when(x == 1), when(x == 2):
            plain()

    assert tasks(w) == {
        "when": {
            "switch": [
                {
                    "if": "input.x == 1",
                    "tasks": {
                        "when_2": {
                            "switch": [{"if": "input.x == 2", "tasks": {"plain": {"use": f"py:{__name__}.plain"}}}]
                        }
                    },
                }
            ]
        }
    }


def test_a_value_of_an_outer_block_is_seen_inside() -> None:
    def w(x: str) -> None:
        page = fetch(x)
        with when(page["ok"]):
            inner = fetch(x)
            with when(inner["ok"]):
                use(page, inner)

    assert "switch" in tasks(w)["when"]


def test_order_after_a_node_in_an_arm_is_no_use_of_its_value() -> None:
    def w(x: int) -> None:
        with when(x == 1):
            inner = fetch("a")
            plain(after=inner)

    assert tasks(w)["when"]["switch"][0]["tasks"]["plain"]["needs"] == ["fetch"]


def nested(x: Any, depth: int) -> None:
    if depth:
        with when(x == depth):
            nested(x, depth - 1)


def test_blocks_nest_to_depth_64() -> None:
    assert '"if":"input.x == 1"' in workflow(lambda x: nested(x, 64), name="w").to_json()
    with pytest.raises(InvalidArgument, match="blocks nest deeper than 64"):
        tasks(lambda x: nested(x, 65))


# Input and output.
def test_the_schema_of_the_input() -> None:
    def w(
        a: str,
        b: list[int],
        c: dict[str, float],
        d: Any,
        e: Literal["x", "y"] = "x",
        f: bool | None = None,
        g: Any = (),
    ) -> None: ...

    assert workflow(w).to_dict()["input"] == {
        "type": "object",
        "properties": {
            "a": {"type": "string"},
            "b": {"type": "array", "items": {"type": "integer"}},
            "c": {"type": "object", "additionalProperties": {"type": "number"}},
            "d": {},
            "e": {"enum": ["x", "y"], "default": "x"},
            "f": {"default": None},
            "g": {"default": []},
        },
        "required": ["a", "b", "c", "d"],
    }


def test_outputs() -> None:
    assert "output" not in workflow(lambda: None, name="w").to_dict()
    assert workflow(lambda: 7, name="w").to_dict()["output"] == 7
    assert workflow(lambda x: {"a": x, "b": "${"}, name="w").to_dict()["output"] == {"a": "${input.x}", "b": "$${"}


def test_draw_gives_a_tree() -> None:
    def order(amount: int) -> None:
        with when(amount <= 100):
            plain.using(retry=2, timeout="5s")()
        with otherwise():
            plain(after=plain())

    assert workflow(order).draw().splitlines() == [
        "order(amount)",
        "`- when",
        "   |- if input.amount <= 100",
        "   |  `- plain  retry 2, timeout 5s",
        "   `- otherwise",
        "      |- plain_2",
        "      `- plain_3  after plain_2",
    ]
