"""Engines: opening a store, and what it can be asked."""

import asyncio
import atexit
import functools
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar, Token
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

import msgspec

from tenuto import _core, serialize
from tenuto._run import Run, RunRow, RunStatus
from tenuto.care import Progress
from tenuto.errors import InvalidArgument, TimedOut, WrongState
from tenuto.policy import Duration, duration_ns
from tenuto.worker import Workers, default_slots

if TYPE_CHECKING:
    from tenuto.workflow import Workflow

__all__ = ["Engine", "Run", "RunRow", "RunStatus", "current_engine", "open", "refuse_on_loop"]

R = TypeVar("R")

_MODES: Final = {"auto": 0, "owner": 1, "client": 2}
_DURABILITIES: Final = {"full": 0, "relaxed": 1, "memory": 2}
_ROLES: Final = {0: "closed", 1: "owner", 2: "client"}
_DETACH = 0
_OWNER, _CLIENT = 1, 2
_ROW: Final = msgspec.json.Decoder(RunRow)
# For bodies that are under way when the engine is closed without draining; they run again at the next open otherwise.
_GRACE_S: Final = 1.0
# For threads to end that have no body to run.
_LEAVING_S: Final = 0.2
# Between looks of a drain at signals.
_DRAIN_SLICE_NS: Final = 50_000_000
# Between looks of a waiting client at whether there is an owner: each opens a file. Not critical.
_LOOK_S: Final = 0.5

_CURRENT: "ContextVar[Engine | None]" = ContextVar("tenuto_engine", default=None)
_lock = threading.Lock()
_open_engines: "set[Engine]" = set()
_default: "Engine | None" = None


def open(
    path: str | os.PathLike[str] | None = None,
    *,
    mode: Literal["auto", "owner", "client"] = "auto",
    durability: Literal["full", "relaxed", "memory"] = "full",
    threads: int = 0,
    slots: int | None = None,
    create: bool = True,
    retention_age: Duration | None = None,
    retention_count: int | None = None,
) -> "Engine":
    """Opens a store.

    Args:
        path: the directory; $TENUTO_DB by default, else tenuto.db in the working directory.
        mode: "auto" owns the store, or is a client while another process does; "owner" or "client" alone.
        durability: "full": nothing outside sees what is not on disk; "relaxed": a crash loses at most the last 50 ms;
            "memory": no store at all.
        threads: of the engine itself; 0: one per core.
        slots: threads for bodies of `def` tasks, per pool; four per core and 32 at most by default.
        create: make the store when there is none.
        retention_age: remove runs that ended longer ago; all are kept by default.
        retention_count: keep so many ended runs; all by default.

    Returns:
        The engine. Close it, or use it in a `with`, which makes it the current one and closes it.

    Raises:
        Owned: another process owns the store (mode "owner").
        NotFound, InvalidArgument: there is no store, or something else (create=False).
        Damaged, NewerFormat, StorageError: the store can't be used.

    Example:
        >>> with open(durability="memory") as engine:
        ...     engine.role
        'owner'
    """
    if slots is not None and (isinstance(slots, bool) or not isinstance(slots, int) or not 1 <= slots <= 10_000):
        raise InvalidArgument(f"slots: {slots!r} is not a number from 1 to 10000")
    if retention_count is not None and retention_count < 1:
        raise InvalidArgument(f"retention_count: {retention_count!r} is not a number from 1; leave it out to keep all")
    where = os.fspath(path) if path is not None else os.environ.get("TENUTO_DB") or "tenuto.db"
    open_handle = functools.partial(
        _core.Engine,
        where,
        mode=_word("mode", mode, _MODES),
        durability=_word("durability", durability, _DURABILITIES),
        threads=threads,
        create=create,
        retention_age_ns=0 if retention_age is None else duration_ns(retention_age, "retention_age"),
        retention_count_max=retention_count or 0,
    )
    return Engine(open_handle, Path(where), slots or default_slots(), takes_over=mode == "auto")


def current_engine() -> "Engine":
    """The engine of the innermost `with engine:`, else of the body that runs here, else the default store, opened now.

    Returns:
        An open engine.

    Example:
        >>> with open(durability="memory") as engine:
        ...     current_engine() is engine
        True
    """
    engine = _CURRENT.get()
    if engine is not None:
        return engine
    global _default
    with _lock:
        found = _default
    if found is None or not found._usable:
        opened = open()
        with _lock:
            if _default is None or not _default._usable:
                _default = opened
            found = _default
        if found is not opened:
            opened.close()
    return found


def refuse_on_loop(call: str, instead: str) -> None:
    """Raises when an event loop runs in this thread: waiting would stop it.

    Args:
        call: what was called.
        instead: what to write.

    Raises:
        WrongState: a loop runs.

    Example:
        >>> refuse_on_loop("wf.run()", "await run")
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise WrongState(f"{call} would block the event loop that runs in this thread; write {instead}")


class Engine:
    """An open store. Made by `open`. Thread-safe."""

    def __init__(self, open_handle: Callable[[], _core.Engine], path: Path, slots: int, *, takes_over: bool) -> None:
        self.path = path
        self.opened = 1
        """How often it was opened: a client that takes over from a lost owner opens the store again."""
        self._open_handle = open_handle
        self._handle = open_handle()
        self._slots = slots
        self._takes_over = takes_over
        self._next_look = time.monotonic() + _LOOK_S
        self._pid = os.getpid()
        self._workers: Workers | None = None
        self._closed = False
        self._lock = threading.Lock()
        self._tokens: list[Token[Engine | None]] = []
        _close_at_exit(self)
        self._serve_if_owner()

    @property
    def role(self) -> str:
        """ "owner", "client" (another process owns the store) or "closed"."""
        return "closed" if self._closed else _ROLES[self._handle.role()]

    def __enter__(self) -> "Engine":
        self._tokens.append(_CURRENT.set(self))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _CURRENT.reset(self._tokens.pop())
        if not self._tokens:
            self.close()

    def start(
        self,
        workflow: "Workflow[..., Any] | Mapping[str, Any] | _core.Workflow",
        input: Mapping[str, Any] | None = None,
        *,
        id: str | None = None,
        labels: Mapping[str, str] | None = None,
        by: str | None = None,
    ) -> Run[Any]:
        """Starts a run of a workflow or a definition; `Workflow.start` is the typed way.

        Args:
            workflow: a workflow, or a definition as a dict.
            input: by parameter name; defaults are filled in for a workflow.
            id: see Workflow.start.
            labels: see Workflow.start.
            by: who starts it, for the audit.

        Returns:
            The run.

        Raises:
            InvalidArgument: the definition or input is not valid.
            Conflict: the id belongs to a run of another workflow or input.

        Example:
            >>> with open(durability="memory") as engine:
            ...     run = engine.start({"tenuto": 1, "name": "echo", "tasks": {}, "output": "${input.x}"}, {"x": 7})
            ...     run.result(timeout="1m")
            7
        """
        if isinstance(workflow, Mapping):
            workflow = _core.Workflow.compile(serialize.encode(workflow, path="definition"))
        if isinstance(workflow, _core.Workflow):
            coded = None if input is None else serialize.encode(input, path="input")
            return self._start(workflow, coded, msgspec.json.decode, id=id, labels=labels, by=by)
        return self._start(
            workflow.compiled,
            workflow._input((), dict(input or {})),
            workflow._decode_output,
            id=id,
            labels=labels,
            by=by,
        )

    def start_many(self, workflow: "Workflow[..., Any]", inputs: Sequence[Mapping[str, Any]]) -> range:
        """Starts many runs of one workflow with one commit. For the owner only.

        Args:
            workflow: the workflow.
            inputs: one object by parameter name per run.

        Returns:
            The numbers of the runs.

        Raises:
            InvalidArgument: an input does not fit; none is started.

        Example:
            >>> import tenuto
            >>> @tenuto.workflow
            ... def same(x: int) -> int:
            ...     return x
            >>> with open(durability="memory") as engine:
            ...     len(engine.start_many(same, [{"x": 1}, {"x": 2}]))
            2
        """
        first = self._handle.start_many(workflow.compiled, [workflow._input((), dict(each)) for each in inputs])
        return range(first, first + len(inputs))

    def find(self, id: str) -> Run[Any]:
        """A run by its id.

        Args:
            id: the id, a prefix of one run's id only, "@last", "@last:WORKFLOW" or "@failed".

        Returns:
            The run.

        Raises:
            NotFound: there is none.
            Conflict: the prefix fits several.

        Example:
            >>> with open(durability="memory") as engine:
            ...     engine.find("nothing")
            Traceback (most recent call last):
            tenuto.errors.NotFound: ...
        """
        return Run(self.find_handle(id), msgspec.json.decode, self)

    def find_handle(self, id: str) -> _core.Run:
        """The extension module's handle of a run; `find` is for users.

        Args:
            id: see find.

        Returns:
            The handle.

        Raises:
            NotFound: there is no such run.
        """
        return self._handle.find(id)

    def look_after(self) -> None:
        """Takes over when this is a client and the owner of the store is gone; called now and then while a run is awaited."""
        if not self._takes_over or self._workers is not None or time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + _LOOK_S
        if self._handle.role() == _CLIENT and self.info()["owner_pid"] is None:
            self._open_again()
            self._serve_if_owner()

    def runs(
        self,
        *,
        workflow: str | None = None,
        state: str | Sequence[str] | None = None,
        id_prefix: str | None = None,
        since: "datetime | Duration | None" = None,
        until: "datetime | Duration | None" = None,
        label: Mapping[str, str] | None = None,
        where: str | None = None,
        limit: int = 100,
    ) -> list[RunRow]:
        """Runs, newest first.

        Args:
            workflow: of this workflow.
            state: in this state, or one of these.
            id_prefix: whose id begins so.
            since: started since then: a datetime with a zone, or so long ago ("2h").
            until: started before then.
            label: with these labels.
            where: CEL over the row: "workflow == 'etl' && state == 'failed'".
            limit: so many at most.

        Returns:
            Rows.

        Raises:
            InvalidArgument: a word or the condition is not valid.

        Example:
            >>> with open(durability="memory") as engine:
            ...     engine.runs(state="failed", since="1d")
            []
        """
        query = {
            "workflow": workflow,
            "state": [state] if isinstance(state, str) else state,
            "id_prefix": id_prefix,
            "since": _moment("since", since),
            "until": _moment("until", until),
            "label": label,
            "where": where,
            "limit": limit,
        }
        return [_ROW.decode(line) for line in self._handle.runs(_query(query)).splitlines()]

    def stats(
        self,
        *,
        workflow: str | None = None,
        since: "datetime | Duration | None" = None,
        until: "datetime | Duration | None" = None,
    ) -> dict[str, Any]:
        """The metrics of docs/operations.md: completion rate, cycle time, error rate, utilisation.

        Args:
            workflow: of this workflow.
            since: of runs that ended since then: a datetime with a zone, or so long ago ("7d").
            until: before then.

        Returns:
            A new dict.

        Example:
            >>> with open(durability="memory") as engine:
            ...     isinstance(engine.stats(), dict)
            True
        """
        query = {"workflow": workflow, "since": _moment("since", since), "until": _moment("until", until)}
        stats: dict[str, Any] = msgspec.json.decode(self._handle.stats(_query(query)))
        return stats

    def info(self) -> dict[str, Any]:
        """Facts of the store: path, format, generation, owner, positions, sizes, counts.

        Returns:
            A new dict.
        """
        facts: dict[str, Any] = msgspec.json.decode(self._handle.info())
        return facts

    def backup(self, target: str | os.PathLike[str], *, progress: Progress | None = None) -> dict[str, Any]:
        """Makes a backup of the store in a new directory, while everything goes on.

        What was acknowledged before the call is in it. `tenuto.restore` makes a store from it.

        Args:
            target: the directory; it must not exist.
            progress: called now and then with the bytes that are done and the bytes in all, about.

        Returns:
            path, bytes, position and counts.

        Raises:
            Conflict: something is at `target`.
            InvalidArgument: `target` lies in the store, or where there is no directory.
            Damaged: the store is; the text names the place.
            WrongState: the engine is in memory.
            Full, StorageError: nothing is left of the backup.

        Example:
            >>> with open(durability="memory") as engine:
            ...     engine.backup("backup")
            Traceback (most recent call last):
            ...
            tenuto.errors.WrongState: this engine has no store (durability "memory"), so there is nothing to back up
        """
        report: dict[str, Any] = msgspec.json.decode(self._handle.back_up(os.fspath(target), progress))
        return report

    def prune(
        self,
        *,
        older_than: "datetime | Duration | None" = None,
        keep: int | None = None,
        state: str | Sequence[str] | None = None,
        workflow: str | None = None,
        dry_run: bool = False,
    ) -> dict[str, Any]:
        """Forgets ended runs for which all that is given holds: their rows, their histories and their chosen ids.

        Args:
            older_than: that ended so long ago ("30d"), or before a datetime with a zone.
            keep: spares so many of the youngest of the states and the workflow; 0 spares none.
            state: that ended in this state, or in one of these.
            workflow: of this workflow.
            dry_run: only say what would go.

        Returns:
            `runs`, how many have gone or would go, `matching`, how many are of the states and the workflow; with dry_run,
            and in the owner, also `states`, `workflows`, `ended_min` and `ended_max` of those that go.

        Raises:
            InvalidArgument: nothing is given, or a state in which runs are live.
            WrongState: this is a client, and nobody owns the store.

        Example:
            >>> with open(durability="memory") as engine:
            ...     engine.prune(older_than="30d", keep=1000)["runs"]
            0
        """
        query = {
            "ended_before": _moment("older_than", older_than),
            "keep": keep,
            "state": state,
            "workflow": workflow,
            "dry_run": dry_run,
        }
        report: dict[str, Any] = msgspec.json.decode(self._handle.prune(_query(query).decode()))
        return report

    def close(self, *, drain: bool = False, timeout: Duration | None = None) -> None:
        """Closes the store.

        Args:
            drain: wait first until no run can go on by itself; else what runs continues at the next open.
            timeout: how long to wait at most.

        Raises:
            TimedOut: it did not drain in time, and was closed all the same.

        Example:
            >>> engine = open(durability="memory")
            >>> engine.close(drain=True)
            >>> engine.role
            'closed'
        """
        limit = None if timeout is None else duration_ns(timeout, "timeout")
        with self._lock:
            if self._closed:
                return
            self._closed = True
        _open_engines.discard(self)
        if os.getpid() != self._pid:
            return
        try:
            if drain:
                self._drain(limit)
        finally:
            self._detach(0 if drain else _GRACE_S)

    def __repr__(self) -> str:
        return f"<engine {self.path} {self.role}>"

    @property
    def _usable(self) -> bool:
        return not self._closed and os.getpid() == self._pid

    def _start(
        self,
        workflow: _core.Workflow,
        input: bytes | None,
        decode: Callable[[bytes], Any],
        *,
        id: str | None = None,
        labels: Mapping[str, str] | None = None,
        by: str | None = None,
    ) -> Run[Any]:
        coded = None if labels is None else serialize.encode(labels, path="labels")
        handle = self._handle.start(workflow, input, id=id, labels=coded, by=by, test=False)
        return Run(handle, decode, self)

    def _drain(self, limit_ns: int | None) -> None:
        """In slices, so that Ctrl-C is heard between them."""
        end = None if limit_ns is None else time.monotonic_ns() + limit_ns
        while True:
            left = _DRAIN_SLICE_NS if end is None else max(0, end - time.monotonic_ns())
            if self._handle.drain(min(left, _DRAIN_SLICE_NS)):
                return
            if end is not None and left <= _DRAIN_SLICE_NS:
                raise TimedOut("some runs were still going on; they continue when the store is opened again")

    def _detach(self, grace: float) -> None:
        """Closes the store, and gives bodies that run some seconds to be recorded first."""
        workers = self._workers
        try:
            if workers is not None and grace > 0:
                workers.stop(grace)
        finally:
            self._handle.close(_DETACH, -1)
            if workers is not None:
                workers.stop(0)
                workers.join(_LEAVING_S)

    def _open_again(self) -> None:
        """As the owner, or as a client of whoever was faster. Runs find their handles again by their ids."""
        with self._lock:
            if self._closed:
                return
            self._handle.close(_DETACH, -1)
            self._handle = self._open_handle()
            self.opened += 1

    def _serve_if_owner(self) -> None:
        """Begins to run bodies when this process owns the store."""
        if self._workers is not None or self._handle.role() != _OWNER:
            return
        with self._lock:
            if self._workers is None and not self._closed:
                self._workers = Workers(self._handle, self._slots, lambda: _CURRENT.set(self))
                self._workers.start()


def _close_at_exit(engine: Engine) -> None:
    with _lock:
        if not _open_engines:
            atexit.unregister(_close_all)
            atexit.register(_close_all)
        _open_engines.add(engine)


def _close_all() -> None:
    """Ends the threads before the interpreter does. A forked child has none."""
    for engine in list(_open_engines):
        engine.close()


def _word(name: str, value: str, words: Mapping[str, int]) -> int:
    if value not in words:
        raise InvalidArgument(f"{name}: {value!r} is none of {', '.join(words)}")
    return words[value]


def _moment(name: str, value: "datetime | Duration | None") -> str | None:
    """RFC 3339 in UTC."""
    if value is None:
        return None
    if isinstance(value, str | timedelta):
        moment = datetime.now(timezone.utc) - timedelta(microseconds=duration_ns(value, name) / 1000)
    elif isinstance(value, datetime) and value.tzinfo is not None:
        moment = value.astimezone(timezone.utc)
    else:
        raise InvalidArgument(f'{name}: expected a datetime with a time zone, or how long ago ("2h"), not {value!r}')
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _query(words: Mapping[str, Any]) -> bytes:
    return serialize.encode({key: value for key, value in words.items() if value is not None}, path="query")
