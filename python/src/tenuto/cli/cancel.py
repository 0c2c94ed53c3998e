"""`tenuto cancel`: one run, or many."""

import sys
from collections.abc import Sequence
from typing import Annotated, Any, Final

import typer

from tenuto import Engine, TenutoError, WrongState
from tenuto.cli import _options as options
from tenuto.cli._exit import ERROR, OK, WrongUsage, code_of
from tenuto.cli._output import Column, Output, note
from tenuto.cli._store import UNLIMITED, client, filters, selected, store_path, user

__all__ = ["cancel"]

_OPEN_STATES: Final = ("queued", "running", "waiting", "paused", "cancelling")
_COLUMNS: Final = (Column.of("id", keep=True), Column.of("workflow"), Column.of("state"))


def cancel(
    context: typer.Context,
    run: Annotated[
        list[str] | None,
        typer.Argument(metavar="RUN...", help="Ids, prefixes of them, @last, @last:WORKFLOW; or use filters."),
    ] = None,
    reason: Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Recorded with the run.")] = None,
    workflow: options.WorkflowName = None,
    state: options.States = None,
    label: options.Labels = None,
    where: options.Where = None,
    since: options.Since = None,
    until: options.Until = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask, although it is several runs.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show which runs it would be.")] = False,
    output: options.OutputFormat = None,
    db: options.Db = None,
) -> None:
    """Cancel one run, or many.

    Nothing new starts in them; bodies that run now may finish. Filters select among the runs that have not ended.
    Cancelling several runs asks first.
    """
    query = filters(workflow=workflow, states=state, labels=label, where=where, since=since, until=until)
    if bool(run) == bool(query):
        raise WrongUsage("name runs, or select them with filters such as --workflow; not both")
    out = Output(output)
    with client(store_path(context, db)) as engine:
        rows = _named(engine, run) if run else selected(engine, {"state": _OPEN_STATES, "limit": UNLIMITED, **query})
        if not dry_run and rows and not _agreed(rows, yes):
            note("nothing was cancelled")
            raise typer.Exit(ERROR)
        code = OK if dry_run else _cancel(engine, rows, reason)
        out.rows(
            [row for row in rows if "id" in row], _COLUMNS, keys=("id", "workflow", "state"), nothing="no such runs"
        )
    raise typer.Exit(code)


def _named(engine: Engine, names: Sequence[str]) -> list[dict[str, Any]]:
    """Every run once, also when two names are of the same."""
    found = {run.id: run.status() for run in map(engine.find, names)}
    return [{"id": id, "workflow": status.workflow, "state": status.state} for id, status in found.items()]


def _agreed(rows: Sequence[dict[str, Any]], yes: bool) -> bool:
    if yes or len(rows) == 1:
        return True
    if not sys.stdin.isatty():
        raise WrongUsage(f"{len(rows)} runs would be cancelled; say --yes, or look at them with --dry-run")
    return typer.confirm(f"Cancel {len(rows)} runs?", err=True)


def _cancel(engine: Engine, rows: Sequence[dict[str, Any]], reason: str | None) -> int:
    """Cancels one after the other and notes in each row how it stands; the first failure gives the exit code."""
    code = OK
    by = user()
    for row in rows:
        try:
            run = engine.find(row["id"])
            state = run.state
            if state not in (*_OPEN_STATES, "cancelled"):
                # The owner would say so; without one the command would wait in the inbox for nothing.
                raise WrongState(f"run {run.id} has ended as {state}; an ended run can't be cancelled")
            run.cancel(reason, by=by)
            row["state"] = run.state
        except TenutoError as error:
            note(f"tenuto: {error}")
            code = code or code_of(error)
    if code == OK and rows and engine.info().get("owner_pid") is None:
        note("accepted, no engine is running; it happens when one opens the store")
    return code
