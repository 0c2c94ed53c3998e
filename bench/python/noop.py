"""Short bodies through Python: no-op and small-dict tasks in drawn workflows, fan-out, latency, async bodies; on disk and in
memory, each beside ThreadPoolExecutor or asyncio.gather in the same rounds.

usage: noop.py [--smoke] [--runs N] [--dir DIR] [--json FILE]
"""

from __future__ import annotations

import platform
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import workload
from figures import Figure, Goal, Report, arguments, quantiles, ratio_at_least, value_at_least
from workload import Stores

EXECUTOR = f"ThreadPoolExecutor({workload.THREADS})"
GATHER = "asyncio.gather"
SYNC = "append + fdatasync"


@dataclass(frozen=True)
class Size:
    """How much is done in a round."""

    runs: int  # of five tasks
    async_runs: int
    width: int  # of the fan-out
    samples: int  # of the latency


FULL = Size(runs=100_000, async_runs=20_000, width=10_000, samples=2_000)
SMOKE = Size(runs=200, async_runs=50, width=200, samples=20)
#: Runs of the shape that peers are known by.
FEW = 1_000


class Rounds:
    """What each round measured, by name."""

    def __init__(self) -> None:
        self.of: dict[str, list[float]] = defaultdict(list)

    def note(self, name: str, value: float) -> None:
        """Adds the value of one round."""
        self.of[name].append(value)

    def figure(self, name: str, unit: str, vs: str, vs_name: str, goal: Goal | None = None) -> Figure:
        """The figure of one name beside that of another."""
        return Figure(name, unit, self.of[name], vs, self.of[vs_name] if vs_name else [], goal)


def arms(size: Size, directory: Path) -> Rounds:
    """One round of the same bodies in other hands, and of what the disk can do."""
    found = Rounds()
    orders = [{"order": {"id": n, "total": 2 * n}} for n in range(min(size.runs, 10_000))]
    found.note("executor", workload.executor(size.width))
    found.note("executor, small", workload.executor_small(orders))
    found.note("gather", workload.gathered(5 * size.async_runs))
    found.note("executor, few", workload.executor(min(5 * FEW, 5 * size.runs)))
    for name, seconds in (
        ("executor", workload.executor_step(size.samples)),
        ("sync", workload.append_and_sync(directory, size.samples)),
    ):
        p50, p99 = quantiles(seconds)
        found.note(f"{name}, p50", p50)
        found.note(f"{name}, p99", p99)
    return found


def ours(rounds: Rounds, stores: Stores, size: Size, fan: object) -> None:
    """One round of everything that an engine does."""
    orders = [{"order": {"id": n, "total": 2 * n}} for n in range(size.runs)]
    few = min(FEW, size.runs)
    rounds.note("no-op tasks, runs of five", workload.many_runs(stores, workload.five, [{}] * size.runs))
    rounds.note("small dict in and out, runs of five", workload.many_runs(stores, workload.five_small, orders))
    rounds.note(
        "async no-op bodies, runs of five", workload.many_runs(stores, workload.five_async, [{}] * size.async_runs)
    )
    rounds.note(f"fan-out of {size.width}, one run", workload.one_run(stores, fan, size.width))
    rounds.note(f"{few} runs of five no-op tasks", workload.many_runs(stores, workload.five, [{}] * few))
    p50, p99 = quantiles(workload.one_step(stores, size.samples))
    rounds.note("one-step run p50", p50)
    rounds.note("one-step run p99", p99)


def add_figures(report: Report, group: str, rounds: Rounds, size: Size, durable: bool) -> None:
    """The figures of one kind of store. The goals are those of durable ones."""

    def goal(bound: Goal) -> Goal | None:
        return bound if durable else None

    few = min(FEW, size.runs)
    latency, prefix = (SYNC, "sync") if durable else (EXECUTOR, "executor")
    report.add(
        group,
        rounds.figure("no-op tasks, runs of five", "tasks/s", EXECUTOR, "executor", goal(value_at_least(1e6))),
        rounds.figure(
            "small dict in and out, runs of five", "tasks/s", EXECUTOR, "executor, small", goal(value_at_least(4e5))
        ),
        rounds.figure("async no-op bodies, runs of five", "tasks/s", GATHER, "gather", goal(value_at_least(1e5))),
        rounds.figure(f"fan-out of {size.width}, one run", "tasks/s", EXECUTOR, "executor", goal(ratio_at_least(5))),
        rounds.figure(f"{few} runs of five no-op tasks", "tasks/s", EXECUTOR, "executor, few"),
        rounds.figure("one-step run p50", "us", latency, f"{prefix}, p50"),
        rounds.figure("one-step run p99", "us", latency, f"{prefix}, p99"),
    )


def measure(report: Report, directory: Path, repeats: int, size: Size) -> None:
    """All rounds."""
    fan = workload.fan_out(size.width)
    _ = fan.compiled  # A drawn workflow is drawn once, so drawing is a figure of its own.
    kinds = {True: (Stores(directory), Rounds()), False: (Stores(None), Rounds())}
    drawn = Rounds()
    for i in range(repeats):
        print(f"round {i + 1} of {repeats} …", file=sys.stderr)
        beside = arms(size, directory)
        for stores, rounds in kinds.values():
            ours(rounds, stores, size, fan)
            for name, values in beside.of.items():
                rounds.of[name] += values
        drawn.note(f"drawing and compiling {size.width} tasks", workload.drawing(size.width))
    for durable, (_, rounds) in kinds.items():
        add_figures(report, "Python, on disk" if durable else "Python, in memory", rounds, size, durable)
    report.add("Python", drawn.figure(f"drawing and compiling {size.width} tasks", "tasks/s", "", ""))
    report.peer(f"{EXECUTOR}, {GATHER}", f"Python {platform.python_version()}")
    for name, count in (("runs", size.runs), ("async", size.async_runs), ("fan", size.width), ("step", size.samples)):
        report.worked(name, count)


def main() -> int:
    options = arguments().parse_args()
    report = Report(smoke=options.smoke)
    with tempfile.TemporaryDirectory(dir=options.dir) as scratch:
        if options.smoke:
            measure(report, Path(scratch), 1, SMOKE)
        else:
            measure(report, Path(scratch), options.runs, FULL)
    report.finish(options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
