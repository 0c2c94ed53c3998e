"""The exception tree. The engine's status numbers and these classes belong to one table, which a test walks."""

from collections.abc import Mapping
from typing import Any, Final

__all__ = [
    "BY_STATUS",
    "Cancelled",
    "Closed",
    "Conflict",
    "Damaged",
    "Forked",
    "Full",
    "InternalError",
    "InvalidArgument",
    "NewerFormat",
    "NotFound",
    "Owned",
    "Poisoned",
    "Rejected",
    "RunError",
    "RunTimedOut",
    "Stop",
    "StorageError",
    "TaskFailed",
    "TenutoError",
    "TimedOut",
    "TooLarge",
    "VersionMismatch",
    "WrongState",
    "from_outcome",
    "from_status",
]


class TenutoError(Exception):
    """Base of everything that Tenuto itself raises.

    Example:
        >>> issubclass(NotFound, TenutoError)
        True
    """

    #: Number of the status in tenuto.h; 0 for a class that stands for several.
    status: int = 0


class InvalidArgument(TenutoError, ValueError):
    """An argument, a definition or a value is not valid; the text says which one and what to write instead."""

    status = 1


class NotFound(TenutoError, LookupError):
    """There is no such run or store."""

    status = 2


class Conflict(TenutoError):
    """The id or name is taken by something else."""

    status = 3


class WrongState(TenutoError):
    """It is not possible in the present state, such as cancelling a run that has completed."""

    status = 4


class TooLarge(TenutoError, ValueError):
    """A value is larger than the limit."""

    status = 5


class Owned(TenutoError):
    """Another process owns the store; the text names its pid."""

    status = 6


class Closed(TenutoError):
    """The engine has been closed."""

    status = 7


class Forked(TenutoError):
    """The engine belongs to the parent process; open the store again in this one."""

    status = 8


class TimedOut(TenutoError, TimeoutError):
    """The time to wait ran out. The run goes on: wait again."""

    status = 9


class Full(TenutoError):
    """There is no space left."""

    status = 10


class StorageError(TenutoError, OSError):
    """The storage failed."""

    status = 11


class Damaged(TenutoError):
    """The store is damaged; `tenuto db verify` says where."""

    status = 12


class NewerFormat(TenutoError):
    """The store was written by a newer version of Tenuto."""

    status = 13


class Poisoned(TenutoError):
    """A sync failed, so the engine refuses work until the store is opened again. What was acknowledged is there."""

    status = 14


class VersionMismatch(TenutoError, ImportError):
    """The extension module and the C library are of different versions."""

    status = 15


class InternalError(TenutoError):
    """A mistake of Tenuto's own; please report it with its text."""

    status = 17


class RunError(TenutoError):
    """A run has ended without a result.

    Attributes:
        run_id: the run.
        type: what went wrong, for a program: the name of the exception's class.
        message: what went wrong, for people.
        task: the task that failed, or None.
        attempt: the attempt of the task that failed last, or None.
        traceback: text of the traceback in the task's body, or None.
    """

    def __init__(
        self,
        run_id: str,
        message: str,
        *,
        type: str | None = None,
        task: str | None = None,
        attempt: int | None = None,
        traceback: str | None = None,
    ) -> None:
        super().__init__(run_id, message, type, task, attempt, traceback)
        self.run_id = run_id
        self.message = message
        self.type = type
        self.task = task
        self.attempt = attempt
        self.traceback = traceback

    def __str__(self) -> str:
        what = f"{self.type}: {self.message}" if self.type and self.message else self.message or self.type or ""
        return f"run {self.run_id} {self._ended}{': ' if what else ''}{what}"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), *self.args)

    _ended = "has ended"


class TaskFailed(RunError):
    """The run failed because a task failed for good. See RunError for the attributes.

    Example:
        >>> error = TaskFailed("r1", "bad card", type="ValueError", task="charge", attempt=4)
        >>> print(error)
        run r1 failed: task charge, attempt 4: ValueError: bad card
        >>> error.task, error.attempt
        ('charge', 4)
    """

    status = 18

    def __str__(self) -> str:
        if self.task is None:
            return super().__str__()
        attempt = f", attempt {self.attempt}" if self.attempt else ""
        text = f"run {self.run_id} failed: task {self.task}{attempt}: {self.type or 'Error'}: {self.message}"
        return f"{text}\n\n{self.traceback}" if self.traceback else text

    _ended = "failed"


class Rejected(RunError):
    """The run ended as rejected."""

    status = 19
    _ended = "was rejected"


class Cancelled(RunError):
    """The run was cancelled."""

    status = 20
    _ended = "was cancelled"


class RunTimedOut(RunError):
    """The run took longer than it may."""

    status = 21
    _ended = "timed out"


class Stop(Exception):
    """Raised by a task's body: the task has failed, and no retry helps.

    Example:
        >>> def charge(card: str) -> None:
        ...     if not card:
        ...         raise Stop("no card")
        >>> charge("")
        Traceback (most recent call last):
        tenuto.errors.Stop: no card
    """


def _rebuild(cls: type[RunError], run_id: str, message: str, *rest: Any) -> RunError:
    words = dict(zip(("type", "task", "attempt", "traceback"), rest, strict=True))
    return cls(run_id, message, **words)


_NO_MEMORY = 16

#: Status number -> class. Number 16 is Python's own MemoryError.
BY_STATUS: Final[Mapping[int, type[Exception]]] = {
    _NO_MEMORY: MemoryError,
    **{
        cls.status: cls
        for cls in (
            InvalidArgument, NotFound, Conflict, WrongState, TooLarge, Owned, Closed, Forked, TimedOut, Full,
            StorageError, Damaged, NewerFormat, Poisoned, VersionMismatch, InternalError, TaskFailed, Rejected,
            Cancelled, RunTimedOut,
        )
    },
}  # fmt: skip


def from_status(status: int, text: str) -> Exception:
    """The exception for a failed call of the engine.

    Args:
        status: a number of tenuto.h, not 0.
        text: what went wrong.

    Returns:
        An instance of the class that belongs to the number, not raised.

    Example:
        >>> from_status(2, "no run r1")
        NotFound('no run r1')
    """
    cls = BY_STATUS.get(status)
    if cls is None:
        return InternalError(f"status {status}: {text}")
    if issubclass(cls, RunError):
        return cls("", text)
    return cls(text)


def from_outcome(status: int, run_id: str, error: Mapping[str, Any] | None) -> RunError:
    """The exception for a run that has ended without a result.

    Args:
        status: TENUTO_STATUS_TASK_FAILED, _REJECTED, _CANCELLED or _RUN_TIMED_OUT.
        run_id: the run.
        error: the recorded error, `{type, message, task, attempt, traceback}`.

    Returns:
        The exception, not raised.

    Example:
        >>> from_outcome(20, "r1", {"type": "Cancelled", "message": "not needed"})
        Cancelled('r1', 'not needed', 'Cancelled', None, None, None)
    """
    cls = BY_STATUS.get(status)
    if cls is None or not issubclass(cls, RunError):
        cls = RunError
    facts = error or {}
    return cls(
        run_id,
        facts.get("message") or "",
        type=facts.get("type"),
        task=facts.get("task"),
        attempt=facts.get("attempt"),
        traceback=facts.get("traceback"),
    )
