"""`tenuto run` and `tenuto start`."""

import contextlib
import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

import tenuto
from tenuto import Engine, Run, TimedOut, _core
from tenuto.cli import _options as options
from tenuto.cli._exit import WrongUsage
from tenuto.cli._input import defaults_from, input_from
from tenuto.cli._output import note, print_json, print_lines
from tenuto.cli._store import client, pairs, store_path, user
from tenuto.cli._target import Target, load
from tenuto.cli._text import counts_text, duration_text, seconds_between
from tenuto.cli._wait import output_of
from tenuto.cli._watch import watching
from tenuto.errors import InvalidArgument
from tenuto.policy import duration_ns

__all__ = ["run", "start"]

_Parameters = Annotated[
    list[str] | None,
    typer.Option("-p", "--param", metavar="NAME=VALUE", help="Text where annotated str, else JSON, else text."),
]
_Input = Annotated[
    str | None, typer.Option("--input", metavar="JSON|@FILE", help="The whole input; -p goes over what it has.")
]
_Id = Annotated[
    str | None, typer.Option("--id", metavar="ID", help="The run's id; the same id twice gives the same run.")
]
_With = Annotated[
    list[str] | None,
    typer.Option(
        "--with", metavar="retry=3,timeout=30s", help="For tasks that don't set it: retry, timeout, pool, pure."
    ),
]
_Labels = Annotated[list[str] | None, typer.Option("-l", "--label", metavar="KEY=VALUE", help="A label of the run.")]


def run(
    context: typer.Context,
    target: options.Target,
    param: _Parameters = None,
    input: _Input = None,
    id: _Id = None,
    policies: _With = None,
    label: _Labels = None,
    timeout: Annotated[
        str | None, typer.Option("--timeout", metavar="1m", help="Wait so long; the run itself goes on.")
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Show on stderr how it goes on.")] = False,
    own: Annotated[
        bool, typer.Option("--own", help="Run the tasks in this process; end with 7 when another owns the store.")
    ] = False,
    db: options.Db = None,
) -> None:
    """Run a workflow here and print its output as JSON.

    The run's id goes to stderr. While another process owns the store, that process runs it, and this one waits.
    """
    limit = None if timeout is None else _limit(timeout)
    found, workflow, coded = _prepared(target, param, input, policies)
    labels = pairs("--label", label)
    path = store_path(context, db)
    with contextlib.closing(tenuto.open(path, mode="owner" if own else "auto")) as engine:
        if engine.role == "owner":
            found.bring_bodies()
        started = _submit(engine, workflow, coded, id, labels)
        note(f"run {started.id}")
        if engine.role == "client":
            note(f"process {engine.info().get('owner_pid')} owns {path} and runs the tasks")
        try:
            with watching() if watch else contextlib.nullcontext() as show:
                output = output_of(started, engine, found, limit, show)
        except TimedOut as error:
            raise TimedOut(
                f"run {started.id} is still {started.state} after {timeout} and goes on while an engine has the store open; "
                f"`tenuto tree {started.id}` shows what it does"
            ) from error
        print_json(output)
        # Closing may take a moment.
        sys.stdout.flush()
        _summarise(started)


def start(
    context: typer.Context,
    target: options.Target,
    param: _Parameters = None,
    input: _Input = None,
    id: _Id = None,
    policies: _With = None,
    label: _Labels = None,
    db: options.Db = None,
) -> None:
    """Start a run and print its id.

    The engine that owns the store runs it. Without one the start is accepted and durable, and waits until an engine opens
    the store.
    """
    _, workflow, coded = _prepared(target, param, input, policies)
    labels = pairs("--label", label)
    path = store_path(context, db)
    _make_store(path)
    with client(path) as engine:
        started = _submit(engine, workflow, coded, id, labels)
        if engine.info().get("owner_pid") is None:
            note("accepted, no engine is running; it starts when one opens the store")
        print_lines([started.id])


def _prepared(
    text: str, parameters: list[str] | None, input: str | None, policies: list[str] | None
) -> tuple[Target, _core.Workflow, bytes | None]:
    """The target, checked, with its input, so that nothing is opened for words that don't fit."""
    defaults = defaults_from(policies)
    target = load(text)
    workflow = target.compile(defaults)
    return target, workflow, target.encode(input_from(target, parameters, input))


def _limit(text: str) -> timedelta:
    try:
        return timedelta(microseconds=duration_ns(text, "--timeout") / 1000)
    except InvalidArgument as error:
        raise WrongUsage(str(error)) from error


def _submit(
    engine: Engine, workflow: _core.Workflow, coded: bytes | None, id: str | None, labels: dict[str, str]
) -> Run[Any]:
    return engine._start(workflow, coded, msgspec.json.decode, id=id, labels=labels or None, by=user())


def _summarise(run: Run[Any]) -> None:
    facts = run.describe()
    took = duration_text(seconds_between(facts.get("started"), facts.get("ended")))
    note(f"{facts['state']} in {took}: {counts_text(facts.get('tasks') or {}) or 'no tasks'}")


def _make_store(path: Path) -> None:
    """An empty store where there is none: a start is not lost because no engine has been there yet."""
    if path.exists():
        return
    with contextlib.suppress(tenuto.Owned):
        tenuto.open(path, mode="owner").close()
