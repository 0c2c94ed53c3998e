"""What drawing cannot see fails while drawing, with a lesson: where, what, and what to write instead."""

import copy
import inspect
import math
import pickle
from collections.abc import Callable
from typing import Any

import pytest

import tenuto
from tenuto import InvalidArgument, otherwise, task, when, workflow


@task
def use(*values: Any) -> Any: ...


@task
def plain() -> Any: ...


def lesson(draw: Callable[..., Any]) -> str:
    with pytest.raises(InvalidArgument) as raised:
        workflow(draw, name="w").to_dict()
    return str(raised.value)


def if_(x: Any) -> None:
    if x > 3:
        plain()


def elif_(x: Any) -> None:
    if False:
        pass
    elif x["a"]:
        plain()


def and_(x: Any) -> None:
    use(x > 3 and x < 9)


def or_in_if(x: Any) -> None:
    if (x["a"] or x["b"]) and x["c"]:
        plain()


def not__(x: Any) -> None:
    use(not x)


def chain(x: Any) -> None:
    use(0 < x < 9)


def in__(x: Any) -> None:
    use(x in ["a", "b"])


def in_value(x: Any) -> None:
    use("a" in x)


def not_in(x: Any) -> None:
    use(x not in ["a"])


def ternary(x: Any) -> None:
    use(1 if x else 2)


def while_(x: Any) -> None:
    while x > 3:
        plain()


def assert_(x: Any) -> None:
    assert x > 3


def comprehension(x: Any) -> None:
    use([item for item in [x] if item > 3])


def any_(x: Any) -> None:
    use(any([x, x]))


def sorted_(x: Any) -> None:
    use(sorted([x, x]))


TRUTH = [
    (if_, "`if x > 3:` asks for the truth", "Write `with when(x > 3):` and `with otherwise():`"),
    (elif_, "`if x['a']:` asks for the truth", "Write `with when(x['a']):`"),
    (and_, "`x > 3 and x < 9` asks", "Write `(x > 3) & (x < 9)`"),
    (or_in_if, "`if (x['a'] or x['b']) and x['c']:` asks", "Write `with when((x['a'] | x['b']) & x['c']):`"),
    (not__, "`not x` asks", "Write `~x`"),
    (chain, "`0 < x < 9` asks", "Write `(0 < x) & (x < 9)`"),
    (in__, "`x in ['a', 'b']` asks", "Write `in_(x, ['a', 'b'])`"),
    (in_value, "`'a' in x` asks", "Write `in_('a', x)`"),
    (not_in, "`x not in ['a']` asks", "Write `~in_(x, ['a'])`"),
    (ternary, "`1 if x else 2` asks", "Write `with when(x):`"),
    (while_, "`while x > 3:` asks", "A drawn workflow has no while"),
    (assert_, "`assert x > 3` asks", "raise Stop there"),
    (comprehension, "`… if item > 3` asks", "A drawn value can't be filtered"),
    (any_, "the truth of a drawn value was asked", "in_(x, values) for membership"),
    (sorted_, "the truth of a drawn value was asked", "& | ~ to combine conditions"),
]


@pytest.mark.parametrize(("draw", "problem", "instead"), TRUTH)
def test_truth(draw: Callable[..., Any], problem: str, instead: str) -> None:
    text = lesson(draw)
    lines, first = inspect.getsourcelines(draw)
    place = text.split(": ")[0]
    assert place.startswith(f"{__file__}:")
    assert first < int(place.rsplit(":", 1)[1]) <= first + len(lines)
    # Python 3.10 tells no columns, so that there the construct is found by its line.
    assert problem in text
    assert instead in text


LESSONS: list[tuple[Callable[[Any], Any], str, str]] = [
    (lambda x: [use(y) for y in x], "a loop or unpacking over input.x can't be drawn", "x[0], x[1]"),
    (lambda x: list(x), "a loop or unpacking", "Loop in the body of a task"),
    (lambda x: len(x), "len() of input.x is not known", "Have a task return the length"),
    (lambda x: int(x), "input.x is no number yet", "Convert it in the body"),
    (lambda x: float(x), "is no number yet", "body of a task"),
    (lambda x: round(x), "is no number yet", "body of a task"),
    (lambda x: range(x), "is no number yet", "body of a task"),
    (lambda x: math.floor(x), "is no number yet", "body of a task"),
    (lambda x: [1, 2][x], "is no number yet", "body of a task"),
    (lambda x: x.name, "`.name` of input.x is not known", 'Write `x["name"]`'),
    (lambda x: x.get("a"), "`.get` of input.x", 'x["get"]'),
    (lambda x: hasattr(x, "a"), "`.a` of input.x", 'x["a"]'),
    (lambda x: x[1:3], "a slice of input.x", "Cut the list or text"),
    (lambda x: x[-1], "input.x[-1] counts from the end", "Take the last item"),
    (lambda x: x[1.5], "input.x[1.5] has no meaning", "whole numbers for lists"),
    (lambda x: x[True], "input.x[True] has no meaning", "whole numbers for lists"),
    (lambda x: x[(1, 2)], "input.x[tuple] has no meaning", "numbers for lists"),
    (lambda x: str(x), "str() or %s of input.x", "Write an f-string"),
    (
        lambda x: "%s" % x,  # noqa: UP031
        "str() or %s of input.x",
        "becomes a template",
    ),
    (lambda x: f"{x!s}", "str() or %s", "Write an f-string"),
    (lambda x: f"{x:>10}", "the format `:>10` of input.x", "Format it in the body"),
    (lambda x: f"{x!r}", "the returned value: repr() or !r", "Write a plain {x}"),
    (lambda x: f"a {x}".upper(), "was changed", "Use the f-string as it is"),
    (lambda x: f"{x}"[:10], "was changed", "Use the f-string as it is"),
    (lambda x: f"{x}".title(), "was changed", "body of a task"),
    (lambda x: {x: 1}, "can't be a key or a member of a set", "Do it in a task"),
    (lambda x: {f"{x}": 1}, "a drawn value stands in a key", "put it into the value"),
    (lambda x: x(), "is a result and can't be called", "Call tasks only"),
    (lambda x: x // 2, "this operator can't be drawn", "a task"),
    (lambda x: 2**x, "this operator can't be drawn", "a task"),
    (lambda x: abs(x), "this operator can't be drawn", "a task"),
    (lambda x: x == 2**70, "outside the 64 bits of conditions", "Compare it in a task"),
    (lambda x: x == math.inf, "inf can't stand in a condition", "Compare it in a task"),
    (lambda x: (x > 3) & 3, "`&` joins conditions, and 3 is none", "Put parentheses around each comparison"),
    (lambda x: x > 3 & x, "`&` joins conditions, and 3 is none", "(x > 3) & (y < 5)"),
    (lambda x: x > x | x, "`>` compares `input.x || input.x`", "Put parentheses"),
    (lambda x: copy.deepcopy(x), "can't be pickled or copied", "Pass it on as it is"),
    (lambda x: pickle.dumps(x), "can't be pickled or copied", "Pass it on as it is"),
    (lambda x: when(x is None), "when() was given False, which was computed at drawing", "Python's own `if`"),
    (lambda x: when(x), "`when(…)` stands alone", "Write `with when(…):`"),
    (lambda x: (when(x), plain()), "`when(…)` stands alone", "and a block"),
    (lambda x: otherwise(), "`otherwise` follows no `with when` block", "Move it right below"),
    (lambda x: use(after=3), "after= takes results of tasks, not 3", "b = task_b(after=a)"),
    (lambda x: use(after=x), "after= takes results of tasks", "`a = task_a()`"),
    (lambda x: use(name=f"n{x}"), "name= takes text that is known at drawing", 'Write name="…"'),
    (lambda x: use(name="input"), "a node can't be named 'input'", "using(name="),
    (lambda x: use(name="a/b"), "'a/b' is no name for a node", "without `/`"),
    (lambda x: (use(name="a"), use(name="a")), "the name 'a' is taken by the node at", "Choose another name"),
    (lambda x: use(object()), "use(values=…)[0]: a value of type object can't be stored", "dataclass"),
    (lambda x: use({"a": [math.nan]}), "use(values=…)[0].a[0]: nan is no JSON number", "None or text"),
    (lambda x: use("\ud800"), "use(values=…)[0]: the text holds a lone surrogate", "Unicode"),
    (lambda x: use({1: 2}), "the key 1 is no text", "str(key)"),
]


@pytest.mark.parametrize(("draw", "problem", "instead"), LESSONS)
def test_lessons(draw: Callable[..., Any], problem: str, instead: str) -> None:
    text = lesson(draw)
    assert problem in text
    assert instead in text


def test_a_lesson_names_the_line() -> None:
    def draw(x: Any) -> None:
        plain()
        len(x)

    assert lesson(draw).startswith(f"{__file__}:{draw.__code__.co_firstlineno + 2}: ")


def test_assigning_to_a_value() -> None:
    def item(x: Any) -> None:
        x["a"] = 1

    def attribute(x: Any) -> None:
        x.a = 1

    def deleting(x: Any) -> None:
        del x["a"]

    for draw in (item, attribute, deleting):
        assert "would change input.x" in lesson(draw)


def test_with_a_value() -> None:
    def draw(x: Any) -> None:
        with x > 3:
            plain()

    assert "Write `with when(condition):`" in lesson(draw)


def test_a_lesson_that_is_swallowed_is_raised_at_the_end() -> None:
    def draw(x: Any) -> None:
        try:
            len(x)
        except InvalidArgument:
            pass

    assert "len() of input.x" in lesson(draw)


# Blocks.
def test_something_between_the_arms() -> None:
    def draw(x: Any) -> None:
        with when(x == 1):
            plain()
        plain()
        with otherwise():
            plain()

    assert "nothing may stand between the arms" in lesson(draw)


def test_a_task_in_the_condition_of_an_arm() -> None:
    def draw(x: Any) -> None:
        with when(x == 1):
            plain()
        with otherwise(plain() == 2):
            plain()

    assert "nothing may stand between the arms" in lesson(draw)


def test_an_arm_after_the_last() -> None:
    def draw(x: Any) -> None:
        with when(x == 1):
            plain()
        with otherwise():
            plain()
        with otherwise(x == 2):
            plain()

    assert "nothing follows the last `otherwise()`" in lesson(draw)


def test_a_block_used_twice() -> None:
    def draw(x: Any) -> None:
        arm = when(x == 1)
        with arm:
            plain()
        with arm:
            plain()

    assert "has a block already" in lesson(draw)


def test_a_value_of_an_arm_used_outside() -> None:
    def below(x: Any) -> None:
        with when(x == 1):
            inner = plain()
        use(inner)

    def in_text(x: Any) -> None:
        with when(x == 1):
            inner = plain()
        use(f"{inner}")

    def in_condition(x: Any) -> None:
        with when(x == 1):
            inner = plain()
        with when(inner["ok"]):
            plain()

    def in_sibling(x: Any) -> None:
        with when(x == 1):
            inner = plain()
        with otherwise():
            use(inner)

    def returned(x: Any) -> Any:
        with when(x == 1):
            inner = plain()
        return {"a": [inner]}

    for draw in (below, in_text, in_condition, in_sibling, returned):
        text = lesson(draw)
        assert "`plain` was made inside a `with when` block" in text
        assert "when another arm is taken there is no such value" in text


def early_return(x: Any) -> Any:
    with when(x == 1):
        return plain()


def break_(x: Any) -> None:
    for _ in range(3):
        with when(x == 1):
            plain()
            break


def continue_(x: Any) -> None:
    for _ in range(3):
        with tenuto.when(x == 1):
            if True:
                continue


def try_(x: Any) -> None:
    with when(x == 1):
        try:
            plain()
        finally:
            plain()


def by_a_helper(x: Any) -> Any:
    early_return(x)


@pytest.mark.parametrize(
    ("draw", "word"),
    [(early_return, "return"), (break_, "break"), (continue_, "continue"), (try_, "try"), (by_a_helper, "return")],
)
def test_leaving_a_block(draw: Callable[..., Any], word: str) -> None:
    assert f"`{word}` inside a `with when` block" in lesson(draw)


def test_what_leaves_no_block() -> None:
    def draw(x: Any) -> Any:
        with when(x == 1):
            for i in range(3):
                if i == 1:
                    break
                plain()

            def inner() -> int:
                return 1

            use(inner())
        with open("/dev/null"):
            return x

    assert list(workflow(draw).to_dict()["tasks"]) == ["when"]


# Workflows.
def test_words_outside_a_workflow() -> None:
    for word in (when, otherwise):
        with pytest.raises(InvalidArgument, match="stands outside a drawn workflow"):
            word(True)


def test_values_outside_their_workflow() -> None:
    kept: list[Any] = []
    workflow(lambda x: kept.append(x), name="first").to_dict()
    assert "input.x is a value of the workflow first, used outside it" in lesson(lambda: use(kept[0]))
    with pytest.raises(InvalidArgument, match="used outside it"):
        kept[0] == 3  # noqa: B015
    text: list[str] = []
    workflow(lambda x: text.append(f"{x}"), name="first").to_dict()
    assert "this text holds a value of another workflow" in lesson(lambda: use(text[0]))


@workflow
def recursive(x: int) -> Any:
    return recursive(x)


@workflow
def starts_itself(x: int) -> Any:
    return starts_itself.start(x)


def helper(x: Any) -> Any:
    return helper(x)


def test_recursion() -> None:
    for drawn in (recursive, workflow(helper)):
        with pytest.raises(InvalidArgument, match="a plan has no recursion"):
            drawn.to_dict()


def test_calls_and_starts_of_workflows() -> None:
    with pytest.raises(InvalidArgument, match=r"Write `recursive.run\(…\)` or `recursive.start\(…\)`"):
        recursive(1)
    with pytest.raises(InvalidArgument, match="would start a run at drawing"):
        starts_itself.to_dict()
    other = workflow(lambda: None, name="other")
    assert "calls a workflow inside a workflow, which is not in this version" in lesson(lambda: other())


def test_what_is_no_drawn_workflow() -> None:
    with pytest.raises(InvalidArgument, match="not in this version"):

        @workflow
        async def live() -> None: ...

    with pytest.raises(InvalidArgument, match=r"workflow starred takes \*urls.*take a list or a dict: `urls: list`"):

        @workflow
        def starred(*urls: str) -> None: ...

    with pytest.raises(InvalidArgument, match=r"takes \*\*words"):
        workflow(lambda **words: None, name="w")
    with pytest.raises(InvalidArgument, match="stands above a def"):
        workflow(3)  # type: ignore[call-overload]
