"""C++ text as tokens with matched brackets. It knows the project's formatting: a binary operator has blanks on both sides, a
template's brackets have none, and `&`, `*` and `&&` of a type stand at the type."""

import re
from dataclasses import dataclass, field

_TOKEN = re.compile(
    r"""
    (?P<space>\s+|//[^\n]*|/\*.*?\*/)
  | (?P<directive>^[ \t]*\#(?:[^\n\\]|\\.|\\\n)*)
  | (?P<string>(?:u8|[uUL])?R"(?P<delimiter>[^(\s]*)\(.*?\)(?P=delimiter)"|(?:u8|[uUL])?"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+')
  | (?P<number>\.?\d(?:[eEpP][+-]|'(?=\w)|[\w.])*)
  | (?P<word>[A-Za-z_]\w*)
  | (?P<sign><=>|<<=|>>=|->\*|\.\.\.|::|->|\+\+|--|&&|\|\||<<|>>|[<>=!+\-*/%&|^]=|[-+*/%&|^~!<>=?:;,.(){}\[\]\#@\\$])
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)

_CLOSING = {")": "(", "]": "[", "}": "{"}


@dataclass(frozen=True)
class Token:
    kind: str  # string, number, word or sign
    text: str
    start: int  # offset in the text
    spaced: bool  # blanks, or a line's end, on both sides

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@dataclass
class Source:
    text: str
    tokens: list[Token]
    # From each bracket's index to that of its partner; `<` and `>` of templates, too.
    partner: dict[int, int] = field(default_factory=dict)
    # Indices of `<` and `>` that are brackets.
    angles: set[int] = field(default_factory=set)

    def line_of(self, offset: int) -> int:
        return self.text.count("\n", 0, offset) + 1

    def line_text(self, offset: int) -> str:
        begin = self.text.rfind("\n", 0, offset) + 1
        end = self.text.find("\n", offset)
        return self.text[begin : end if end >= 0 else len(self.text)].strip()

    def between(self, begin: int, end: int) -> str:
        """The text of the tokens [begin, end)."""
        return self.text[self.tokens[begin].start : self.tokens[end - 1].end] if begin < end else ""


def read(text: str) -> Source:
    source = Source(text, _split(text))
    _match_brackets(source)
    return source


def _split(text: str) -> list[Token]:
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ValueError(f"line {text.count(chr(10), 0, at) + 1}: not C++: {text[at : at + 20]!r}")
        at = match.end()
        kind = match.lastgroup if match.lastgroup != "delimiter" else "string"
        if kind in ("space", "directive") or kind is None:
            continue
        spaced = match.start() > 0 and text[match.start() - 1].isspace() and text[at : at + 1].isspace()
        tokens.append(Token(kind, match.group(), match.start(), spaced))
    return _split_closing_angles(tokens)


def _split_closing_angles(tokens: list[Token]) -> list[Token]:
    """`>>` without blanks closes two templates."""
    result: list[Token] = []
    for token in tokens:
        if token.text == ">>" and not token.spaced:
            result += [Token("sign", ">", token.start + i, False) for i in range(2)]
        else:
            result.append(token)
    return result


def _match_brackets(source: Source) -> None:
    open_brackets: list[int] = []
    for i, token in enumerate(source.tokens):
        if token.kind != "sign":
            continue
        if token.text in "([{":
            open_brackets.append(i)
        elif token.text == "<" and _opens_template(source, i):
            open_brackets.append(i)
            source.angles.add(i)
        elif token.text == ">" and not token.spaced and open_brackets and open_brackets[-1] in source.angles:
            source.angles.add(i)
            _pair(source, open_brackets.pop(), i)
        elif token.text in _CLOSING:
            while open_brackets and open_brackets[-1] in source.angles:
                source.angles.discard(open_brackets.pop())  # was no template after all
            if not open_brackets or source.tokens[open_brackets[-1]].text != _CLOSING[token.text]:
                raise ValueError(f"line {source.line_of(token.start)}: {token.text} closes nothing")
            _pair(source, open_brackets.pop(), i)


def _opens_template(source: Source, i: int) -> bool:
    if source.tokens[i].spaced or i == 0:
        return False
    before, next_char = source.tokens[i - 1], source.text[source.tokens[i].end : source.tokens[i].end + 1]
    return (before.kind == "word" or before.text == "]") and not next_char.isspace() and before.text != "operator"


def _pair(source: Source, opening: int, closing: int) -> None:
    source.partner[opening] = closing
    source.partner[closing] = opening
