"""`tenuto events`: the history of a run."""

from typing import Any, Final

import typer

from tenuto.cli import _options as options
from tenuto.cli._output import Column, Output, Row
from tenuto.cli._store import client, split_node, store_path
from tenuto.cli._text import duration_text, error_text, json_text, local_time, seconds_between, shortened
from tenuto.cli.show import node_of

__all__ = ["events"]

# Of a value among the details.
_VALUE_CHARS_MAX: Final = 60
# What has a column of its own, or is worth no words in a table.
_COLUMN_KEYS: Final = frozenset(
    {"at", "event", "node", "attempt", "started", "hash", "command", "test", "id", "workflow"}
)


def _details(event: Row) -> str:
    """What is special about the event, as `key=value` words."""
    words: list[str] = []
    if event["event"] in ("task_done", "attempt_failed"):
        seconds = seconds_between(event.get("started"), event["at"])
        words.append("" if seconds is None else duration_text(seconds))
    for key, value in event.items():
        if key == "error":
            words.append(error_text(value))
        elif key == "retry_at":
            words.append(f"again at {local_time(value)}" if value else "")
        elif key not in _COLUMN_KEYS and value not in (None, {}, False):
            words.append(f"{key}={shortened(json_text(value), _VALUE_CHARS_MAX)}")
    return "  ".join(word for word in words if word)


_COLUMNS: Final = (
    Column(title="at", raw=lambda event: event["at"], cell=lambda event: _clock(event["at"]), keep=True),
    Column.of("event", keep=True),
    Column.of("node"),
    Column.of("attempt"),
    Column(title="details", raw=_details),
)


def _clock(at: str) -> str:
    """Local time to the millisecond: events are close together."""
    return f"{local_time(at)}{at[at.find('.') :][:4]}" if "." in at else local_time(at)


def events(
    context: typer.Context,
    run: options.RunName,
    output: options.OutputFormat = None,
    fields: options.Fields = None,
    db: options.Db = None,
) -> None:
    """Show what was recorded of a run, oldest first.

    With RUN/TASK of one of its tasks. -o jsonl has every field.
    """
    out = Output(output, fields)
    name, node = split_node(run)
    with client(store_path(context, db)) as engine:
        found = engine.find(name)
        history = found.events()
        if node is not None:
            node_of(found.describe(), node)
            history = [event for event in history if event.get("node") == node]
    keys: dict[str, Any] = {key: None for event in history for key in event}
    out.rows(history, _COLUMNS, keys=keys, nothing="no events")
