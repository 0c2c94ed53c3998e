"""Showing on stderr how a run goes on."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from tenuto._tree import run_tree
from tenuto.cli._output import note
from tenuto.cli._text import counts_text, one_line

__all__ = ["watching"]

Show: TypeAlias = Callable[[dict[str, Any]], object]


@contextlib.contextmanager
def watching() -> Iterator[Show]:
    """Gives a function that shows what `Run.describe` tells: as a tree on a terminal, else a line for each change."""
    if not sys.stderr.isatty():
        yield _line_by_line()
        return
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console = Console(stderr=True, highlight=False)
    with Live(console=console, auto_refresh=False, transient=True) as live:
        yield lambda facts: live.update(Text(_picture(facts, console.height - 2)), refresh=True)


def _line_by_line() -> Show:
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
    if len(facts.get("nodes") or ()) >= lines_max:
        return _summary(facts)
    return "\n".join(map(one_line, run_tree(facts).split("\n")))
