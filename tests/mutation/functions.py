"""The functions of a C++ file: where their bodies are, and what they return."""

from collections.abc import Iterator
from dataclasses import dataclass

from tokens import Source

_TYPES = {"class", "struct", "union"}
# Words before a return type that are not part of it.
_SPECIFIERS = {"static", "inline", "constexpr", "virtual", "explicit", "friend", "extern", "typename"}


@dataclass(frozen=True)
class Function:
    opening: int  # the index of the body's `{`
    closing: int
    result: str | None  # the text of the type it returns; None when it has none or when it is deduced


def functions(source: Source) -> Iterator[Function]:
    yield from _scan(source, 0, len(source.tokens))


def _scan(source: Source, begin: int, end: int) -> Iterator[Function]:
    """Declarations of a namespace or a class in [begin, end)."""
    head = i = begin
    while i < end:
        text = source.tokens[i].text
        if text == ";" or (text == ":" and source.tokens[i - 1].text in ("public", "private", "protected")):
            head = i + 1
        elif text == "{":
            closing = source.partner[i]
            words = [source.tokens[k].text for k in _top_level(source, head, i)]
            if "namespace" in words or words[:1] == ["extern"]:
                yield from _scan(source, i + 1, closing)
                head = closing + 1
            elif "enum" in words or "concept" in words or "requires" in words:
                head = closing + 1
            elif _TYPES & set(words) and "(" not in words and "=" not in words:
                yield from _scan(source, i + 1, closing)
            elif "(" in words and "=" not in words:
                if not _initialises_member(source, head, i):
                    yield Function(i, closing, _result(source, head, i))
                    head = closing + 1
            i = closing
        elif text in "([" or (text == "<" and i in source.angles):
            i = source.partner[i]
        i += 1


def _top_level(source: Source, begin: int, end: int) -> Iterator[int]:
    i = begin
    while i < end:
        yield i
        i = source.partner[i] + 1 if i in source.partner and source.partner[i] > i else i + 1


def _initialises_member(source: Source, head: int, brace: int) -> bool:
    """`name{…}` in the list behind a constructor's parameters."""
    top = [source.tokens[k] for k in _top_level(source, head, brace)]
    texts = [token.text for token in top]
    after = texts[texts.index("(") :]
    return ":" in after and source.tokens[brace - 1].kind == "word"


def _result(source: Source, head: int, brace: int) -> str | None:
    top = list(_top_level(source, head, brace))
    texts = [source.tokens[k].text for k in top]
    if "->" in texts:
        return source.between(top[texts.index("->")] + 1, brace)
    if "operator" in texts:
        name = texts.index("operator")
    else:
        name = texts.index("(") - 1
    while name >= 2 and texts[name - 1] == "::":
        name -= 3 if texts[name - 2] in "<>" else 2
    if name > 0 and texts[name - 1] == "~":
        return None
    first = 0
    while first < name:
        if texts[first] == "template":
            first += 2
        elif texts[first] == "[" or texts[first] in _SPECIFIERS:
            first += 1
        else:
            break
    if first >= name:
        return None  # a constructor, a destructor or a conversion
    result = source.between(top[first], top[name])
    return None if result == "auto" or "decltype" in result else result
