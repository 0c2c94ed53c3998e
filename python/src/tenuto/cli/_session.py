"""A run, and the engine through which this process knows it."""

import contextlib
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

import tenuto
from tenuto import Engine, NotFound, Run, TimedOut, _core
from tenuto.cli._output import note
from tenuto.cli._store import user
from tenuto.cli._target import Target

__all__ = ["Session", "submit"]

_SLICE: Final = timedelta(milliseconds=250)
# So long may a store be without an owner before a client takes it: the owner may be about to start again.
_ORPHANED_S: Final = 1.0


def submit(
    engine: Engine, workflow: _core.Workflow, coded: bytes | None, id: str | None, labels: dict[str, str]
) -> Run[Any]:
    """Starts a run, or finds the one that has this id."""
    return engine._start(workflow, coded, msgspec.json.decode, id=id, labels=labels or None, by=user())


class Session:
    """Starts a run and waits for it. When another process owns the store and goes, this one takes its place.

    Args:
        path: the store.
        target: has the bodies, for the case that this process is the owner.
        start: starts the run with the id that it is given; called again with the run's id after a change of owner.
        id: of the run; None: generated.
    """

    def __init__(
        self, path: Path, target: Target, start: Callable[[Engine, str | None], Run[Any]], id: str | None
    ) -> None:
        self._path = path
        self._target = target
        self._start = start
        self._orphaned_since: float | None = None
        self._begin(id)

    @property
    def engine(self) -> Engine:
        """The engine as it is now."""
        assert self._engine is not None
        return self._engine

    @property
    def run(self) -> Run[Any]:
        """The run, through this engine."""
        assert self._run is not None
        return self._run

    def wait(self, limit: timedelta | None, show: Callable[[dict[str, Any]], object] | None) -> Any:
        """The output of the run.

        Args:
            limit: how long to wait.
            show: called now and then with what `Run.describe` tells.

        Raises:
            TaskFailed, Rejected, Cancelled, RunTimedOut: it ended so.
            TimedOut: it goes on.
        """
        end = None if limit is None else time.monotonic() + limit.total_seconds()
        while True:
            left = _SLICE if end is None else timedelta(seconds=max(0.001, end - time.monotonic()))
            try:
                return self.run.result(timeout=min(left, _SLICE))
            except TimedOut:
                if end is not None and time.monotonic() >= end:
                    raise
            if show is not None:
                # A start that no owner has taken yet has nothing to show.
                with contextlib.suppress(NotFound):
                    show(self.run.describe())
            if self._is_orphaned():
                self._take_over()

    def close(self) -> None:
        """Closes the engine; a run that goes on continues with the next one."""
        if self._engine is not None:
            self._engine.close()

    def _begin(self, id: str | None) -> None:
        self._engine: Engine | None = tenuto.open(self._path)
        try:
            if self._engine.role == "owner":
                self._target.bring_bodies()
            self._run: Run[Any] | None = self._start(self._engine, id)
        except BaseException:
            self._engine.close()
            raise

    def _is_orphaned(self) -> bool:
        if self.engine.role == "owner" or self.engine.info().get("owner_pid") is not None:
            self._orphaned_since = None
            return False
        self._orphaned_since = self._orphaned_since or time.monotonic()
        return time.monotonic() - self._orphaned_since >= _ORPHANED_S

    def _take_over(self) -> None:
        """Two that wait may both try: one of them becomes the owner, and the other its client."""
        id = self.run.id
        self.engine.close()
        # A store can be opened as its owner when nothing in this process has it open as a client.
        self._run = self._engine = None
        self._orphaned_since = None
        self._begin(id)
        if self.engine.role == "owner":
            note("the owner of the store has gone; this process runs the tasks now")
