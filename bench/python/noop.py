"""Python figures: no-op tasks in drawn workflows, durable, beside ThreadPoolExecutor in the same run.

usage: noop.py [--smoke] [--runs N] [--dir DIR] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import tenuto
from tenuto import task, workflow


@task
def noop() -> None:
    return None


@task
def small(order: dict[str, int]) -> dict[str, int]:
    return order


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


def fan_out(width: int) -> Any:
    def wide() -> None:
        for _ in range(width):
            noop()

    return workflow(wide, name=f"fan{width}")


def many_runs(store: Path, flow: Any, inputs: list[dict[str, Any]]) -> float:
    """Runs of five tasks, until all have ended and are on disk: tasks a second."""
    with tenuto.open(store) as engine:
        begin = time.perf_counter()
        engine.start_many(flow, inputs)
        engine.close(drain=True)
        return len(inputs) * 5 / (time.perf_counter() - begin)


def one_fan(store: Path, flow: Any, width: int) -> float:
    with tenuto.open(store) as engine:
        begin = time.perf_counter()
        flow.start(engine=engine).result(timeout="10m")
        return width / (time.perf_counter() - begin)


def executor_fan(width: int) -> float:
    with ThreadPoolExecutor(2) as pool:
        begin = time.perf_counter()
        for future in [pool.submit(noop) for _ in range(width)]:
            future.result()
        return width / (time.perf_counter() - begin)


def figure(name: str, values: list[float], vs: str, against: float, goal: str) -> dict[str, Any]:
    median = statistics.median(values)
    return {
        "name": name,
        "value": median,
        "unit": "tasks/s",
        "vs": vs,
        "ratio": median / against if against else 0,
        "min": min(values),
        "median": median,
        "runs": values,
        "goal": goal,
    }


def measure(directory: Path, repeats: int, runs: int, width: int) -> list[dict[str, Any]]:
    flow = fan_out(width)
    noops, smalls, fans, pools = [], [], [], []
    for i in range(repeats):
        orders = [{"order": {"id": n, "total": 2 * n}} for n in range(runs)]
        noops.append(many_runs(directory / f"noop{i}", five, [{}] * runs))
        smalls.append(many_runs(directory / f"small{i}", five_small, orders))
        fans.append(one_fan(directory / f"fan{i}", flow, width))
        pools.append(executor_fan(width))
    base = statistics.median(pools)
    return [
        figure("Python no-op, many runs, durable", noops, "ThreadPoolExecutor(2)", base, ">= 200000"),
        figure("Python small dict, many runs, durable", smalls, "ThreadPoolExecutor(2)", base, ""),
        figure(f"Python fan-out {width}, durable", fans, "ThreadPoolExecutor(2)", base, ""),
    ]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--dir", type=Path, default=Path("."))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.dir) as scratch:
        size = (1, 200, 200) if options.smoke else (options.runs, 40000, 10000)
        figures = measure(Path(scratch), *size)
    for f in figures:
        print(
            f"{f['name']:<38} {f['median']:14.4g} {f['min']:14.4g}  {f['unit']:<12} {f['vs']:<28} {f['ratio']:8.3g}  {f['goal']}"
        )
    if options.json:
        options.json.write_text(json.dumps({"figures": figures}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
