"""Showing on stderr how a run goes on."""

import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from tenuto import Run, TimedOut
from tenuto._tree import run_tree
from tenuto.cli._output import note
from tenuto.cli._text import counts_text

__all__ = ["watched"]

_SLICE: Final = timedelta(milliseconds=250)


def watched(run: Run[Any], limit: timedelta | None) -> Any:
    """Waits for a run as its `result` does, and shows each change: a tree on a terminal, else a line."""
    if not sys.stderr.isatty():
        return _wait(run, limit, _line_by_line())
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console = Console(stderr=True, highlight=False)
    with Live(console=console, auto_refresh=False, transient=True) as live:
        return _wait(run, limit, lambda facts: live.update(Text(_picture(facts, console.height - 2)), refresh=True))


def _wait(run: Run[Any], limit: timedelta | None, show: Callable[[dict[str, Any]], object]) -> Any:
    end = None if limit is None else time.monotonic() + limit.total_seconds()
    while True:
        try:
            left = _SLICE if end is None else timedelta(seconds=max(0.001, end - time.monotonic()))
            return run.result(timeout=min(left, _SLICE))
        except TimedOut:
            if end is not None and time.monotonic() >= end:
                raise
        show(run.describe())


def _line_by_line() -> Callable[[dict[str, Any]], object]:
    last = ""

    def show(facts: dict[str, Any]) -> None:
        nonlocal last
        line = _summary(facts)
        if line != last:
            note(line)
        last = line

    return show


def _summary(facts: dict[str, Any]) -> str:
    return f"{facts['state']}  {counts_text(facts.get('tasks') or {})}".rstrip()


def _picture(facts: dict[str, Any], lines_max: int) -> str:
    """The tree, where it fits."""
    return run_tree(facts) if len(facts.get("nodes") or ()) < lines_max else _summary(facts)
