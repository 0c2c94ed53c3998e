"""Bodies that are `async def`: on one loop, many at a time, cancelled at their time-outs."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tenuto
from tenuto import Retry, task, workflow

LONG = "60s"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[tenuto.Engine]:
    with tenuto.open(tmp_path / "store") as opened:
        yield opened


@task(name="later_async")
async def later(x: Any) -> Any:
    await asyncio.sleep(0)
    return x


def test_an_async_body(engine: tenuto.Engine) -> None:
    @workflow
    def w(x: Any) -> Any:
        return [later(x), later({"y": x})]

    assert w.run("a") == ["a", {"y": "a"}]


def test_a_time_out_cancels_an_async_body(engine: tenuto.Engine) -> None:
    seen: list[tuple[int, str]] = []

    @task(name="stuck_async", timeout="50ms", retry=Retry(attempts=1, backoff="1ms", jitter="none"))
    async def stuck() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen.append((tenuto.info().attempt, "cancelled"))
            raise

    run = workflow(lambda: stuck(), name="w").start()
    with pytest.raises(tenuto.TaskFailed) as raised:
        run.result(timeout=LONG)
    assert (raised.value.type, raised.value.message, raised.value.attempt) == ("TimedOut", "no result after 0.05 s", 2)
    assert seen[0] == (1, "cancelled")
    assert run.status().tasks == {"timed_out": 1} or run.describe()["nodes"][0]["state"] == "timed_out"


def test_many_async_bodies_at_once(engine: tenuto.Engine) -> None:
    entered: list[int] = []
    everybody = asyncio.Event()

    @task(name="meet_async")
    async def meet(n: int) -> int:
        entered.append(n)
        if len(entered) == 200:
            everybody.set()
        await everybody.wait()
        return n

    assert workflow(lambda: [meet(n) for n in range(200)], name="w").run() == list(range(200))


def test_a_slow_body_delays_no_async_one_of_its_batch(engine: tenuto.Engine) -> None:
    """The body of the `def` waits for that of the `async def` before it, and both come in one batch."""
    begun = threading.Event()

    @task(name="begins")
    async def begins() -> None:
        begun.set()

    waits = task(lambda: begun.wait(60), name="waits_for_async")
    warm = task(lambda: None, name="warm_up")
    for _ in range(5):
        workflow(lambda: [warm() for _ in range(50)], name="warm_up").run()
    assert workflow(lambda: (begins(), waits())[1], name="w").run() is True


def test_more_async_bodies_than_may_be_under_way(engine: tenuto.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tenuto.worker, "_ASYNC_MAX", 3)
    under_way, most = [0], [0]

    @task(name="counts_itself")
    async def counts_itself(n: int) -> int:
        under_way[0] += 1
        most[0] = max(most[0], under_way[0])
        await asyncio.sleep(0.001)
        under_way[0] -= 1
        return n

    assert workflow(lambda: [counts_itself(n) for n in range(50)], name="w").run() == list(range(50))
    assert most[0] > 1


def test_closing_lets_bodies_end_that_are_under_way(tmp_path: Path) -> None:
    """More than the loop takes at once."""
    ended: list[int] = []

    @task(name="ends_soon")
    async def ends_soon(n: int) -> None:
        begun.set()
        await asyncio.sleep(0.05)
        ended.append(n)

    begun = threading.Event()
    with tenuto.open(tmp_path / "store") as engine:
        warm = task(lambda: None, name="warm_up")
        for _ in range(5):
            workflow(lambda: [warm() for _ in range(50)], name="warm").run()
        run = workflow(lambda: [ends_soon(n) for n in range(500)], name="w").start()
        begun.wait(60)
        engine.close()
        done = len(ended)
    assert done > 0
    with tenuto.open(tmp_path / "store") as engine:
        engine.find(run.id).result(timeout=LONG)
    assert set(ended) == set(range(500))


def test_what_no_loop_takes_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_begun: object) -> None:
        raise RuntimeError("no loop")

    monkeypatch.setattr(tenuto.worker._Loop, "submitter", lambda _self, _worker: refuse)
    with tenuto.open(tmp_path / "store"):
        for _ in range(2):
            with pytest.raises(tenuto.TaskFailed, match="no loop"):
                workflow(lambda: [later(n) for n in range(3)], name="w").run()
