"""`tenuto db`: the store itself."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import typer

import tenuto
from tenuto.cli import _options as options
from tenuto.cli import _verify, db_care
from tenuto.cli._exit import ERROR, OK
from tenuto.cli._options import Format
from tenuto.cli._output import Column, Output, Row, note, print_lines
from tenuto.cli._store import client, store_path
from tenuto.cli._text import bytes_text, counts_text, json_text
from tenuto.errors import Damaged, NotFound, from_status

__all__ = ["app"]

app: Final = typer.Typer(help="The store itself: facts, verification, backups, and what may go.", rich_markup_mode=None)

_FACTS: Final = (
    Column.of("path"),
    Column.of("uuid"),
    Column.of("format"),
    Column.of("generation"),
    Column(
        title="owner", raw=lambda facts: facts.get("owner_pid"), cell=lambda facts: _owner_text(facts.get("owner_pid"))
    ),
    Column.of("live_runs"),
    Column.of("ended_runs"),
)


def _owner_text(pid: int | None) -> str:
    return "none" if pid is None else f"process {pid}"


@app.command()
def info(
    context: typer.Context,
    output: options.OutputFormat = None,
    fields: options.Fields = None,
    db: options.Db = None,
) -> None:
    """Show the owner, sizes and counts of the store."""
    out = Output(output, fields)
    with client(store_path(context, db)) as engine:
        facts = engine.info()
    out.record(facts, [*_FACTS, *_columns_of(facts, "journal"), *_columns_of(facts, "state")], keys=facts)


def _columns_of(facts: dict[str, Any], group: str) -> Iterator[Column]:
    """Whatever this version of the library tells about a part of the store."""
    for key, value in (facts.get(group) or {}).items():
        title = f"{group}.{key}"
        if isinstance(value, dict):
            yield _fact(title, value, counts_text({name: count for name, count in value.items() if count}))
        else:
            yield _fact(title, value, bytes_text(value) if key.endswith("bytes") else json_text(value))


def _fact(title: str, value: Any, text: str) -> Column:
    return Column(title=title, raw=lambda _: value, cell=lambda _: text)


@app.command()
def verify(
    context: typer.Context,
    output: options.OutputFormat = None,
    fields: options.Fields = None,
    db: options.Db = None,
) -> None:
    """Read everything in the store and check it.

    Ends with 1 when something is damaged. It happens in a process of its own: a store may be damaged in ways that end
    the process that reads it.
    """
    out = Output(output, fields)
    path = store_path(context, db)
    report = _verified(path)
    if out.is_for_people or out.format is Format.tsv:
        print_lines(_report_lines(path, report))
    else:
        out.record(report, [Column.of("ok"), Column.of("problems")], keys=report)
    raise typer.Exit(OK if report["ok"] else ERROR)


def _verified(path: Path) -> dict[str, Any]:
    """The report of the child process; one about its death when it died."""
    # From the folder of the package: it is found there, and nothing that lies in the user's is imported.
    command = [sys.executable, "-m", _verify.__name__, str(path.resolve())]
    folder = Path(tenuto.__file__).absolute().parents[1]
    child = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if child.returncode == _verify.REPORTED:
        report: dict[str, Any] = json.loads(child.stdout)
        return report
    if child.returncode == _verify.REFUSED:
        refusal = json.loads(child.stdout)
        error = from_status(refusal["status"], refusal["text"])
        if isinstance(error, NotFound):
            raise NotFound(f"there is no store at {path}; --db DIR or $TENUTO_DB names another") from error
        if not isinstance(error, Damaged):
            raise error
        return {"ok": False, "checked": {}, "problems": [{"where": str(path), "what": str(error)}]}
    what = f"reading it ended the process: {_death(child)}; restore the store from a backup"
    return {"ok": False, "checked": {}, "problems": [{"where": str(path), "what": what}]}


def _death(child: "subprocess.CompletedProcess[bytes]") -> str:
    if child.returncode < 0:
        return f"signal {-child.returncode} ({signal.Signals(-child.returncode).name})"
    last = child.stderr.decode(errors="replace").strip().splitlines()[-1:]
    return f"exit code {child.returncode}{': ' if last else ''}{''.join(last)}"


def _report_lines(path: Path, report: Row) -> Iterator[str]:
    if report["ok"]:
        yield f"ok: {path}"
        for name, count in report["checked"].items():
            yield f"  {json_text(count)} {name}"
        return
    yield f"damaged: {path}"
    for problem in report["problems"]:
        yield f"  {problem['where']}: {problem['what']}"
    note(f"tenuto: {path} has {len(report['problems'])} problems; restore it from a backup")


for _verb in (db_care.backup, db_care.restore, db_care.compact, db_care.prune):
    app.command()(_verb)
