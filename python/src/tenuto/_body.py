"""Bodies of tasks as workers call them: JSON in, JSON out, and failures as the engine records them."""

import traceback
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Final, TypeAlias

import msgspec

from tenuto import serialize
from tenuto._signature import Signature
from tenuto.errors import InvalidArgument, Stop, TooLarge

__all__ = ["DONE", "TIMED_OUT", "AsyncBody", "Body", "Failure", "async_body", "describe", "sync_body", "timed_out"]

#: Arguments as JSON -> result as JSON, or None for null.
Body: TypeAlias = Callable[[bytes], bytes | None]
AsyncBody: TypeAlias = Callable[[bytes], Awaitable[bytes | None]]
#: Type, message and traceback, as UTF-8.
Failure: TypeAlias = tuple[bytes, bytes, bytes]

DONE, FAILED, STOP, TIMED_OUT = 0, 1, 2, 3
_TRACE_CHARS_MAX: Final = 64 * 1024


class _Unfit(Exception):
    """Arguments or a result that are not JSON of the annotated type: a retry would give the same."""


def sync_body(signature: Signature) -> Body:
    """The body of a `def`. It costs about half a microsecond besides the function, so it is written out."""
    function = signature.caller()
    decode = signature.raw_decoder()
    encode = serialize.encoder(signature.returns)
    if not signature.parameters:

        def body_without_arguments(_arguments: bytes) -> bytes | None:
            result = function()
            return None if result is None else _fit(encode, result)

        return body_without_arguments

    def body(text: bytes) -> bytes | None:
        try:
            arguments = decode(text)
        except msgspec.MsgspecError as error:
            raise _Unfit from signature.misfit(error)
        result = function(**arguments)
        if result is None:
            return None
        try:
            return encode(result)
        except (InvalidArgument, TooLarge) as error:
            raise _Unfit from error

    return body


def async_body(signature: Signature) -> AsyncBody:
    """The body of an `async def`."""
    function = signature.caller()
    decode = signature.raw_decoder()
    encode = serialize.encoder(signature.returns)

    async def body(text: bytes) -> bytes | None:
        try:
            arguments = decode(text)
        except msgspec.MsgspecError as error:
            raise _Unfit from signature.misfit(error)
        result = await function(**arguments)
        return None if result is None else _fit(encode, result)

    return body


def describe(error: BaseException) -> tuple[int, Failure]:
    """What the engine records of an exception: the outcome (does a retry help?), and type, message and traceback."""
    if isinstance(error, _Unfit):
        cause = error.__cause__
        return STOP, _failure(type(cause).__name__, str(cause), "")
    lines = traceback.format_exception(type(error), error, _users(error.__traceback__))
    outcome = STOP if isinstance(error, Stop) else FAILED
    return outcome, _failure(type(error).__name__, _message(error), "".join(lines)[-_TRACE_CHARS_MAX:])


def timed_out(timeout_ns: int) -> Failure:
    """What the engine records of an attempt that was stopped at its time-out, in its own words."""
    return _failure("TimedOut", f"no result after {timeout_ns / 1e9:g} s", "")


def _failure(*texts: str) -> Failure:
    kind, message, trace = (text.encode(errors="replace") for text in texts)
    return kind, message, trace


def _fit(encode: Callable[[object], bytes], value: object) -> bytes:
    try:
        return encode(value)
    except (InvalidArgument, TooLarge) as error:
        raise _Unfit from error


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as broken:
        return f"<str() of the exception raised {type(broken).__name__}>"


def _users(trace: TracebackType | None) -> TracebackType | None:
    """The traceback from the user's first frame on."""
    at = trace
    while at is not None and at.tb_frame.f_code.co_filename in _OWN:
        at = at.tb_next
    return at or trace


_OWN: Final = frozenset(code.co_filename for code in (sync_body.__code__, Signature.caller.__code__))
