"""`tenuto ls`: the runs of a store."""

from typing import Any, Final

import typer

from tenuto.cli import _options as options
from tenuto.cli._output import Column, Output, Row, note
from tenuto.cli._store import client, filters, selected, store_path
from tenuto.cli._text import counts_text, duration_text, error_text, json_text, local_time, seconds_between, shortened

__all__ = ["KEYS", "ls"]

#: What a row has.
KEYS: Final = (
    "id", "number", "workflow", "hash", "state", "started", "ended", "labels", "test", "error", "retries", "tasks",
)  # fmt: skip


def _duration(row: Row) -> float | None:
    return seconds_between(row.get("started"), row.get("ended"))


def _duration_text(row: Row) -> str:
    seconds = _duration(row)
    return "" if seconds is None else duration_text(seconds)


_COLUMNS: Final = (
    Column.of("id", keep=True),
    Column.of("workflow"),
    Column.of("state", keep=True),
    Column(title="started", raw=lambda row: row["started"], cell=lambda row: local_time(row["started"])),
    Column(title="duration", raw=_duration, cell=_duration_text),
    Column(title="error", raw=lambda row: error_text(row["error"]), cell=lambda row: shortened(error_text(row["error"]), 200)),
    Column(title="ended", raw=lambda row: row["ended"], cell=lambda row: local_time(row["ended"]), wide=True),
    Column.of("retries", wide=True),
    Column(title="tasks", raw=lambda row: row.get("tasks"), cell=lambda row: counts_text(row.get("tasks") or {}), wide=True),
    Column(title="labels", raw=lambda row: row["labels"], cell=lambda row: _labels_text(row["labels"]), wide=True),
)  # fmt: skip


def _labels_text(labels: Any) -> str:
    return ",".join(f"{key}={json_text(value)}" for key, value in (labels or {}).items())


def ls(
    context: typer.Context,
    workflow: options.WorkflowName = None,
    state: options.States = None,
    label: options.Labels = None,
    where: options.Where = None,
    since: options.Since = None,
    until: options.Until = None,
    limit: options.Limit = 100,
    output: options.OutputFormat = None,
    fields: options.Fields = None,
    db: options.Db = None,
) -> None:
    """List runs, newest first.

    --since and --until are about the time of the start. --where is CEL over the fields of --json.
    """
    out = Output(output, fields)
    query = filters(
        workflow=workflow, states=state, labels=label, where=where, since=since, until=until, limit=limit + 1
    )
    with client(store_path(context, db)) as engine:
        rows = selected(engine, query)
    out.rows(rows[:limit], _COLUMNS, keys=KEYS, nothing="no runs")
    if len(rows) > limit and out.is_for_people:
        note(f"these are the newest {limit}; --limit shows more")
