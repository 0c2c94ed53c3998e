"""How verbs end: exit codes, and errors as one clear line."""

import traceback
from pathlib import Path
from types import TracebackType
from typing import Final

import tenuto
from tenuto import errors

__all__ = [
    "ERROR",
    "FAILED",
    "INTERRUPTED",
    "NOT_FOUND",
    "OK",
    "PIPE_CLOSED",
    "REJECTED_OR_CANCELLED",
    "STORE_BUSY",
    "USAGE",
    "WAIT_TIMED_OUT",
    "BrokenTarget",
    "WrongUsage",
    "code_of",
    "place_in",
    "text_of",
]

OK: Final = 0
ERROR: Final = 1
USAGE: Final = 2
FAILED: Final = 3
REJECTED_OR_CANCELLED: Final = 4
WAIT_TIMED_OUT: Final = 5
NOT_FOUND: Final = 6
STORE_BUSY: Final = 7
# What shells give to a program that SIGINT or SIGPIPE has ended.
INTERRUPTED: Final = 130
PIPE_CLOSED: Final = 141

_CODES: Final[dict[type[Exception], int]] = {
    errors.TaskFailed: FAILED,
    errors.RunTimedOut: FAILED,
    errors.Rejected: REJECTED_OR_CANCELLED,
    errors.Cancelled: REJECTED_OR_CANCELLED,
    errors.TimedOut: WAIT_TIMED_OUT,
    errors.NotFound: NOT_FOUND,
    errors.Owned: STORE_BUSY,
}
_PACKAGE: Final = Path(tenuto.__file__).parent


class WrongUsage(Exception):
    """The words of the command don't fit; the text says what to write instead."""


class BrokenTarget(Exception):
    """The user's own code has raised while it was imported or drawn."""


def code_of(error: BaseException) -> int:
    """The exit code for an exception."""
    if isinstance(error, WrongUsage):
        return USAGE
    return next((code for kind, code in _CODES.items() if isinstance(error, kind)), ERROR)


def text_of(error: BaseException) -> str:
    """What to tell about an exception: a line, or a line and a list below it."""
    if isinstance(error, errors.RunError):
        # The traceback of a task is in `tenuto show`.
        text = str(error).partition("\n\n")[0] if error.traceback else str(error)
        return f"{text.splitlines()[0]}; `tenuto show {error.run_id}` tells more" if error.run_id else text
    if isinstance(error, errors.TenutoError | WrongUsage | BrokenTarget):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.strerror}: {error.filename}" if error.filename and error.strerror else str(error)
    if isinstance(error, MemoryError):
        return "there is not enough memory"
    kind = type(error).__name__
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].filename}, line {frames[-1].lineno})" if frames else ""
    return f"{kind}: {error}{place}; this is a bug of tenuto's command, please report it"


def place_in(trace: TracebackType | None) -> str:
    """Where something was raised, as ` (file, line n)`: the innermost line that is not Tenuto's own, if there is one."""
    frames = traceback.extract_tb(trace)
    users = [frame for frame in frames if _PACKAGE not in Path(frame.filename).parents and "<" not in frame.filename]
    return f" ({found[-1].filename}, line {found[-1].lineno})" if (found := users or frames) else ""
