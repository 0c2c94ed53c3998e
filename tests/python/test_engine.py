"""Runs on an engine: results, failures, retries, time-outs, cancels, bodies, threads, event loops."""

import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import tenuto
from tenuto import Retry, Stop, otherwise, task, when, workflow

QUICK = Retry(attempts=2, backoff="10ms", jitter="none")
LONG = "60s"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[tenuto.Engine]:
    with tenuto.open(tmp_path / "store") as opened:
        yield opened


@dataclass
class Person:
    name: str
    age: int = 3


@task
def add(a: int, b: int = 1) -> int:
    return a + b


@task
def describe(person: Person, *notes: str, **more: int) -> dict[str, Any]:
    assert isinstance(person, Person)
    return {"name": person.name, "notes": notes, "more": more}


@workflow
def arithmetic(x: int, y: int = 2) -> int:
    total: int = add(add(x, y), b=y * 2)
    return total


def test_a_result(engine: tenuto.Engine) -> None:
    assert arithmetic.run(1) == 7
    assert arithmetic.run(1, y=3) == 10


def test_typed_arguments_and_results(engine: tenuto.Engine) -> None:
    @workflow
    def w(person: Person) -> dict[str, Any]:
        found: dict[str, Any] = describe(person, "a", f"b {person['name']}", x=1)
        return found

    assert w.run(Person("ann")) == {"name": "ann", "notes": ["a", "b ann"], "more": {"x": 1}}
    with pytest.raises(tenuto.InvalidArgument, match=r"Expected `object`, got `str`"):
        w.run("ann")  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="missing a required argument: 'person'"):
        w.run()  # type: ignore[call-overload]


@pytest.mark.parametrize(("x", "taken"), [(1, "small"), (5, "middle"), (50, "big")])
def test_branches(engine: tenuto.Engine, x: int, taken: str) -> None:
    seen: list[str] = []
    mark = task(seen.append, name="mark")

    @workflow
    def w(x: int) -> None:
        with when(x < 3):
            mark("small")
        with otherwise((x < 10) & ~(x == 9)):
            mark("middle")
        with otherwise():
            mark("big")

    w.run(x)
    assert seen == [taken]


def test_bytes_go_where_the_annotation_says_bytes(engine: tenuto.Engine) -> None:
    def photo() -> bytes:
        return b"\xff\x00"

    def size(page: bytes) -> int:
        return len(page)

    def text(page) -> str:  # type: ignore[no-untyped-def]
        return repr(page)

    fetch, measure, show = task(photo, name="photo"), task(size, name="size"), task(text, name="text")
    assert workflow(lambda: measure(fetch()), name="w").run() == 2
    with pytest.raises(tenuto.InvalidArgument, match=r"text\(page=…\): the result of photo is bytes") as raised:
        workflow(lambda: show(fetch()), name="w").run()
    assert "`page: bytes`" in str(raised.value)


# Failures.
def test_retries(engine: tenuto.Engine) -> None:
    attempts: list[int] = []

    @task(name="flaky", retry=QUICK)
    def flaky() -> int:
        attempts.append(tenuto.info().attempt)
        if len(attempts) < 3:
            raise ValueError("not yet")
        return len(attempts)

    assert workflow(lambda: flaky(), name="w").run() == 3
    assert attempts == [1, 2, 3]


def failing(engine: tenuto.Engine, body: Callable[..., Any], *args: Any) -> tenuto.TaskFailed:
    failing_task = task(body, name="failing", retry=QUICK)
    run = workflow(lambda: failing_task(*args), name="w").start()
    with pytest.raises(tenuto.TaskFailed) as raised:
        run.result(timeout=LONG)
    assert run.state == "failed"
    return raised.value


def test_a_failure_for_good(engine: tenuto.Engine) -> None:
    def body() -> None:
        raise ValueError("bad card")

    error = failing(engine, body)
    assert (error.task, error.attempt, error.type, error.message) == ("failing", 3, "ValueError", "bad card")
    assert error.traceback is not None
    assert error.traceback.startswith("Traceback (most recent call last):\n")
    assert 'raise ValueError("bad card")' in error.traceback
    assert "tenuto/_body.py" not in error.traceback


def test_a_failing_async_body(engine: tenuto.Engine) -> None:
    async def body() -> None:
        raise ValueError("bad")

    async def cancels_itself() -> None:
        raise asyncio.CancelledError

    assert failing(engine, body).message == "bad"
    assert failing(engine, cancels_itself).type == "CancelledError"


def test_stop_is_not_retried(engine: tenuto.Engine) -> None:
    def body() -> None:
        raise Stop("no such card")

    error = failing(engine, body)
    assert (error.attempt, error.type, error.message) == (1, "Stop", "no such card")


def test_a_result_that_cannot_be_stored_is_not_retried(engine: tenuto.Engine) -> None:
    error = failing(engine, lambda: {"rows": [float("nan")]})
    assert (error.attempt, error.type) == (1, "InvalidArgument")
    assert error.message.startswith("result.rows[0]: nan is no JSON number")


def test_arguments_that_do_not_fit_are_not_retried(engine: tenuto.Engine) -> None:
    def body(x: int) -> None: ...

    error = failing(engine, body, "a")
    assert (error.attempt, error.type) == (1, "InvalidArgument")
    assert error.message == "failing.x: Expected `int`, got `str`"


def test_exceptions_that_are_hard_to_report(engine: tenuto.Engine) -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    def mute() -> None:
        raise Mute

    def surrogate() -> None:
        raise ValueError("\ud800")

    def leaves() -> None:
        raise SystemExit(3)

    assert failing(engine, mute).type == "Mute"
    assert failing(engine, surrogate).message == "?"
    assert failing(engine, leaves).type == "SystemExit"


def test_a_time_out_ends_the_attempt(engine: tenuto.Engine) -> None:
    release = threading.Event()
    stuck = task(lambda: release.wait(60), name="stuck", timeout="50ms")
    run = workflow(lambda: stuck(), name="w").start()
    try:
        with pytest.raises(tenuto.TaskFailed) as raised:
            run.result(timeout=LONG)
    finally:
        release.set()
    assert raised.value.task == "stuck"


def test_cancel(engine: tenuto.Engine) -> None:
    entered, release, seen = threading.Event(), threading.Event(), []

    def first() -> None:
        entered.set()
        release.wait(60)

    blocks, follows = task(first, name="blocks"), task(lambda x: seen.append(x), name="follows")
    run = workflow(lambda: follows(blocks()), name="w").start()
    assert entered.wait(60)
    assert run.state in ("running", "waiting")
    with pytest.raises(tenuto.TimedOut, match="is still"):
        run.result(timeout="10ms")
    run.cancel("not needed", by="ann")
    release.set()
    with pytest.raises(tenuto.Cancelled):
        run.result(timeout=LONG)
    assert run.state == "cancelled" and seen == []


def test_a_run_that_has_completed_cannot_be_cancelled(engine: tenuto.Engine) -> None:
    run = arithmetic.start(1)
    run.result(timeout=LONG)
    with pytest.raises(tenuto.WrongState):
        run.cancel()


# Starts.
def test_the_same_id_gives_the_same_run(engine: tenuto.Engine) -> None:
    first = arithmetic.start(1, id="a-1", labels={"team": "x"})
    assert first.id == "a-1" and first.result(timeout=LONG) == 7
    assert arithmetic.start(1, 2, id="a-1").result(timeout=LONG) == 7
    with pytest.raises(tenuto.Conflict):
        arithmetic.start(2, id="a-1")
    with pytest.raises(tenuto.Conflict):
        workflow(lambda x: add(x), name="other").start(1, id="a-1")
    with pytest.raises(tenuto.InvalidArgument):
        arithmetic.start(1, id="no spaces")


def test_a_workflow_with_a_parameter_named_id(engine: tenuto.Engine) -> None:
    fulfil = workflow(lambda id: add(id), name="fulfil")
    run = fulfil.using(id="order-7").start(id=3)
    assert (run.id, run.result(timeout=LONG)) == ("order-7", 4)


def test_a_definition_the_core_refuses(engine: tenuto.Engine) -> None:
    with pytest.raises(tenuto.InvalidArgument):
        engine.start({"tenuto": 1, "name": "w", "tasks": {"a": {"use": "x", "needs": ["b"]}}})


# Queries.
def test_what_a_run_tells(engine: tenuto.Engine) -> None:
    run = arithmetic.start(1, id="q-1")
    run.result(timeout=LONG)
    status = run.status()
    assert (status.id, status.workflow, status.state, status.tasks.get("done")) == ("q-1", "arithmetic", "completed", 2)
    assert status.started is not None and status.ended is not None and status.started <= status.ended
    described = run.describe()
    assert described["input"] == {"x": 1, "y": 2} and described["output"] == 7
    assert [node["name"] for node in described["nodes"]] == ["add", "add_2"]
    assert run.events()
    lines = run.tree().splitlines()
    assert lines[0].startswith("arithmetic  run q-1  completed")
    assert lines[1].startswith("|- add    done") and lines[2].startswith("`- add_2  done")


def test_lists(engine: tenuto.Engine) -> None:
    ids = [arithmetic.start(n).id for n in range(3)]
    for each in ids:
        engine.find(each).result(timeout=LONG)
    rows = engine.runs(workflow="arithmetic", state=["completed"], since="1h", limit=2)
    assert [row.id for row in rows] == ids[:0:-1]
    assert engine.runs(state="failed") == []
    assert [row.id for row in engine.runs(where="workflow == 'arithmetic' && state == 'completed'")] == ids[::-1]
    with pytest.raises(tenuto.InvalidArgument):
        engine.runs(where="workflow ==")
    with pytest.raises(tenuto.InvalidArgument, match="a datetime with a time zone"):
        engine.runs(since=3)  # type: ignore[arg-type]
    with pytest.raises(tenuto.NotFound):
        engine.find("nothing")
    assert engine.find("@last").id == ids[-1]


# Bodies.
def test_info_and_log(engine: tenuto.Engine, caplog: pytest.LogCaptureFixture) -> None:
    seen: list[tenuto.TaskInfo] = []

    @task(name="asks", retry=QUICK)
    def asks() -> None:
        seen.append(tenuto.info())
        tenuto.log.warning("hello %s", "you")
        if tenuto.info().attempt == 1:
            raise ValueError

    @task(name="asks_async")
    async def asks_async() -> None:
        await asyncio.sleep(0)
        seen.append(tenuto.info())

    with caplog.at_level(logging.INFO, "tenuto.task"):
        run = workflow(lambda: (asks(), asks_async())[0], name="w").start()
        run.result(timeout=LONG)
    assert len(seen) == 3
    sync = [each for each in seen if each.path == "asks"]
    assert [each.attempt for each in sync] == [1, 2]
    assert len({each.idempotency_key for each in sync}) == 1 and {each.run_id for each in seen} == {run.id}
    assert len({each.idempotency_key for each in seen}) == 2
    assert caplog.records[0].getMessage() == f"[{run.id} asks #1] hello you"
    assert caplog.records[0].run_id == run.id  # type: ignore[attr-defined]
    with pytest.raises(tenuto.WrongState):
        tenuto.info()


def test_a_body_starts_runs_on_its_engine(engine: tenuto.Engine) -> None:
    @task(name="starts")
    def starts() -> int:
        assert tenuto.current_engine() is engine
        return arithmetic.run(1)

    assert workflow(lambda: starts(), name="w").run() == 7
    assert len(engine.runs()) == 2


def test_a_slow_body_delays_no_other(engine: tenuto.Engine) -> None:
    """All bodies meet at a barrier: it opens only when as many run at once."""
    slots = tenuto.engine.default_slots()
    barrier = threading.Barrier(slots)
    meet = task(lambda n: barrier.wait(60) >= 0, name="meet")
    warm = task(lambda: None, name="warm")
    for _ in range(5):
        workflow(lambda: [warm() for _ in range(50)], name="warm").run()
    assert workflow(lambda: [meet(n) for n in range(slots)], name="w").run() == [True] * slots


def test_a_task_declared_later_is_served(engine: tenuto.Engine) -> None:
    run = engine.start({"tenuto": 1, "name": "w", "tasks": {"a": {"use": "py:declared_later"}}, "output": "${a}"})
    with pytest.raises(tenuto.TimedOut):
        run.result(timeout="20ms")
    task(lambda: 7, name="declared_later")
    assert run.result(timeout=LONG) == 7


def test_a_pool_of_its_own(engine: tenuto.Engine) -> None:
    inner = task(lambda: threading.current_thread().name, name="inner", pool="db")
    assert workflow(lambda: inner(), name="w").run() == "tenuto-worker"


# Threads and loops.
def test_waiting_releases_the_gil(engine: tenuto.Engine) -> None:
    release = threading.Event()
    blocks = task(lambda: release.wait(60), name="blocks_gil")
    run = workflow(lambda: blocks(), name="w").start()
    threading.Thread(target=release.set).start()
    assert run.result(timeout=LONG) is True


def test_many_threads(engine: tenuto.Engine) -> None:
    results: list[int] = []

    def work() -> None:
        for n in range(20):
            results.append(arithmetic.start(n, engine=engine).result(timeout=LONG))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == sorted([n + 6 for n in range(20)] * 8)


def test_event_loops(engine: tenuto.Engine) -> None:
    async def main() -> int:
        with pytest.raises(tenuto.WrongState, match=r"write `run = await arithmetic.start_async\(…\)`"):
            arithmetic.run(1)
        runs = [await arithmetic.start_async(n) for n in range(10)]
        return sum(await asyncio.gather(*runs))

    assert asyncio.run(main()) == sum(n + 6 for n in range(10))


def test_an_await_can_be_given_up(engine: tenuto.Engine) -> None:
    release = threading.Event()
    blocks = task(lambda: release.wait(60), name="blocks_await")

    async def main() -> None:
        run = await workflow(lambda: blocks(), name="w").start_async()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(run, 0.02)

    asyncio.run(main())
    release.set()


# Opening and closing.
def test_the_default_store_opens_at_first_use(tmp_path: Path) -> None:
    assert not (tmp_path / "default.db").exists()
    assert arithmetic.run(1) == 7
    assert (tmp_path / "default.db").is_dir()
    assert tenuto.current_engine().path == tmp_path / "default.db"


def test_after_close() -> None:
    with tenuto.open(durability="memory") as engine:
        run = arithmetic.start(1)
        run.result(timeout=LONG)
    assert engine.role == "closed"
    engine.close()
    for call in (lambda: run.state, lambda: engine.runs(), lambda: arithmetic.start(1, engine=engine)):
        with pytest.raises(tenuto.Closed):
            call()


def test_with_nests() -> None:
    engine = tenuto.open(durability="memory")
    with engine:
        with engine:
            assert tenuto.current_engine() is engine
        assert engine.role == "owner"
    assert engine.role == "closed"


def test_draining(tmp_path: Path) -> None:
    with tenuto.open(tmp_path / "s") as engine:
        arithmetic.start(1, id="d-1")
        engine.close(drain=True, timeout=LONG)
    with tenuto.open(tmp_path / "s") as engine:
        assert engine.find("d-1").state == "completed"


def test_detaching_goes_on_at_the_next_open(tmp_path: Path) -> None:
    first, second = threading.Event(), threading.Event()
    calls: list[str] = []

    @task(name="once")
    def once() -> None:
        calls.append("once")

    @task(name="waits")
    def waits(_: Any) -> str:
        calls.append("waits")
        first.set()
        return "done" if second.wait(60) else "late"

    run_it = workflow(lambda: waits(once()), name="w")
    with tenuto.open(tmp_path / "s") as engine:
        run_it.start(id="r")
        assert first.wait(60)
        threading.Timer(2.0, second.set).start()
        engine.close()
    second.set()
    with tenuto.open(tmp_path / "s"):
        assert run_it.start(id="r").result(timeout=LONG) == "done"
    assert calls.count("once") == 1


def test_closing_is_prompt_while_a_body_is_stuck() -> None:
    entered, release = threading.Event(), threading.Event()

    @task(name="stuck_at_close")
    def stuck() -> None:
        entered.set()
        release.wait(60)

    with tenuto.open(durability="memory") as engine:
        workflow(lambda: stuck(), name="w").start()
        assert entered.wait(60)
        began = time.monotonic()
        engine.close()
        assert time.monotonic() - began < 10
    release.set()


def test_options_out_of_range(tmp_path: Path) -> None:
    for wrong in ({"mode": "x"}, {"durability": 1}, {"slots": 0}, {"retention_age": 3}, {"retention_count": 0}):
        with pytest.raises(tenuto.InvalidArgument):
            tenuto.open(tmp_path / "s", **wrong)
    with pytest.raises(tenuto.NotFound):
        tenuto.open(tmp_path / "none", create=False)
    (tmp_path / "file").write_text("x")
    with pytest.raises(tenuto.TenutoError):
        tenuto.open(tmp_path / "file")


def test_opening_twice_gives_the_same_engine(tmp_path: Path) -> None:
    with tenuto.open(tmp_path / "s") as one, tenuto.open(tmp_path / "s") as two:
        assert one.role == two.role == "owner"
        run = arithmetic.start(1, engine=one)
        assert two.find(run.id).result(timeout=LONG) == 7
        one.close()
        assert arithmetic.start(1, engine=two).result(timeout=LONG) == 7


def test_many_runs_with_one_commit(engine: tenuto.Engine) -> None:
    numbers = engine.start_many(arithmetic, [{"x": n} for n in range(100)])
    assert len(numbers) == 100
    engine.close(drain=True, timeout=LONG)


def test_a_fork_is_noticed(engine: tenuto.Engine) -> None:
    run = arithmetic.start(1)
    run.result(timeout=LONG)
    child = os.fork()
    if child == 0:
        try:
            run.describe()
        except tenuto.Forked:
            os._exit(7)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert arithmetic.run(1) == 7
