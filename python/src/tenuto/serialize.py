"""Python values <-> the JSON that the engine stores.

Every consumer of a value gets `decode(encode(value))`, with or without a crash in between. What JSON cannot hold
faithfully is refused, and the error names the place: `result.rows[3].x`.
"""

import dataclasses
import enum
import json
import math
import pathlib
import typing
from collections.abc import Callable, Mapping, Set
from typing import Any, Final, TypeVar

import msgspec

from tenuto import _core
from tenuto.errors import InvalidArgument, TooLarge

__all__ = ["BYTES_MAX", "DEPTH_MAX", "decoder", "encode", "encoder", "holds_bytes", "misfit", "plain", "raw_decoder"]

T = TypeVar("T")

DEPTH_MAX: Final = 64
BYTES_MAX: Final = 16 << 20

_BYTES: Final = (bytes, bytearray, memoryview)
_NONE_JSON: Final = b"null"


def encode(value: object, *, path: str = "value", bytes_allowed: bool = False) -> bytes:
    """The JSON text of a value.

    Args:
        value: None, bool, int, finite float, str, lists, tuples, sets, dicts with text keys, dataclasses, msgspec
            Structs, pydantic models, enums, dates and times, UUIDs, Decimals and paths.
        path: the name of the value, with which errors begin.
        bytes_allowed: take bytes too, as base64 text: the type that decodes them says `bytes`.

    Returns:
        UTF-8 text without white space.

    Raises:
        InvalidArgument: it holds something that JSON cannot, named by its path.
        TooLarge: the text is longer than 16 MiB.

    Example:
        >>> encode({"rows": [1, 2.5, None]})
        b'{"rows":[1,2.5,null]}'
        >>> encode({"rows": [{"x": float("nan")}]}, path="result")
        Traceback (most recent call last):
        tenuto.errors.InvalidArgument: result.rows[0].x: nan is no JSON number; use None or text
    """
    if value is None:
        return _NONE_JSON
    try:
        if not _core.is_simple(value):
            _refuse(value, path, 0, bytes_allowed)
        text = _ENCODER.encode(value)
    except (UnicodeEncodeError, RecursionError, TypeError):
        _refuse(value, path, 0, bytes_allowed)
        raise
    if len(text) > BYTES_MAX:
        raise TooLarge(
            f"{path}: {len(text)} bytes of JSON, more than {BYTES_MAX}; store it elsewhere and pass its place"
        )
    return text


def encoder(annotation: object, *, path: str = "result") -> Callable[[object], bytes]:
    """A function that encodes values which the annotation describes.

    Args:
        annotation: a type, or inspect.Parameter.empty; bytes are taken where it speaks of them.
        path: see encode.

    Returns:
        A function from value to JSON.

    Example:
        >>> encoder(bytes)(b"abc")
        b'"YWJj"'
    """
    bytes_allowed = holds_bytes(annotation)
    is_simple, to_json = _core.is_simple, _ENCODER.encode

    def coded(value: object) -> bytes:
        # The usual way of encode, written out: this is called per task.
        if is_simple(value):
            try:
                text = to_json(value)
            except (UnicodeEncodeError, RecursionError):
                pass
            else:
                if len(text) <= BYTES_MAX:
                    return text
        return encode(value, path=path, bytes_allowed=bytes_allowed)

    return coded


def decoder(annotation: Any, *, name: str) -> Callable[[bytes], Any]:
    """A function that decodes JSON into the annotated type.

    Args:
        annotation: what the value shall become: builtins, dataclasses, msgspec Structs, TypedDicts, pydantic models,
            Any; or a mapping of parameter names to such, for an object with these keys.
        name: what the value is, named in errors.

    Returns:
        A function from JSON to the value. It raises InvalidArgument when the JSON does not fit.

    Raises:
        InvalidArgument: values of this type can't come from JSON.

    Example:
        >>> decoder(dict[str, int], name="input")(b'{"a": 1}')
        {'a': 1}
        >>> decoder(list[int], name="input")(b'[1, "2"]')
        Traceback (most recent call last):
        tenuto.errors.InvalidArgument: input[1]: Expected `int`, got `str`
    """
    decode = raw_decoder(annotation, name=name)

    def checked(text: bytes) -> Any:
        try:
            return decode(text)
        except msgspec.MsgspecError as error:
            raise misfit(name, error) from error

    return checked


def raw_decoder(annotation: Any, *, name: str) -> Callable[[bytes], Any]:
    """Like decoder, but the function raises msgspec's own errors, which `misfit` translates: for use per task.

    Args:
        annotation: see decoder.
        name: see decoder.

    Returns:
        A function from JSON to the value.

    Raises:
        InvalidArgument: see decoder.

    Example:
        >>> raw_decoder(int, name="input")(b"3")
        3
    """
    wanted: Any = annotation
    if isinstance(annotation, Mapping):
        # Partial, so that a run recorded before a parameter got its default goes on.
        wanted = _make_typed_dict("Arguments", dict(annotation), total=False)
    try:
        return msgspec.json.Decoder(wanted, dec_hook=_from_plain).decode
    except (TypeError, NameError) as error:
        raise InvalidArgument(f"{name}: the type {_type_name(annotation)} can't be read from JSON: {error}") from error


def misfit(name: str, error: msgspec.MsgspecError) -> InvalidArgument:
    """The error for JSON that does not fit a type, with the place in front.

    Args:
        name: what the value is.
        error: what raw_decoder's function raised.

    Returns:
        The error, not raised.

    Example:
        >>> misfit("input", msgspec.ValidationError("Expected `int`, got `str` - at `$.rows[3]`"))
        InvalidArgument('input.rows[3]: Expected `int`, got `str`')
    """
    text, found, place = str(error).rpartition(" - at `")
    if not found:
        return InvalidArgument(f"{name}: {error}")
    return InvalidArgument(f"{name}{place.rstrip('`').removeprefix('$')}: {text}")


def plain(value: object, *, path: str = "value", bytes_allowed: bool = False) -> Any:
    """The value in the types of JSON alone: None, bool, int, float, str, list and dict.

    Args:
        value: see encode.
        path: see encode.
        bytes_allowed: see encode.

    Returns:
        A new value.

    Raises:
        InvalidArgument: see encode.
        TooLarge: see encode.

    Example:
        >>> plain((1, {"path": pathlib.Path("a")}))
        [1, {'path': 'a'}]
    """
    return json.loads(encode(value, path=path, bytes_allowed=bytes_allowed))


def holds_bytes(annotation: object) -> bool:
    """Whether a type speaks of bytes, itself or in its arguments and fields.

    Args:
        annotation: a type.

    Returns:
        True or False.

    Example:
        >>> holds_bytes(dict[str, list[bytes]]), holds_bytes(dict[str, str])
        (True, False)
    """
    return _holds_bytes(annotation, set())


def _holds_bytes(annotation: object, seen: set[int]) -> bool:
    if annotation in _BYTES:
        return True
    if id(annotation) in seen:
        return False
    seen.add(id(annotation))
    inner: list[object] = list(typing.get_args(annotation))
    if isinstance(annotation, type) and typing.is_typeddict(annotation):
        inner += typing.get_type_hints(annotation).values()
    return any(_holds_bytes(each, seen) for each in inner)


def _refuse(value: object, path: str, depth: int, bytes_allowed: bool) -> None:
    """Raises for the first thing in a value that JSON cannot hold; returns when there is none."""
    if isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidArgument(f"{path}: {value} is no JSON number; use None or text")
    elif isinstance(value, str):
        _refuse_text(value, path)
    elif value is None or isinstance(value, int | enum.Enum):
        return
    elif isinstance(value, _BYTES):
        if not bytes_allowed:
            raise InvalidArgument(
                f"{path}: bytes go into JSON only where the annotation says bytes; annotate it, or decode them to text"
            )
    elif depth >= DEPTH_MAX:
        raise InvalidArgument(f"{path}: nested deeper than {DEPTH_MAX}; flatten it")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                raise InvalidArgument(f"{path}: the key {key!r} is no text; JSON has text keys only, use str(key)")
            _refuse_text(key, f"{path}: a key")
            _refuse(item, _member(path, key), depth + 1, bytes_allowed)
    elif isinstance(value, list | tuple | Set):
        for index, item in enumerate(value):
            _refuse(item, f"{path}[{index}]", depth + 1, bytes_allowed)
    elif (fields := _fields(value)) is not None:
        for name, item in fields:
            _refuse(item, _member(path, name), depth + 1, True)
    else:
        _refuse_type(value, path)


def _refuse_text(text: str, path: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidArgument(
            f"{path}: the text holds a lone surrogate (at {error.start}), which is no Unicode; "
            'decode it with errors="replace"'
        ) from None


def _refuse_type(value: object, path: str) -> None:
    try:
        _ENCODER.encode(value)
    except TypeError:
        raise InvalidArgument(
            f"{path}: a value of type {_type_name(type(value))} can't be stored as JSON; "
            "return a dict, a dataclass, a msgspec Struct or a pydantic model"
        ) from None


def _fields(value: object) -> list[tuple[str, object]] | None:
    if isinstance(value, msgspec.Struct):
        return [(name, getattr(value, name)) for name in value.__struct_fields__]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [(field.name, getattr(value, field.name)) for field in dataclasses.fields(value)]
    if _is_pydantic(type(value)):
        return list(value.__dict__.items())
    return None


def _is_pydantic(cls: type) -> bool:
    """Without importing pydantic: a value of its types exists only where it has been imported."""
    return callable(getattr(cls, "model_dump", None)) and callable(getattr(cls, "model_validate", None))


def _to_plain(value: Any) -> Any:
    """What msgspec does not know, in types that it does."""
    if isinstance(value, pathlib.PurePath):
        return str(value)
    if _is_pydantic(type(value)):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"values of type {_type_name(type(value))} can't be stored as JSON")


def _from_plain(kind: type, value: Any) -> Any:
    if issubclass(kind, pathlib.PurePath) and isinstance(value, str):
        return kind(value)
    if _is_pydantic(kind):
        return kind.model_validate(value)  # type: ignore[attr-defined]
    raise msgspec.ValidationError(
        f"values of type {_type_name(kind)} can't be read from JSON; annotate a dataclass, Struct, TypedDict or model"
    )


def _member(path: str, key: str) -> str:
    return f"{path}.{key}" if key.isidentifier() else f"{path}[{json.dumps(key, ensure_ascii=False)}]"


def _type_name(kind: object) -> str:
    return getattr(kind, "__qualname__", None) or str(kind)


# The checker wants TypedDict's fields as a literal; here they are known at run time only.
_make_typed_dict: Final[Any] = typing.TypedDict
_ENCODER: Final = msgspec.json.Encoder(enc_hook=_to_plain)
