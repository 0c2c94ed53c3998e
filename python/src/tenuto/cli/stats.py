"""`tenuto stats`: the metrics of docs/operations.md."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import typer

from tenuto import Engine, InvalidArgument
from tenuto.cli import _options as options
from tenuto.cli._exit import WrongUsage
from tenuto.cli._options import Format
from tenuto.cli._output import Column, Output, Row, field, print_lines
from tenuto.cli._store import client, store_path
from tenuto.cli._text import counts_text, duration_text, local_time, moment, share_text

__all__ = ["stats"]

_PERCENTILES: Final = ("p50", "p90", "p95", "p99", "mean")
_ENDS: Final = ("completed", "failed", "timed_out", "rejected", "cancelled")


def stats(
    context: typer.Context,
    workflow: options.WorkflowName = None,
    since: options.Since = None,
    until: options.Until = None,
    output: options.OutputFormat = None,
    fields: options.Fields = None,
    db: options.Db = None,
) -> None:
    """Show metrics: rates, times, utilisation.

    They are of the runs that ended in a window of time; with --since, the window before it stands beside them. -o wide
    adds a table of the workflows. Programs get shares of one and seconds.
    """
    out = Output(output, fields)
    with client(store_path(context, db)) as engine:
        facts = _asked(engine, workflow, since, until)
    if out.fields is not None or out.format in (Format.json, Format.jsonl, Format.yaml):
        out.record(facts, [], keys=facts)
        return
    has_previous = facts.get("previous") is not None
    columns = [column for column in _COLUMNS if has_previous or column.title != "previous"]
    out.rows(list(_lines(facts)), columns, keys=(), nothing="")
    if out.format is Format.wide and facts["workflows"]:
        print_lines([""])
        rows = [{"workflow": name, **one} for name, one in facts["workflows"].items()]
        out.rows(rows, _WORKFLOW_COLUMNS, keys=(), nothing="")


def _asked(engine: Engine, workflow: str | None, since: str | None, until: str | None) -> dict[str, Any]:
    window = {"since": moment("--since", since), "until": moment("--until", until)}
    try:
        return engine.stats(workflow=workflow, **window)
    except InvalidArgument as error:
        raise WrongUsage(str(error)) from error


def _count_text(value: float | None) -> str:
    return "-" if value is None else f"{value:,}"


def _rate_text(value: float | None) -> str:
    """A number per hour."""
    return "-" if value is None else f"{value:,.0f}/h" if value >= 100 else f"{value:.3g}/h"


# Name, where the value is, and how people read it.
_METRICS: Final[Sequence[tuple[str, str, Callable[[Any], str]]]] = (
    ("Process Completion Rate", "completion_rate", share_text),
    ("First-time-right", "first_time_right", share_text),
    ("Error Rate", "error_rate", share_text),
    ("Rejected", "rejected_share", share_text),
    *((f"Cycle Time {name}", f"cycle_time.{name}", duration_text) for name in _PERCENTILES),
    ("Touch Time", "touch_seconds", duration_text),
    ("Attempt Error Rate", "attempts.error_rate", share_text),
)
_FLOW: Final[Sequence[tuple[str, str, Callable[[Any], str]]]] = (
    ("Throughput started", "throughput.started_per_hour", _rate_text),
    ("Throughput ended", "throughput.ended_per_hour", _rate_text),
    ("Open now", "open", _count_text),
    ("Oldest open", "oldest_open_seconds", duration_text),
)


def _lines(facts: Row) -> Iterator[Row]:
    previous = facts.get("previous") or {}
    yield _line("Runs ended", "runs.ended", _count_text, facts, previous, _ends_text(facts))
    for name, path, text in _METRICS:
        yield _line(name, path, text, facts, previous, _details(name, facts))
    yield from _utilization(facts.get("resource_utilization") or {}, previous.get("resource_utilization") or {})
    for name, path, text in _FLOW:
        yield _line(name, path, text, facts, previous, _details(name, facts))


def _line(name: str, path: str, text: Callable[[Any], str], facts: Row, previous: Row, details: str) -> Row:
    value, before = field(facts, path), field(previous, path)
    # What is so at this moment has no previous value.
    before_text = "" if before is None and path in ("open", "oldest_open_seconds") else text(before)
    return {
        "metric": name,
        "value": value,
        "previous": before,
        "text": text(value),
        "before": before_text,
        "details": details,
    }


def _utilization(pools: Mapping[str, Row], before: Mapping[str, Row]) -> Iterator[Row]:
    for pool in sorted({*pools, *before}) or [""]:
        used = pools.get(pool, {})
        details = ""
        if used:
            busy, available = used["busy_slot_seconds"], used["available_slot_seconds"]
            details = f"{busy:,.1f} of {available:,.1f} slot-seconds, {used['slots_max']} slots"
        yield _line(
            f"Resource Utilization {pool}".rstrip(), "utilization", share_text, used, before.get(pool, {}), details
        )


def _details(name: str, facts: Row) -> str:
    if name == "Attempt Error Rate":
        attempts = facts["attempts"]
        return f"{attempts['failed']:,} of {attempts['all']:,} attempts"
    if name == "Oldest open" and facts.get("oldest_open"):
        return f"since {local_time(facts['oldest_open'])}"
    return ""


def _ends_text(facts: Row) -> str:
    return counts_text({state: facts["runs"][state] for state in _ENDS if facts["runs"][state]})


def _figure(title: str, path: str, text: Callable[[Any], str]) -> Column:
    return Column(title=title, raw=lambda row: field(row, path), cell=lambda row: text(field(row, path)))


_COLUMNS: Final = (
    Column.of("metric", keep=True),
    Column(title="value", raw=lambda row: row["value"], cell=lambda row: row["text"], keep=True),
    Column(title="previous", raw=lambda row: row["previous"], cell=lambda row: row["before"], keep=True),
    Column.of("details"),
)
_WORKFLOW_COLUMNS: Final = (
    Column.of("workflow", keep=True),
    _figure("ended", "runs.ended", _count_text),
    _figure("completion rate", "completion_rate", share_text),
    _figure("error rate", "error_rate", share_text),
    _figure("cycle time p50", "cycle_time.p50", duration_text),
    _figure("p99", "cycle_time.p99", duration_text),
    _figure("open now", "open", _count_text),
)
