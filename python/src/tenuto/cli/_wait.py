"""Waiting for the end of a run."""

import contextlib
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from tenuto import Engine, NotFound, Run, TimedOut
from tenuto.cli._output import note
from tenuto.cli._target import Target

__all__ = ["output_of"]

_SLICE: Final = timedelta(milliseconds=250)


def output_of(
    run: Run[Any],
    engine: Engine,
    target: Target,
    limit: timedelta | None,
    show: Callable[[dict[str, Any]], object] | None,
) -> Any:
    """The output of a run.

    Args:
        run: the run.
        engine: through which it is known. When the owner of the store goes, this process takes its place.
        target: has the bodies for that case.
        limit: how long to wait.
        show: called now and then with what `Run.describe` tells.

    Raises:
        TaskFailed, Rejected, Cancelled, RunTimedOut: it ended so.
        TimedOut: it goes on.
    """
    end = None if limit is None else time.monotonic() + limit.total_seconds()
    was_owner = engine.role == "owner"
    while True:
        left = _SLICE if end is None else timedelta(seconds=max(0.001, end - time.monotonic()))
        try:
            return run.result(timeout=min(left, _SLICE))
        except TimedOut:
            if end is not None and time.monotonic() >= end:
                raise
        if not was_owner and engine.role == "owner":
            was_owner = True
            note("the owner of the store has gone; this process runs the tasks now")
            target.bring_bodies()
        if show is not None:
            # A start that no owner has taken yet has nothing to show.
            with contextlib.suppress(NotFound):
                show(run.describe())
