"""Options that several verbs take, declared once."""

from enum import Enum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

__all__ = [
    "Db",
    "Fields",
    "Format",
    "Labels",
    "Limit",
    "OutputFormat",
    "RunName",
    "Since",
    "States",
    "Target",
    "Until",
    "Where",
    "WorkflowName",
]


class Format(str, Enum):
    """What `-o` takes."""

    table = "table"
    wide = "wide"
    json = "json"
    jsonl = "jsonl"
    yaml = "yaml"
    csv = "csv"
    tsv = "tsv"
    md = "md"
    name = "name"


Db: TypeAlias = Annotated[
    Path | None,
    typer.Option("--db", metavar="DIR", help="The store; $TENUTO_DB by default, else ./tenuto.db.", show_default=False),
]
OutputFormat: TypeAlias = Annotated[
    Format | None,
    typer.Option(
        "-o", "--output", help="On a terminal a table, in a pipe TSV without a head line.", show_default=False
    ),
]
Fields: TypeAlias = Annotated[
    str | None,
    typer.Option("--json", metavar="FIELDS", help="Only these fields, as JSON: id,state,error.message"),
]
RunName: TypeAlias = Annotated[
    str,
    typer.Argument(metavar="RUN", help="An id, a prefix of one, @last, @last:WORKFLOW or @failed.", show_default=False),
]
Target: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="TARGET",
        help="module:workflow, file.py:workflow, or a file with a definition or in WfFormat.",
        show_default=False,
    ),
]
WorkflowName: TypeAlias = Annotated[
    str | None, typer.Option("--workflow", "-w", metavar="NAME", help="Of this workflow.")
]
States: TypeAlias = Annotated[
    list[str] | None, typer.Option("--state", "-s", metavar="STATE", help="In this state; may be given several times.")
]
Labels: TypeAlias = Annotated[
    list[str] | None, typer.Option("--label", "-l", metavar="KEY=VALUE", help="With this label.")
]
Where: TypeAlias = Annotated[
    str | None,
    typer.Option("--where", metavar="CEL", help="For which this holds: \"retries > 2 && state == 'failed'\""),
]
Since: TypeAlias = Annotated[
    str | None, typer.Option("--since", metavar="TIME", help="Since then: 2h, 1d, 2026-01-31T08:00:00Z.")
]
Until: TypeAlias = Annotated[str | None, typer.Option("--until", metavar="TIME", help="Before then.")]
Limit: TypeAlias = Annotated[int, typer.Option("--limit", "-n", min=1, help="So many at most.")]
