"""The work that is measured: short bodies in drawn workflows, and the same bodies in other hands."""

import asyncio
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import tenuto
from tenuto import task, workflow

Inputs: TypeAlias = list[dict[str, Any]]

#: The other hands have as many threads as the reference platform has cores.
THREADS = 2
#: So many coroutines are under way at a time: as many as an engine has (tenuto.worker).
_GATHERED = 10_000


@task
def noop() -> None:
    return None


@task
def small(order: dict[str, int]) -> dict[str, int]:
    return order


@task
async def anoop() -> None:
    return None


@workflow
def five() -> None:
    a = noop()
    b = noop.using(after=a)()
    c = noop.using(after=a)()
    d = noop.using(after=[b, c])()
    noop.using(after=d)()


@workflow
def five_small(order: dict[str, int]) -> Any:
    a = small(order)
    b = small(a)
    c = small(a)
    small(b)
    return small(c)


@workflow
def five_async() -> None:
    a = anoop()
    b = anoop.using(after=a)()
    c = anoop.using(after=a)()
    d = anoop.using(after=[b, c])()
    anoop.using(after=d)()


@workflow
def one() -> None:
    noop()


def fan_out(width: int) -> Any:
    """A workflow of so many tasks, none of which waits for another."""

    def wide() -> None:
        for _ in range(width):
            noop()

    return workflow(wide, name=f"fan{width}")


class Stores:
    """Where engines are opened: a new store each time, or in memory."""

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        self._count = 0

    @contextmanager
    def open(self) -> Iterator[tenuto.Engine]:
        """An engine on a store of its own."""
        if self._directory is None:
            with tenuto.open(durability="memory") as engine:
                yield engine
            return
        self._count += 1
        with tenuto.open(self._directory / f"store{self._count}") as engine:
            yield engine


def many_runs(stores: Stores, flow: Any, inputs: Inputs) -> float:
    """Runs of five tasks, until all have ended and lie in the tables of their store: tasks a second."""
    with stores.open() as engine:
        begin = time.perf_counter()
        engine.start_many(flow, inputs)
        engine.close(drain=True)
        return 5 * len(inputs) / (time.perf_counter() - begin)


def one_run(stores: Stores, flow: Any, width: int) -> float:
    """One run of a workflow that was drawn before: tasks a second."""
    with stores.open() as engine:
        begin = time.perf_counter()
        flow.start(engine=engine).result(timeout="10m")
        return width / (time.perf_counter() - begin)


def drawing(width: int) -> float:
    """Drawing and compiling a workflow: nodes a second."""
    begin = time.perf_counter()
    _ = fan_out(width).compiled
    return width / (time.perf_counter() - begin)


def one_step(stores: Stores, samples: int) -> list[float]:
    """Seconds from the start of a run of one task to its result, one run after the other."""
    taken = []
    with stores.open() as engine:
        for _ in range(samples + samples // 10):
            begin = time.perf_counter()
            one.start(engine=engine).result(timeout="1m")
            taken.append(time.perf_counter() - begin)
    return taken[samples // 10 :]


def executor(count: int) -> float:
    """No-op bodies, each submitted to a pool of threads and waited for: tasks a second."""
    with ThreadPoolExecutor(THREADS) as pool:
        begin = time.perf_counter()
        for future in [pool.submit(noop) for _ in range(count)]:
            future.result()
        return count / (time.perf_counter() - begin)


def executor_small(inputs: Inputs) -> float:
    """The same for the bodies of `five_small`."""
    with ThreadPoolExecutor(THREADS) as pool:
        begin = time.perf_counter()
        for future in [pool.submit(small, each["order"]) for each in inputs for _ in range(5)]:
            future.result()
        return 5 * len(inputs) / (time.perf_counter() - begin)


def executor_step(samples: int) -> list[float]:
    """Seconds from submitting one body to its result."""
    taken = []
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in range(samples):
            begin = time.perf_counter()
            pool.submit(noop).result()
            taken.append(time.perf_counter() - begin)
    return taken


def gathered(count: int) -> float:
    """No-op coroutines in asyncio.gather: tasks a second."""

    async def main() -> float:
        begin = time.perf_counter()
        for done in range(0, count, _GATHERED):
            await asyncio.gather(*(anoop() for _ in range(min(_GATHERED, count - done))))
        return count / (time.perf_counter() - begin)

    return asyncio.run(main())


def append_and_sync(directory: Path, samples: int) -> list[float]:
    """Seconds for appending 100 bytes to a file and syncing it: what one durable step after another can't be faster than."""
    taken = []
    file = os.open(directory / "appended", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    try:
        for _ in range(samples):
            begin = time.perf_counter()
            os.write(file, bytes(100))
            os.fdatasync(file)
            taken.append(time.perf_counter() - begin)
    finally:
        os.close(file)
    return taken
