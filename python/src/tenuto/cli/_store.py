"""Opening the store that a verb is about, and asking it."""

import contextlib
import getpass
import json
import os
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import msgspec
import typer

import tenuto
from tenuto import Engine
from tenuto.cli._exit import WrongUsage
from tenuto.cli._text import moment
from tenuto.errors import NotFound

__all__ = ["UNLIMITED", "client", "filters", "pairs", "selected", "split_node", "store_path", "user"]

#: Every run, for verbs that change what they select.
UNLIMITED = 2**31 - 1


def store_path(context: typer.Context, db: Path | None) -> Path:
    """The store: `--db` behind the verb, `--db` before it, $TENUTO_DB, ./tenuto.db."""
    return db or context.obj or Path(os.environ.get("TENUTO_DB") or "tenuto.db")


@contextlib.contextmanager
def client(path: Path) -> Iterator[Engine]:
    """Opens a store to read it, and to send commands to its owner, without ever owning it.

    Raises:
        NotFound: there is none.
    """
    try:
        engine = tenuto.open(path, mode="client", create=False)
    except NotFound as error:
        raise NotFound(
            f"there is no store at {path}; `tenuto run` makes one, and --db DIR or $TENUTO_DB names another"
        ) from error
    with contextlib.closing(engine):
        yield engine


def split_node(text: str) -> tuple[str, str | None]:
    """RUN/PATH, or RUN alone."""
    run, slash, node = text.partition("/")
    return run, node if slash else None


def filters(
    *,
    workflow: str | None = None,
    states: Sequence[str] | None = None,
    labels: Sequence[str] | None = None,
    where: str | None = None,
    since: str | None = None,
    until: str | None = None,
    limit: int | None = None,
) -> dict[str, Any]:
    """A query of the engine, from what the options say.

    Raises:
        WrongUsage: an option has no such value.
    """
    query = {
        "workflow": workflow,
        "state": [word for text in states or () for word in text.split(",")] or None,
        "label": pairs("--label", labels) or None,
        "where": where,
        "since": _utc(moment("--since", since)),
        "until": _utc(moment("--until", until)),
        "limit": limit,
    }
    return {key: value for key, value in query.items() if value is not None}


def selected(engine: Engine, query: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of a query, newest first.

    Raises:
        WrongUsage: the condition or a state is not valid.
    """
    try:
        lines = engine._handle.runs(json.dumps(query).encode())
    except tenuto.InvalidArgument as error:
        raise WrongUsage(str(error)) from error
    return [msgspec.json.decode(line) for line in lines.splitlines()]


def pairs(option: str, texts: Sequence[str] | None) -> dict[str, str]:
    """KEY=VALUE words as a dict.

    Raises:
        WrongUsage: a word has no `=`.
    """
    found: dict[str, str] = {}
    for text in texts or ():
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise WrongUsage(f"{option}: {text!r} is not KEY=VALUE")
        found[key] = value
    return found


def user() -> str | None:
    """Who gives the command, for the audit."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return None


def _utc(time: datetime | None) -> str | None:
    return None if time is None else time.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
