"""Runs: what `start` gives back, and what queries tell."""

import asyncio
import threading
import time
from collections.abc import Callable, Generator
from datetime import datetime
from typing import Any, Final, Generic, Protocol, TypeVar

import msgspec

from tenuto import _core
from tenuto._tree import run_tree
from tenuto.errors import Closed, NotFound, TimedOut, from_outcome
from tenuto.policy import Duration, duration_ns

__all__ = ["RecordedError", "Run", "RunRow", "RunStatus"]

R = TypeVar("R")

_OK, _TIMED_OUT = 0, 9
# A wait comes back so often to let Ctrl-C in. The end of the run wakes it at once.
_SLICE_NS: Final = 100_000_000

_STATES: Final = {
    1: "queued",
    2: "running",
    3: "waiting",
    4: "paused",
    5: "cancelling",
    6: "completed",
    7: "failed",
    8: "timed_out",
    9: "rejected",
    10: "cancelled",
}


class RecordedError(msgspec.Struct, frozen=True):
    """Why a run has no result."""

    type: str | None = None
    message: str | None = None
    task: str | None = None
    attempt: int | None = None
    traceback: str | None = None


class RunRow(msgspec.Struct, frozen=True):
    """One run in a list."""

    id: str
    number: int
    workflow: str
    state: str
    started: datetime | None = None
    ended: datetime | None = None
    labels: dict[str, str] | None = None
    error: RecordedError | None = None


class RunStatus(msgspec.Struct, frozen=True):
    """One run at a moment: its state, and how many of its tasks are in which state."""

    id: str
    number: int
    workflow: str
    state: str
    started: datetime | None = None
    ended: datetime | None = None
    labels: dict[str, str] | None = None
    error: RecordedError | None = None
    tasks: dict[str, int] = {}


_STATUS: Final = msgspec.json.Decoder(RunStatus)


class Store(Protocol):
    """What a run needs of its engine, which may be opened again: a client that takes over becomes the owner so."""

    #: Grows each time.
    opened: int

    def find_handle(self, id: str) -> _core.Run:
        """The run by its id, of what is open now."""

    def look_after(self) -> None:
        """Called now and then by those who wait."""


class Run(Generic[R]):
    """One run, live or ended. Thread-safe; `await run` waits for the result on an event loop.

    Made by `start` of a workflow, and by `Engine.find`.
    """

    def __init__(self, handle: _core.Run, decode: Callable[[bytes], Any], store: Store) -> None:
        self.id: Final = handle.id
        """The run's id, chosen or generated."""
        self._opened = (handle, store.opened)
        self._decode = decode
        self._store = store

    @property
    def state(self) -> str:
        """queued, running, waiting, paused or cancelling; completed, failed, timed_out, rejected or cancelled."""
        return _STATES[self._handle().state()]

    def result(self, timeout: Duration | None = None) -> R:
        """Waits for the end of the run.

        Args:
            timeout: how long; without it as long as it takes.

        Returns:
            What the workflow returned, in the annotated type.

        Raises:
            TaskFailed, Rejected, Cancelled, RunTimedOut: the run ended so.
            TimedOut: it still runs; wait again.

        Example:
            >>> import tenuto
            >>> @tenuto.task
            ... def divide(a: int, b: int) -> float:
            ...     return a / b
            >>> @tenuto.workflow
            ... def ratio(a: int, b: int) -> float:
            ...     return divide(a, b)
            >>> with tenuto.open(durability="memory"):
            ...     ratio.start(1, 4).result(timeout="1m")
            ...     try:
            ...         ratio.start(1, 0).result(timeout="1m")
            ...     except tenuto.TaskFailed as error:
            ...         print(error.task, error.type)
            0.25
            divide ZeroDivisionError
        """
        return self._wait(None if timeout is None else duration_ns(timeout, "timeout"), lambda: False)

    def __await__(self) -> Generator[Any, None, R]:
        return self._wait_async().__await__()

    def status(self) -> RunStatus:
        """The run at this moment.

        Returns:
            Its state, times, error, and the number of its tasks per state.
        """
        return _STATUS.decode(self._handle().describe())

    def describe(self) -> dict[str, Any]:
        """Everything about the run: what `tenuto show RUN -o json` prints.

        Returns:
            A new dict with id, number, workflow, hash, state, input, output, error, started, ended, labels, tasks, nodes.
        """
        described: dict[str, Any] = msgspec.json.decode(self._handle().describe())
        return described

    def events(self) -> list[dict[str, Any]]:
        """The recorded events, oldest first.

        Returns:
            A new list of one dict per event.
        """
        return [msgspec.json.decode(line) for line in self._handle().events().splitlines()]

    def tree(self) -> str:
        """The run and its nodes with their states, as text.

        Returns:
            One line per node.
        """
        return run_tree(self.describe())

    def cancel(self, reason: str | None = None, *, by: str | None = None) -> None:
        """Asks the run to end as cancelled: nothing new starts, bodies that run now may finish.

        Args:
            reason: for people.
            by: who asks, for the audit.

        Raises:
            WrongState: it has ended otherwise.
        """
        self._handle().cancel(reason, by)

    def __repr__(self) -> str:
        return f"<run {self.id}>"

    def _handle(self) -> _core.Run:
        handle, opened = self._opened
        if opened != self._store.opened:
            opened = self._store.opened
            handle = self._store.find_handle(self.id)
            self._opened = (handle, opened)
        return handle

    def _answer(self, wait_ns: int) -> tuple[int, bytes | None]:
        """What the run answers within the time; when the store was opened again meanwhile, that it still runs."""
        _, opened = self._opened
        try:
            return self._handle().result(wait_ns)
        except (Closed, NotFound):
            if opened == self._store.opened:
                raise
            time.sleep(min(wait_ns, _SLICE_NS) / 1e9)
            return _TIMED_OUT, None

    def _wait(self, timeout_ns: int | None, given_up: Callable[[], bool]) -> R:
        end = None if timeout_ns is None else time.monotonic_ns() + timeout_ns
        while not given_up():
            left = _SLICE_NS if end is None else max(0, end - time.monotonic_ns())
            status, answer = self._answer(min(left, _SLICE_NS))
            if status == _OK:
                result: R = self._decode(answer or b"null")
                return result
            if status != _TIMED_OUT:
                raise from_outcome(status, self.id, msgspec.json.decode(answer) if answer else None)
            if left <= _SLICE_NS and end is not None:
                break
            self._store.look_after()
        raise TimedOut(f"run {self.id} is still {self.state}; wait again, or look at run.tree()")

    async def _wait_async(self) -> R:
        given_up = threading.Event()
        try:
            return await asyncio.to_thread(self._wait, None, given_up.is_set)
        finally:
            given_up.set()
