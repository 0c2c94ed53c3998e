"""The mutants of a file: what is changed where, and the text of the file with all of them in it, each behind its number.

operator    what a mutant does
compare     `<` to `<=` or `>=`, `==` to `!=`, and so on
arithmetic  `+` to `-`, `*` to `/`, `<<` to `>>`, `&` to `|`, and so on
logic       `&&` to `||`, and the other way round
operand     an operand of `&&` or `||` doesn't count
constant    a number one higher or one lower
condition   the condition of `if`, `while`, `for` or `?:` negated
statement   a call, an assignment, a `break`, `continue` or `return;` left out
assign      `+=` to `-=`, `|=` to `&=`, `++` to `--`, and so on
result      the function returns an empty value instead, or `true` or 1
return      a void function returns before it has done anything
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from functions import Function, functions
from tokens import Source, read

# The operators of mutant.h, and what its two mutants put in their place.
_BETWEEN = {
    "<": ("Lt", "<=", ">="),
    "<=": ("Le", "<", ">"),
    ">": ("Gt", ">=", "<="),
    ">=": ("Ge", ">", "<"),
    "==": ("Eq", "!="),
    "!=": ("Ne", "=="),
    "+": ("Add", "-"),
    "-": ("Sub", "+"),
    "*": ("Mul", "/"),
    "/": ("Div", "*"),
    "%": ("Mod", "*"),
    "<<": ("Shl", ">>"),
    ">>": ("Shr", "<<"),
    "&": ("BitAnd", "|"),
    "|": ("BitOr", "&"),
    "^": ("BitXor", "&"),
}
_COMPARISONS = {"<", "<=", ">", ">=", "==", "!="}
_ASSIGNMENTS = {
    "+=": "-=",
    "-=": "+=",
    "*=": "/=",
    "/=": "*=",
    "|=": "&=",
    "&=": "|=",
    "^=": "&=",
    "<<=": ">>=",
    ">>=": "<<=",
}
_STEPS = {"++": "--", "--": "++"}
_ASSIGNING = set(_ASSIGNMENTS) | {"=", "%="}
# What an assertion holds is not mutated: it says what can't happen.
_ASSERTIONS = {"TN_CHECK", "TN_DCHECK", "static_assert", "sizeof", "alignof", "noexcept", "decltype", "alignas"}
_ENDS_OPERAND = {";", ",", "?", ":", "return", "case", "co_return", "throw", "else", "do"}
_OPENING, _CLOSING = {"(", "[", "{"}, {")", "]", "}"}
# Words that begin a statement which is no expression.
_DECLARING = {
    "const", "constexpr", "static", "auto", "using", "typedef", "struct", "class", "enum", "union", "thread_local",
    "static_assert", "template", "typename", "unsigned", "throw", "delete", "co_return", "goto", "extern", "alignas",
    "TN_ASSIGN",
}  # fmt: skip
# Which text is outside when two are put around the same tokens.
_STATEMENT, _CONDITION, _OPERAND, _LOGIC = range(4)
_EMPTY = {"", "{}", "Status()", "false", "nullptr", "0", "std::nullopt"}


@dataclass(frozen=True)
class Mutant:
    number: int
    operator: str
    line: int
    change: str  # in words, without the place
    code: str  # the line's text

    def key(self, path: str) -> str:
        """What names it while lines move."""
        return f"{path} | {self.operator} {self.change} | {self.code}"


@dataclass
class Mutated:
    mutants: list[Mutant]
    text: str


@dataclass
class _Edit:
    begin: int
    end: int
    opening: str  # before `begin`
    closing: str  # behind `end`
    rank: int  # of two edits of the same tokens, the one with the lower rank is outside


@dataclass
class _Work:
    source: Source
    next_number: int
    is_wanted: Callable[[int, str], bool]  # by line and operator
    mutants: list[Mutant] = field(default_factory=list)
    wraps: list[_Edit] = field(default_factory=list)
    replaced: dict[int, str] = field(default_factory=dict)  # by index of the token
    # Tokens at which nothing is changed: they are constant, or not evaluated.
    fixed: set[int] = field(default_factory=set)

    def text(self, i: int) -> str:
        return self.source.tokens[i].text

    def number(self, at: int, operator: str, changes: list[str]) -> int | None:
        """The numbers of new mutants at a token, one a change, counted from the one returned."""
        offset = self.source.tokens[at].start
        line = self.source.line_of(offset)
        if not self.is_wanted(line, operator):
            return None
        first = self.next_number
        for change in changes:
            self.mutants.append(Mutant(self.next_number, operator, line, change, self.source.line_text(offset)))
            self.next_number += 1
        return first

    def wrap(self, begin: int, end: int, opening: str, closing: str, rank: int = _STATEMENT) -> None:
        """Puts text before and behind the tokens [begin, end)."""
        tokens = self.source.tokens
        self.wraps.append(_Edit(tokens[begin].start, tokens[end - 1].end, opening, closing, rank))


def mutate(text: str, first_number: int, is_wanted: Callable[[int, str], bool], header: str) -> Mutated:
    """All mutants of a file, numbered from `first_number`. `header` is how it includes mutant.h."""
    work = _Work(read(text), first_number, is_wanted)
    for function in functions(work.source):
        if any(work.text(i) == ";" for i in range(function.opening, function.closing)):
            _find_fixed(work, function)
            _Body(work, function.result).block(function.opening)
            _operators_of(work, function)
    return Mutated(work.mutants, f'#include "{header}"\n#line 1\n' + _apply(work))


def _apply(work: _Work) -> str:
    inserted: dict[int, list[tuple[int, str]]] = {}
    for edit in work.wraps:
        # At one place, what ends comes before what begins; of the beginnings the longest first, of the ends the shortest.
        inside = 4 * (1_000_000 - edit.end + edit.begin) + edit.rank
        inserted.setdefault(edit.begin, []).append((inside, edit.opening))
        inserted.setdefault(edit.end, []).append((-inside, edit.closing))
    parts, text, at = [], work.source.text, 0
    cuts = {work.source.tokens[i].start: (work.source.tokens[i].end, new) for i, new in work.replaced.items()}
    for place in sorted(set(inserted) | set(cuts)):
        parts.append(text[at:place])
        at = max(at, place)
        parts += [new for _, new in sorted(inserted.get(place, []), key=lambda one: one[0])]
        if place in cuts:
            at, new = cuts[place]
            parts.append(new)
    return "".join(parts) + text[at:]


def _find_fixed(work: _Work, function: Function) -> None:
    source, i = work.source, function.opening
    while i < function.closing:
        word = work.text(i)
        if i in source.angles and source.partner[i] > i:
            work.fixed.update(range(i, source.partner[i] + 1))
        elif word in _ASSERTIONS and work.text(i + 1) == "(":
            work.fixed.update(range(i, source.partner[i + 1] + 1))
        elif word == "case":
            work.fixed.update(range(i, _next_at_top(work, i, function.closing, {":"})))
        elif word == "constexpr" and work.text(i - 1) == "if":
            work.fixed.update(range(i, source.partner[i + 1] + 1))
        elif word == "constexpr":
            work.fixed.update(range(i, _next_at_top(work, i, function.closing, {";"})))
        i += 1


def _next_at_top(work: _Work, i: int, end: int, wanted: set[str]) -> int:
    """The first of `wanted` from `i` on that is in no bracket, or `end`."""
    while i < end and work.text(i) not in wanted:
        partner = work.source.partner.get(i, i)
        i = max(partner, i) + 1
    return min(i, end)


def _operators_of(work: _Work, function: Function) -> None:
    tokens = work.source.tokens
    for i in range(function.opening + 1, function.closing):
        if i in work.fixed:
            continue
        token = tokens[i]
        if token.kind == "number":
            _constant(work, i)
        elif token.text in ("&&", "||") and token.spaced:
            _logic(work, i, function)
        elif token.text == "?":
            _condition(work, _operand_begin(work, i, function.opening, {"=", *_ASSIGNING}), i)
        elif token.spaced and token.text in _BETWEEN and i not in work.source.angles:
            _between(work, i)


def _constant(work: _Work, i: int) -> None:
    text = work.text(i)
    first = work.number(i, "constant", [f"{text} to {text} + 1", f"{text} to {text} - 1"])
    if first is not None:
        work.replaced[i] = f"::mutation::number({first}, {text})"


def _between(work: _Work, i: int) -> None:
    name, *others = _BETWEEN[work.text(i)]
    operator = "compare" if work.text(i) in _COMPARISONS else "arithmetic"
    first = work.number(i, operator, [f"{work.text(i)} to {other}" for other in others])
    if first is None:
        return
    # Each operator has two numbers; where both would do the same, the second is nobody's.
    work.next_number = first + 2
    work.replaced[i] = f"{work.text(i)} ::mutation::{name}{{{first}}} {work.text(i)}"


def _operand_begin(work: _Work, i: int, floor: int, stops: set[str]) -> int:
    """Where the left operand of the operator at `i` begins."""
    k = i - 1
    while k > floor:
        text = work.text(k)
        if text in _ENDS_OPERAND or text in _OPENING or text in stops:
            break
        if work.source.partner.get(k, k) < k:
            k = work.source.partner[k]
        k -= 1
    return k + 1


def _operand_end(work: _Work, i: int, ceiling: int, stops: set[str]) -> int:
    k = i + 1
    while k < ceiling:
        text = work.text(k)
        if text in _ENDS_OPERAND or text in _CLOSING or text in stops:
            break
        k = max(work.source.partner.get(k, k), k) + 1
    return k


def _logic(work: _Work, i: int, function: Function) -> None:
    sign = work.text(i)
    is_and = sign == "&&"
    looser = {"||"} if is_and else set()
    begin = _operand_begin(work, i, function.opening, _ASSIGNING | looser)
    left = _operand_begin(work, i, function.opening, _ASSIGNING | {"||", sign})
    end = _operand_end(work, i, function.closing, looser | {sign})
    first = work.number(i, "logic", [f"{sign} to {'||' if is_and else '&&'}"])
    if first is not None:
        if is_and:
            work.wrap(
                begin, end, f"(::mutation::is({first}) != static_cast<bool>(", f") : ::mutation::is({first}))", _LOGIC
            )
        else:
            work.wrap(
                begin, end, f"(::mutation::is({first}) == static_cast<bool>(", f") : !::mutation::is({first}))", _LOGIC
            )
        work.replaced[i] = ") ? static_cast<bool>("
    if left == begin or not is_and:
        _operand(work, left if is_and else begin, i, is_and) if _is_first(work, begin, i, sign) else None
    _operand(work, i + 1, end, is_and)


def _is_first(work: _Work, begin: int, i: int, sign: str) -> bool:
    """No other operator of the chain stands before the one at `i`."""
    return _next_at_top(work, begin, i, {sign}) == i


def _operand(work: _Work, begin: int, end: int, is_and: bool) -> None:
    code = " ".join(work.source.between(begin, end).split())
    first = work.number(begin, "operand", [f"`{code}` to {'true' if is_and else 'false'}"])
    if first is not None:
        neutral = f"::mutation::is({first}) ||" if is_and else f"!::mutation::is({first}) &&"
        work.wrap(begin, end, f"({neutral} static_cast<bool>(", "))", _OPERAND)


def _condition(work: _Work, begin: int, end: int) -> None:
    if begin >= end or begin in work.fixed or _is_plain_comparison(work, begin, end):
        return
    first = work.number(begin, "condition", [f"negated `{' '.join(work.source.between(begin, end).split())}`"])
    if first is not None:
        work.wrap(begin, end, f"(::mutation::is({first}) != static_cast<bool>(", "))", _CONDITION)


def _is_plain_comparison(work: _Work, begin: int, end: int) -> bool:
    """`compare` negates it."""
    signs = []
    i = begin
    while i < end:
        if work.source.tokens[i].spaced:
            signs.append(work.text(i))
        i = max(work.source.partner.get(i, i), i) + 1
    return bool(_COMPARISONS & set(signs)) and not {"&&", "||"} & set(signs)


@dataclass
class _Body:
    """The statements of a function or a lambda."""

    work: _Work
    result: str | None

    def block(self, opening: int) -> None:
        closing = self.work.source.partner[opening]
        if self.result == "void" and self._has_several(opening, closing):
            first = self.work.number(opening, "return", ["at the beginning"])
            if first is not None:
                self.work.wrap(opening, opening + 1, "", f" if (::mutation::is({first})) return;")
        self._statements(opening + 1, closing)

    def _has_several(self, opening: int, closing: int) -> bool:
        return _next_at_top(self.work, opening + 1, closing, {";"}) + 1 < closing

    def _statements(self, i: int, end: int) -> None:
        while i < end:
            i = self._statement(i, end)

    def _statement(self, i: int, end: int) -> int:
        """Takes one statement; the index behind it."""
        work, word = self.work, self.work.text(i)
        partner = work.source.partner
        if word == "{":
            self._statements(i + 1, partner[i])
            return partner[i] + 1
        if word in ("if", "while", "switch", "for", "catch"):
            head = i + 1 if work.text(i + 1) == "(" else i + 2  # if constexpr
            self._head(word, head, partner[head])
            return partner[head] + 1
        if word in ("else", "do", "try", ";"):
            return i + 1
        if word in ("case", "default") or (work.text(i + 1) == ":" and work.source.tokens[i].kind == "word"):
            return _next_at_top(work, i, end, {":"}) + 1
        if word == "[" and work.text(i + 1) == "[":
            return partner[i] + 1
        last = _next_at_top(work, i, end, {";"})
        self._lambdas(i, last)
        if word in ("struct", "class", "union", "enum"):
            return last + 1
        if word in ("break", "continue"):
            self._left_out(i, last)
        elif word == "return":
            self._return(i, last)
        elif self._is_expression(i, last):
            self._expression(i, last)
        return last + 1

    def _head(self, word: str, opening: int, closing: int) -> None:
        work = self.work
        self._lambdas(opening + 1, closing)
        if word in ("switch", "catch") or opening - 1 in work.fixed:
            return
        begin, end = opening + 1, closing
        first = _next_at_top(work, begin, closing, {";"})
        if word == "for":
            if first == closing:
                return  # over a range
            begin, end = first + 1, _next_at_top(work, first + 1, closing, {";"})
        elif first < closing:
            begin = first + 1
        if _next_at_top(work, begin, end, {"="}) == end:
            _condition(work, begin, end)

    def _lambdas(self, begin: int, end: int) -> None:
        work, i = self.work, begin
        while i < end:
            if work.text(i) == "[" and not self._is_subscript(i):
                i = self._lambda(i, end)
            i += 1

    def _is_subscript(self, i: int) -> bool:
        before = self.work.source.tokens[i - 1]
        return (
            before.text in (")", "]", "[")
            or (before.kind == "word" and before.text not in ("return", "auto"))
            or before.text in ("&", "&&")
        )

    def _lambda(self, capture: int, end: int) -> int:
        work = self.work
        partner = work.source.partner
        i, result = partner[capture] + 1, None
        while i < end and work.text(i) != "{":
            if work.text(i) == "->":
                opening = _next_at_top(work, i, end, {"{"})
                result, i = work.source.between(i + 1, opening), opening
                break
            i = max(partner.get(i, i), i) + 1
        if i >= end:
            return capture
        _Body(work, result).block(i)
        return partner[i]

    def _left_out(self, i: int, last: int) -> None:
        code = " ".join(self.work.source.between(i, last).split())
        first = self.work.number(i, "statement", [f"left out `{code}`"])
        if first is not None:
            self.work.wrap(i, last + 1, f"if (::mutation::is({first})) {{}} else ", "")

    def _return(self, i: int, last: int) -> None:
        work, result = self.work, self.result
        if last == i + 1:
            self._left_out(i, last)
            return
        if result is None or result.rstrip().endswith("&") or result == "void":
            return
        value = work.source.between(i + 1, last)
        changes = []
        if value not in _EMPTY:
            changes.append("empty_result")
        if value not in ("true", "1") and "<" not in result:
            changes.append("other_result")
        for change in changes:
            said = {"empty_result": "an empty value", "other_result": "true or 1"}[change]
            first = work.number(i, "result", [f"{said} instead of `{' '.join(value.split())}`"])
            if first is not None:
                text = f"if (::mutation::is({first})) return ::mutation::{change}<{result}>(); else "
                work.wrap(i, last + 1, text, "")

    def _is_expression(self, i: int, last: int) -> bool:
        """No declaration: two names side by side, or a type with & or *, declare something."""
        work = self.work
        if work.text(i) in _DECLARING or work.text(i) in _ASSERTIONS or i in work.fixed:
            return False
        k = i
        while k < last:
            token = work.source.tokens[k]
            if token.text in _ASSIGNING or token.text in _STEPS or token.text in ("(", "?"):
                return True
            after = work.source.tokens[k + 1]
            if token.kind == "word" and after.kind == "word":
                return False
            if token.text in ("&", "*", "&&", ">") and not token.spaced and k > i and after.kind == "word":
                return False
            if token.text in ("&", "*", "&&") and k > i and after.text == "[":
                return False
            closing = max(work.source.partner.get(k, k), k)
            behind = work.source.tokens[closing + 1]
            if k in work.source.angles and (behind.kind == "word" or behind.text in ("&", "*", "&&")):
                return False  # std::array<int, 2> name;
            k = closing + 1
        return True

    def _expression(self, i: int, last: int) -> None:
        work = self.work
        self._left_out(i, last)
        k = i
        while k < last:
            text = work.text(k)
            other = _ASSIGNMENTS.get(text) or _STEPS.get(text)
            if other is not None:
                first = work.number(k, "assign", [f"{text} to {other}"])
                if first is not None:
                    tokens = work.source.tokens
                    source_text = work.source.text
                    instead = (
                        source_text[tokens[i].start : tokens[k].start]
                        + other
                        + source_text[tokens[k].end : tokens[last].end]
                    )
                    instead = " ".join(instead.split())
                    work.wrap(i, last + 1, f"if (::mutation::is({first})) {instead} else ", "")
                return
            k = max(work.source.partner.get(k, k), k) + 1
