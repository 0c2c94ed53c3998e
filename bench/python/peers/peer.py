"""What a peer's program does: measures shapes, each for a given time, and writes one JSON object.

usage: PEER.py --dir DIR --json FILE [--seconds S]

    {"name": …, "version": …, "shapes": {"many": {"tasks": …, "seconds": …, "rate": …}, …, "step": {"p50": …, "p99": …}}}

It needs nothing of this project: it runs in the peer's own virtual environment.
"""

import argparse
import json
import os
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn

#: Does so much of a shape and returns the tasks that it was.
Shape = Callable[[int], int]

_GROWTH_MAX = 8
_STEP_SHARE = 0.5


def options() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--dir", type=Path, required=True, help="for stores; empty")
    parser.add_argument("--json", type=Path, required=True, help="where the result goes")
    parser.add_argument("--seconds", type=float, default=5.0, help="for each shape, about")
    return parser.parse_args()


def throughput(shape: Shape, first: int, most: int, seconds: float) -> dict[str, float]:
    """Does more and more of a shape until it takes about so long; the last time counts."""
    size = first
    while True:
        begin = time.perf_counter()
        tasks = shape(size)
        took = time.perf_counter() - begin
        if took >= seconds / 2 or size >= most:
            return {"tasks": tasks, "seconds": took, "rate": tasks / took}
        size = min(most, max(size + 1, int(size * min(_GROWTH_MAX, seconds / took))))


def latency(step: Callable[[], object], most: int, seconds: float) -> dict[str, float]:
    """p50 and p99, in microseconds, of one step after the other."""
    taken: list[float] = []
    end = time.perf_counter() + seconds * _STEP_SHARE
    while len(taken) < most and (time.perf_counter() < end or len(taken) < 3):
        begin = time.perf_counter()
        step()
        taken.append(time.perf_counter() - begin)
    taken.sort()
    return {"p50": taken[len(taken) // 2] * 1e6, "p99": taken[int(0.99 * (len(taken) - 1))] * 1e6}


def tell(file: Path, package: str, shapes: dict[str, dict[str, float]]) -> NoReturn:
    """Writes the result and ends the process at once: some peers take half a minute to close."""
    file.write_text(json.dumps({"name": package, "version": version(package), "shapes": shapes}))
    os._exit(0)
