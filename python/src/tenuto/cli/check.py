"""`tenuto check` and `tenuto draw`: workflows before they run."""

from dataclasses import dataclass
from typing import Final

import typer

from tenuto import TenutoError
from tenuto._tree import definition_tree
from tenuto.cli import _options as options
from tenuto.cli._exit import ERROR, OK, BrokenTarget
from tenuto.cli._options import Format
from tenuto.cli._output import Column, Output, Row, print_json, print_lines
from tenuto.cli._target import Target, load, load_all
from tenuto.cli._text import one_line

__all__ = ["check", "draw"]

_COLUMNS: Final = (
    Column.of("workflow"),
    Column(title="ok", raw=lambda row: row["ok"], cell=lambda row: "ok" if row["ok"] else "has problems"),
    Column(title="tasks", raw=lambda row: row["tasks"], cell=lambda row: "" if row["tasks"] is None else f"{row['tasks']}"),
    Column.of("hash"),
)  # fmt: skip


def check(context: typer.Context, target: options.Target, output: options.OutputFormat = None) -> None:
    """Report all problems of a workflow.

    Of every workflow of a module where none is named.
    """
    out = Output(output)
    found = [_checked(each) for each in load_all(target)]
    rows = [one.row for one in found]
    out.rows(rows, _COLUMNS, keys=rows[0], nothing="")
    for one in found:
        if one.problems:
            typer.echo(f"tenuto: {one.row['workflow']} has problems", err=True)
            for line in one.problems:
                typer.echo(f"  {line}", err=True)
    raise typer.Exit(ERROR if any(one.problems for one in found) else OK)


def draw(context: typer.Context, target: options.Target, output: options.OutputFormat = None) -> None:
    """Show a workflow as a tree.

    With -o json: its definition.
    """
    definition = load(target).definition()
    if output in (None, Format.table, Format.wide):
        print_lines(definition_tree(definition).splitlines())
    elif output in (Format.json, Format.jsonl):
        print_json(definition, indent=output is Format.json)
    else:
        Output(output).record(definition, [Column.of("name")], keys=definition)


@dataclass(frozen=True, kw_only=True)
class _Checked:
    row: Row
    problems: list[str]


def _checked(target: Target) -> _Checked:
    try:
        compiled = target.compile({})
    except (TenutoError, BrokenTarget) as error:
        problems = [one_line(line) for line in str(error).splitlines()] or [type(error).__name__]
        row = {"workflow": target.name, "ok": False, "tasks": None, "hash": None, "problems": problems}
        return _Checked(row=row, problems=problems)
    row = {"workflow": compiled.name, "ok": True, "tasks": compiled.task_count, "hash": compiled.hash, "problems": []}
    return _Checked(row=row, problems=[])
