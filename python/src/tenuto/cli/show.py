"""`tenuto show` and `tenuto tree`: one run."""

from collections.abc import Mapping
from typing import Any, Final

import typer

from tenuto._tree import run_tree
from tenuto.cli import _options as options
from tenuto.cli._options import Format
from tenuto.cli._output import Column, Output, Row, print_lines, print_text
from tenuto.cli._store import client, split_node, store_path
from tenuto.cli._text import (
    STATE_STYLES,
    counts_text,
    duration_text,
    error_text,
    json_text,
    local_time,
    one_line,
    seconds_between,
    shortened,
)
from tenuto.errors import NotFound

__all__ = ["node_of", "show", "tree"]

# Of a value in a table. `-o wide` and JSON have it whole.
_VALUE_CHARS_MAX: Final = 500


def _value(key: str) -> Column:
    return Column(
        title=key,
        raw=lambda row: row.get(key),
        cell=lambda row: shortened(json_text(row.get(key)), _VALUE_CHARS_MAX),
    )


def _time(key: str) -> Column:
    return Column(title=key, raw=lambda row: row.get(key), cell=lambda row: local_time(row.get(key)))


def _duration(row: Row) -> float | None:
    return seconds_between(row.get("started"), row.get("ended"))


_TIMES: Final = (
    _time("started"),
    _time("ended"),
    Column(
        title="duration", raw=_duration, cell=lambda row: duration_text(_duration(row)) if row.get("started") else ""
    ),
)
_ERROR: Final = Column(title="error", raw=lambda row: error_text(row.get("error")))
_RUN: Final = (
    Column.of("id"),
    Column.of("workflow"),
    Column.of("state"),
    *_TIMES,
    Column(title="tasks", raw=lambda row: row.get("tasks"), cell=lambda row: counts_text(row.get("tasks") or {})),
    Column.of("by"),
    Column(title="labels", raw=lambda row: row.get("labels") or None),
    _value("input"),
    _value("output"),
    _ERROR,
    Column.of("hash", wide=True),
    Column.of("number", wide=True),
)
_NODE: Final = (
    Column.of("path"),
    Column.of("kind"),
    Column.of("state"),
    Column.of("attempts"),
    *_TIMES,
    _value("result"),
    _ERROR,
    Column.of("waits_for"),
)


def show(
    context: typer.Context,
    run: options.RunName,
    output: options.OutputFormat = None,
    fields: options.Fields = None,
    db: options.Db = None,
) -> None:
    """Show a run, or with RUN/TASK one of its tasks."""
    out = Output(output, fields)
    name, node = split_node(run)
    with client(store_path(context, db)) as engine:
        described = engine.find(name).describe()
    record, columns = (described, _RUN) if node is None else (node_of(described, node), _NODE)
    out.record(record, columns, keys=record)
    error = record.get("error") or {}
    if out.is_for_people and out.fields is None and error.get("traceback"):
        print_lines(["", *map(one_line, str(error["traceback"]).splitlines())])


def tree(
    context: typer.Context, run: options.RunName, output: options.OutputFormat = None, db: options.Db = None
) -> None:
    """Show a run and its tasks as a tree.

    With -o json: the list of its nodes.
    """
    name, node = split_node(run)
    with client(store_path(context, db)) as engine:
        described = engine.find(name).describe()
    if node is not None:
        described = {**described, "nodes": [node_of(described, node)]}
    if output in (None, Format.table, Format.wide):
        print_text(run_tree(described), STATE_STYLES)
        return
    nodes = described["nodes"]
    Output(output).rows(nodes, _NODE, keys=nodes[0] if nodes else (), nothing="no tasks")


def node_of(described: Mapping[str, Any], path: str) -> dict[str, Any]:
    """A node of a run.

    Raises:
        NotFound: there is none of this path.
    """
    found = [node for node in described["nodes"] if node["path"] == path]
    if not found:
        raise NotFound(f"run {described['id']} has no task {path}; `tenuto tree {described['id']}` shows its tasks")
    node: dict[str, Any] = found[0]
    return node
