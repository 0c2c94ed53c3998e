"""Arguments and outputs of drawn workflows as templates: JSON whose strings hold `${cel}`.

An f-string asks a traced value for its text at once. It gets a marker: characters that no text should hold around a number.
Markers are found again when the text becomes an argument; one that was damaged on the way is refused.
"""

import json
import re
from typing import TYPE_CHECKING, Any, Final

from tenuto import serialize
from tenuto._expr import Value, member
from tenuto._lesson import lesson

if TYPE_CHECKING:
    from tenuto._draw import Drawing

__all__ = ["Markers", "escape", "template"]

# Unicode's noncharacters. The word in mixed case makes upper(), lower(), title() and swapcase() visible as damage.
_OPEN, _CLOSE = "\ufdd0", "\ufdd1"
_MARKER: Final = re.compile(f"{_OPEN}tEnutO-(\\d+)-(\\d+){_CLOSE}")


class Markers:
    """The markers of one drawing."""

    def __init__(self, serial: int) -> None:
        self._serial = serial
        self._values: list[Value] = []

    def make(self, value: Value) -> str:
        """Text that stands for a value."""
        self._values.append(value)
        return f"{_OPEN}tEnutO-{self._serial}-{len(self._values) - 1}{_CLOSE}"

    @staticmethod
    def in_text(text: str) -> bool:
        """Whether a text holds a marker, whole or damaged."""
        return _OPEN in text or _CLOSE in text

    def split(self, text: str) -> "list[str | Value]":
        """The text as a list of literal pieces and values."""
        pieces: list[str | Value] = []
        end = 0
        for match in _MARKER.finditer(text):
            pieces += [text[end : match.start()], self._value(int(match[1]), int(match[2]))]
            end = match.end()
        pieces.append(text[end:])
        if any(self.in_text(piece) for piece in pieces if isinstance(piece, str)):
            raise lesson(
                "text with a drawn value in it was changed (by upper(), a slice, replace() or the like)",
                "Use the f-string as it is, and change the text in the body of a task.",
            )
        return [piece for piece in pieces if not isinstance(piece, str) or piece]

    def _value(self, serial: int, index: int) -> Value:
        if serial != self._serial or index >= len(self._values):
            raise lesson(
                "this text holds a value of another workflow",
                "Pass it as an argument of the run, or draw both in one workflow.",
            )
        return self._values[index]

    def concatenation(self, text: str) -> str:
        """The CEL text for a text with markers in it, for use inside conditions."""
        parts = [
            json.dumps(piece, ensure_ascii=False) if isinstance(piece, str) else f"string({piece._text})"
            for piece in self.split(text)
        ]
        return " + ".join(parts)


def escape(text: str) -> str:
    """A literal text as a template."""
    return text.replace("${", "$${")


def template(drawing: "Drawing", value: Any, path: str) -> Any:
    """A value as a template.

    Args:
        drawing: the drawing, which checks that the traced values in it may be used here.
        value: JSON values with traced values and f-strings in them.
        path: the name of the value, with which errors begin.

    Returns:
        JSON builtins.
    """
    match value:
        case Value():
            drawing.use(value, path)
            return f"${{{value._text}}}"
        case str():
            return _text_template(drawing, value, path)
        case None | bool() | int() | float():
            return serialize.plain(value, path=path)
        case list() | tuple():
            return [template(drawing, item, f"{path}[{index}]") for index, item in enumerate(value)]
        case dict():
            return {_key(key, path): template(drawing, item, member(path, key)) for key, item in value.items()}
    return template(drawing, serialize.plain(value, path=path, bytes_allowed=True), path)


def _text_template(drawing: "Drawing", text: str, path: str) -> str:
    drawing.check_text(text, path)
    if not drawing.has_marker(text):
        serialize.encode(text, path=path)
        return escape(text)
    pieces = drawing.markers.split(text)
    written = ""
    for piece in pieces:
        if isinstance(piece, str):
            serialize.encode(piece, path=path)
            written += escape(piece)
        else:
            drawing.use(piece, path)
            # Dollars before a value would read as the escape `$${`.
            bare = written.rstrip("$")
            if bare != written:
                written = f'{bare}${{"{written[len(bare) :]}"}}'
            written += f"${{{piece._text}}}"
    # A string that is one `${…}` alone has the type of its value; an f-string is text.
    return written if len(pieces) > 1 else f'{written}${{""}}'


def _key(key: object, path: str) -> str:
    if not isinstance(key, str):
        serialize.encode({key: None}, path=path)
    assert isinstance(key, str)
    if Markers.in_text(key):
        raise lesson(f"{path}: a drawn value stands in a key", "Keys are literal; put it into the value.")
    return key
