"""What a process does with the engine in one life, and how it ends; all drawn from one seed.

A life is a value (`Life`), so that the process that watches knows from the seed alone which endings are right.
"""

from __future__ import annotations

import contextlib
import gc
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import tenuto
from tenuto import Retry, task, workflow

__all__ = ["PLANTS", "Life", "live"]

# What a body writes beyond this has no end: the life ends while it is under way.
FOREVER_S: Final = 3600.0


@task
def quick(n: int) -> int:
    return n + 1


@task
def sleepy(n: int) -> int:
    time.sleep(0.001 * (n % 7))
    return n


@task
def stuck() -> None:
    time.sleep(FOREVER_S)


@task
def spin() -> None:
    while True:
        sum(range(1000))


@task
def leave() -> None:
    sys.exit(9)  # of the body, not of the process


@task(retry=Retry(attempts=5, backoff="1h", jitter="none"))
def later() -> None:
    raise ValueError("not yet")


@task
async def quick_async(n: int) -> int:
    return n + 1


@task
async def stuck_async() -> None:
    import asyncio

    await asyncio.sleep(FOREVER_S)


@workflow
def steps(n: int) -> int:
    return quick(sleepy(quick(n)))


@workflow
def steps_async(n: int) -> int:
    return quick_async(quick_async(n))


@workflow
def stuck_run() -> None:
    stuck()


@workflow
def spinning_run() -> None:
    spin()


@workflow
def stuck_async_run() -> None:
    stuck_async()


@workflow
def leaving_run() -> None:
    leave()


@workflow
def waiting_run() -> None:
    later()


class Keeper:
    """Is part of a cycle, and asks the engine when the collector takes it: perhaps after the engine, perhaps at the end."""

    def __init__(self, engine: tenuto.Engine, run: Any) -> None:
        self.engine, self.run, self.myself = engine, run, self

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            self.engine.info()
        with contextlib.suppress(Exception):
            self.run.state  # noqa: B018


def _wait(engine: tenuto.Engine) -> None:
    with contextlib.suppress(tenuto.TenutoError):
        engine.start(waiting_run).result()


def _start(engine: tenuto.Engine) -> None:
    n = 0
    with contextlib.suppress(tenuto.TenutoError):
        while True:
            n += 1
            engine.start(steps, {"n": n}).result()


def _ask(engine: tenuto.Engine) -> None:
    with contextlib.suppress(tenuto.TenutoError):
        while True:
            engine.runs(limit=5)
            engine.stats()
            engine.info()


def _collect(engine: tenuto.Engine) -> None:
    while True:
        Keeper(engine, None)
        gc.collect()


def _open(engine: tenuto.Engine) -> None:
    with contextlib.suppress(tenuto.TenutoError):
        while True:
            with tenuto.open(durability="memory", threads=1) as other:
                other.start(steps, {"n": 1}).result()


def _close(engine: tenuto.Engine) -> None:
    time.sleep(0.005)
    engine.close()


_THREADS: Final[dict[str, Callable[[tenuto.Engine], None]]] = {
    "wait": _wait,
    "start": _start,
    "ask": _ask,
    "collect": _collect,
    "open": _open,
    "close": _close,
}
_WORK: Final = {
    "steps": steps,
    "async steps": steps_async,
    "stuck": stuck_run,
    "spinning": spinning_run,
    "stuck async": stuck_async_run,
    "leaving": leaving_run,
    "waiting": waiting_run,
}
_ENDS: Final = ("async steps", "leaving", "steps")
_FROM_OUTSIDE: Final = ("interrupt", "interrupt often", "terminate")
_ENDINGS: Final = ("return", "exit", "raise", "_exit", *_FROM_OUTSIDE)
_HOLDERS: Final = ("global", "cycle", "closed", "with", "forgotten", "drained")


@dataclass(frozen=True)
class Life:
    """One life. `signal_after` in seconds, for endings that come from outside."""

    seed: int
    store: str
    work: tuple[str, ...]
    threads: tuple[str, ...]
    holder: str
    ending: str
    signal_after: float
    waits: bool

    @staticmethod
    def of(seed: int) -> Life:
        rng = random.Random(seed)
        ending = rng.choice(_ENDINGS)
        holder = rng.choice(_HOLDERS)
        threads = rng.choices(sorted(_THREADS), k=rng.choice((0, 0, 1, 2, 3)))
        work = sorted(_WORK)
        if holder == "drained":  # It waits for all that can go on: for ever, unless somebody interrupts it.
            threads = []
            if ending not in _FROM_OUTSIDE:
                work = sorted(_ENDS)
        return Life(
            seed,
            rng.choice(("memory", "disk")),
            tuple(rng.choices(work, k=rng.randrange(4))),
            tuple(threads),
            holder,
            ending,
            rng.random() * rng.choice((0.01, 0.05, 0.2)),
            rng.random() < 0.5,
        )

    @property
    def right_endings(self) -> set[int]:
        """Exit statuses, negative for signals, as subprocess has them."""
        own = {"return": 0, "exit": 3, "raise": 1, "_exit": 4}.get(self.ending)
        if own is not None:
            return {own}
        if self.ending == "terminate":
            return {-signal.SIGTERM}
        # An interrupt may come when the interpreter has done with the program.
        return {-signal.SIGINT, 0, 1}

    @property
    def is_silent(self) -> bool:
        """Nothing may be written to stderr."""
        return self.ending in ("return", "exit", "_exit", "terminate")


def live(life: Life, directory: Path) -> int:
    """Lives it, up to the end of the program.

    Returns:
        The exit status to leave with.
    """
    if life.ending.startswith("interrupt"):
        signal.signal(signal.SIGINT, signal.default_int_handler)
    engine = (
        tenuto.open(durability="memory", threads=1) if life.store == "memory" else tenuto.open(directory, threads=1)
    )
    runs = [_begin(engine, each) for each in life.work]
    for each in life.threads:
        threading.Thread(target=_guarded, args=(_THREADS[each], engine), daemon=True).start()
    if life.waits:
        with contextlib.suppress(tenuto.TenutoError):
            engine.start(steps, {"n": 1}).result()
        _wait_for_signal(life)
    _hold(life, engine, runs)
    if not life.waits:
        _wait_for_signal(life)
    if life.ending == "_exit":
        os._exit(4)
    if life.ending == "raise":
        raise ValueError("the life ends")
    return 3 if life.ending == "exit" else 0


def _begin(engine: tenuto.Engine, work: str) -> Any:
    try:
        return engine.start(_WORK[work], {"n": 1} if "steps" in work else {})
    except tenuto.TenutoError:
        return None


def _guarded(body: Callable[[tenuto.Engine], None], engine: tenuto.Engine) -> None:
    with contextlib.suppress(tenuto.TenutoError):
        body(engine)


def _wait_for_signal(life: Life) -> None:
    if life.ending in _FROM_OUTSIDE:
        time.sleep(FOREVER_S)


def _hold(life: Life, engine: tenuto.Engine, runs: list[Any]) -> None:
    """Leaves the engine and its runs to whoever will find them when the interpreter goes."""
    if life.holder == "global":
        globals()["held"] = (engine, runs)
    elif life.holder == "cycle":
        globals()["held"] = [Keeper(engine, run) for run in (*runs, None)]
        Keeper(engine, None)
    elif life.holder == "closed":
        engine.close()
        globals()["held"] = (engine, runs)
    elif life.holder == "drained":
        engine.close(drain=True)
    elif life.holder == "with":
        with engine:
            runs.append(_begin(engine, "steps"))


def _die() -> int:
    import ctypes

    ctypes.string_at(0)
    return 0


def _hang() -> int:
    threading.Thread(target=time.sleep, args=(FOREVER_S,)).start()
    return 0


def _complain() -> int:
    print("Exception ignored in: something", file=sys.stderr)
    return 0


#: Lives that end badly, each in a way that must be noticed.
PLANTS: Final = {"crash": _die, "hang": _hang, "words": _complain, "status": lambda: 7}
