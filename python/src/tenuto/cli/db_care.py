"""`tenuto db backup`, `restore`, `compact` and `prune`."""

import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer

import tenuto
from tenuto import _core
from tenuto.care import Progress
from tenuto.cli import _options as options
from tenuto.cli._exit import ERROR, WrongUsage
from tenuto.cli._output import Column, Output, Row, note
from tenuto.cli._store import client, store_path
from tenuto.cli._text import bytes_text, counts_text, local_time, moment
from tenuto.errors import NotFound

__all__ = ["backup", "compact", "prune", "restore"]

_BACKUP: Final = (Column.of("path"), Column.of("bytes"), Column.of("position"), Column.of("store"))
_RESTORED: Final = (Column.of("path"), Column.of("store"), Column.of("origin"), Column.of("made"), Column.of("bytes"))
_CHECKED: Final = (Column.of("backup"), Column.of("origin"), Column.of("made"), Column.of("bytes"))
_COMPACTED: Final = (Column.of("path"), Column.of("bytes_before"), Column.of("bytes_after"), Column.of("entries"))
_PRUNED: Final = (Column.of("runs"), Column.of("matching"), Column.of("dry_run"))


def backup(
    context: typer.Context,
    target: Annotated[Path, typer.Argument(metavar="TARGET", help="A new directory.", show_default=False)],
    check: Annotated[bool, typer.Option("--check", help="Read the backup again, every byte, and check it.")] = False,
    output: options.OutputFormat = None,
    db: options.Db = None,
) -> None:
    """Make a backup of the store, while its owner goes on.

    What was acknowledged before is in it. Nothing is overwritten: TARGET must not exist.

    Examples: `tenuto db backup nightly-$(date +%F)`, and `tenuto db restore nightly-2026-11-24 restored.db`.
    """
    out = Output(output)
    with client(store_path(context, db)) as engine, _progress("copied") as told:
        report = engine.backup(target, progress=told)
    if check:
        with _progress("checked") as told:
            _core.check_backup(str(target), told)
        report["checked"] = True
    _report(out, report, _BACKUP, f"backup: {target}, {bytes_text(report['bytes'])}")


def restore(
    backup: Annotated[Path, typer.Argument(metavar="BACKUP", help="What `tenuto db backup` made.", show_default=False)],
    target: Annotated[
        Path | None, typer.Argument(metavar="[STORE]", help="A new or empty directory.", show_default=False)
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check the backup, every byte of it.")] = False,
    output: options.OutputFormat = None,
) -> None:
    """Make a new store from a backup.

    All of the backup is checked first, and the store is verified before it gets its name. It is another store than the one
    that the backup was made of; tasks that ended after the backup was made are done again, with their old idempotency
    keys. Examples: `tenuto db restore nightly restored.db`, `tenuto db restore --dry-run nightly`.
    """
    out = Output(output)
    if (target is None) != dry_run:
        raise WrongUsage("give the directory of the new store, or --dry-run to check the backup alone")
    if target is None:
        with _progress("checked") as told:
            checked = msgspec.json.decode(_core.check_backup(str(backup), told))
        _report(
            out, checked, _CHECKED, f"ok: {backup}, {bytes_text(checked['bytes'])}, made {local_time(checked['made'])}"
        )
        return
    with _progress("restored") as told:
        report = tenuto.restore(backup, target, progress=told)
    _report(out, report, _RESTORED, f"restored: {target}, as of {local_time(report['made'])}")


def compact(context: typer.Context, output: options.OutputFormat = None, db: options.Db = None) -> None:
    """Shrink the tables of a store that nobody has open.

    The file of the tables does not get smaller by itself when runs are forgotten: what is free in it is used again. It needs
    room for a copy. Ends with 7 when a process owns the store or reads it. Example: `tenuto --db etl.db db compact`.
    """
    out = Output(output)
    path = store_path(context, db)
    try:
        with _progress("copied") as told:
            report = tenuto.compact(path, progress=told)
    except NotFound as error:
        raise NotFound(f"there is no store at {path}; --db DIR or $TENUTO_DB names another") from error
    text = f"compacted: {path}, {bytes_text(report['bytes_before'])} to {bytes_text(report['bytes_after'])}"
    _report(out, report, _COMPACTED, text)


def prune(
    context: typer.Context,
    older_than: Annotated[
        str | None, typer.Option("--older-than", metavar="TIME", help="Ended before then: 30d, 2026-01-31T08:00:00Z.")
    ] = None,
    keep: Annotated[
        int | None, typer.Option("--keep", metavar="N", min=0, help="Spare the N youngest of those that are selected.")
    ] = None,
    state: options.States = None,
    workflow: options.WorkflowName = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
    output: options.OutputFormat = None,
    db: options.Db = None,
) -> None:
    """Forget ended runs: rows, histories and chosen ids.

    A run goes when all that is given holds; --keep spares the youngest of the states and the workflow. Never a live run.
    The owner does it if there is one. Examples: `tenuto db prune --older-than 30d --keep 1000 --dry-run`,
    `tenuto db prune --state failed --workflow etl --older-than 7d --yes`; `--keep 0` selects every ended run.
    """
    out = Output(output)
    query: dict[str, Any] = {
        "older_than": moment("--older-than", older_than),
        "keep": keep,
        "state": [word for text in state or () for word in text.split(",")] or None,
        "workflow": workflow,
    }
    if all(value is None for value in query.values()):
        raise WrongUsage("say which runs to forget: --older-than, --keep, --state or --workflow")
    path = store_path(context, db)
    try:
        with client(path) as engine:
            would = engine.prune(**query, dry_run=True)
        if not dry_run and would["runs"] and not _agreed(would, yes):
            note("nothing was forgotten")
            raise typer.Exit(ERROR)
        # The rest of what would be told is known now only: the owner tells how many went.
        report = would if dry_run else {**would, **_prune(path, query)}
    except tenuto.InvalidArgument as error:
        raise WrongUsage(str(error)) from error
    word = "would be forgotten" if dry_run else "forgotten"
    _report(out, report, _PRUNED, f"{report['runs']} runs {word}{_details(would)}")


def _prune(path: Path, query: dict[str, Any]) -> dict[str, Any]:
    """By the owner, or as the owner where there is none; no run goes on meanwhile, for nothing serves its tasks."""
    handle = _core.Engine(
        str(path), mode=0, durability=0, threads=1, create=False, retention_age_ns=0, retention_count_max=0
    )
    try:
        words = {
            "ended_before": query["older_than"] and query["older_than"].isoformat(),
            **{key: query[key] for key in ("keep", "state", "workflow")},
        }
        done = json.loads(handle.prune(json.dumps(words)))
    finally:
        handle.close(0, -1)
    return {"runs": done["runs"], "dry_run": False}


def _agreed(would: dict[str, Any], yes: bool) -> bool:
    if yes:
        return True
    if not sys.stdin.isatty():
        raise WrongUsage(f"{would['runs']} runs would be forgotten; say --yes, or look with --dry-run")
    return typer.confirm(f"Forget {would['runs']} runs{_details(would)}?", err=True)


def _details(would: dict[str, Any]) -> str:
    if not would["runs"]:
        return ""
    span = f"{local_time(would['ended_min'])} to {local_time(would['ended_max'])}"
    return f" ({counts_text(would['states'])}; ended {span})"


def _report(out: Output, report: Row, columns: tuple[Column, ...], text: str) -> None:
    if out.is_for_people:
        print(text)
    else:
        out.record(report, list(columns), keys=report)


@contextlib.contextmanager
def _progress(word: str) -> Iterator[Progress | None]:
    """On a terminal a line that is written over; elsewhere nothing."""
    if not sys.stderr.isatty():
        yield None
        return

    def tell(done: int, total: int) -> None:
        sys.stderr.write(f"\r{word} {bytes_text(done)} of {bytes_text(total)} \x1b[K")
        sys.stderr.flush()

    try:
        yield tell
    finally:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
