"""The same shapes by engines that people use for this, each in a virtual environment of its own, in the same rounds as ours.

usage: versus.py [--smoke] [--runs N] [--seconds S] [--peers DIR] [--dir DIR] [--json FILE]

`--peers` has a virtual environment per peer, made by .ci/bench-peers. A peer that is not there, or that fails, is skipped
with a word. Shapes: `many` runs of five tasks, a `fan` of tasks in one run, one `step` after the other.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import workload
from figures import Figure, Report, arguments, quantiles, ratio_at_least
from workload import Stores

#: Of one round: shape -> tasks a second, or microseconds.
Round: TypeAlias = dict[str, float]

PROGRAMS = Path(__file__).parent / "peers"
#: Beyond its shapes a peer starts and imports, which takes some of them most of a minute.
STARTING_S = 90
FIGURES = {
    "many": "{runs} runs of five no-op tasks",
    "fan": "fan-out of {width}, one run",
    "p50": "one-step run p50",
    "p99": "one-step run p99",
}


@dataclass
class Peer:
    """A program beside ours, and what it measured so far."""

    name: str
    python: Path
    about: str = ""  # why it is skipped
    title: str = ""  # name and version, as it says itself
    rounds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    ours: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))


def find_peers(folder: Path) -> list[Peer]:
    """All that there are programs for."""
    found = []
    for program in sorted(PROGRAMS.glob("*_peer.py")):
        peer = Peer(program.stem.removesuffix("_peer"), folder / program.stem.removesuffix("_peer") / "bin" / "python")
        if not peer.python.exists():
            peer.about = "it is not installed"
        found.append(peer)
    return found


def ask(peer: Peer, directory: Path, seconds: float) -> dict[str, Any]:
    """Runs a peer's program once. Raises ValueError, whose text says why it gave nothing."""
    out = directory / "result.json"
    program = PROGRAMS / f"{peer.name}_peer.py"
    command = [peer.python, program, "--dir", directory, "--json", out, "--seconds", str(seconds)]
    # In a session of its own, since some start servers that outlive them.
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True, cwd=directory
    )
    try:
        code = process.wait(STARTING_S + 6 * seconds)
    except subprocess.TimeoutExpired as error:
        raise ValueError(f"no result after {error.timeout:g} s") from None
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if code != 0 or not out.exists():
        raise ValueError(f"it ended with {code} and without a result")
    result: dict[str, Any] = json.loads(out.read_text())
    return result


def round_of(peer: Peer, scratch: Path, seconds: float) -> Round:
    """One round of a peer."""
    with tempfile.TemporaryDirectory(dir=scratch, ignore_cleanup_errors=True) as directory:
        told = ask(peer, Path(directory), seconds)
    peer.title = f"{told['name']} {told['version']}"
    shapes = told["shapes"]
    return {"many": shapes["many"]["rate"], "fan": shapes["fan"]["rate"], **shapes["step"]}


def round_of_ours(stores: Stores, runs: int, fan: Any, width: int, samples: int) -> Round:
    """One round of ours, on disk."""
    many = workload.many_runs(stores, workload.five, [{}] * runs)
    wide = workload.one_run(stores, fan, width)
    p50, p99 = quantiles(workload.one_step(stores, samples))
    return {"many": many, "fan": wide, "p50": p50, "p99": p99}


def add_figures(report: Report, peer: Peer, runs: int, width: int) -> None:
    """Ours beside a peer's."""
    report.peer(peer.name, peer.title)
    for shape, name in FIGURES.items():
        goal = ratio_at_least(1_000) if peer.name == "dbos" and shape == "many" else None
        unit = "us" if shape.startswith("p") else "tasks/s"
        text = name.format(runs=runs, width=width)
        report.add(
            f"Python, on disk, and {peer.name}",
            Figure(text, unit, peer.ours[shape], peer.title, peer.rounds[shape], goal),
        )


def measure(report: Report, peers: list[Peer], scratch: Path, options: argparse.Namespace) -> None:
    """All rounds."""
    runs, width, samples = (100, 100, 10) if options.smoke else (1_000, 10_000, 500)
    fan = workload.fan_out(width)
    _ = fan.compiled
    stores = Stores(scratch)
    for i in range(options.runs):
        mine = round_of_ours(stores, runs, fan, width, samples)
        for peer in peers:
            if peer.about:
                continue
            print(f"round {i + 1} of {options.runs}: {peer.name} …", file=sys.stderr)
            try:
                theirs = round_of(peer, scratch, options.seconds)
            except (ValueError, KeyError) as error:
                peer.about = str(error)
                continue
            for shape, value in theirs.items():
                peer.rounds[shape].append(value)
                peer.ours[shape].append(mine[shape])
    for peer in peers:
        if peer.rounds:
            add_figures(report, peer, runs, width)
        if peer.about:
            print(f"{peer.name}: skipped, {peer.about}")
    report.worked("runs", runs)
    report.worked("fan", width)


def main() -> int:
    parser = arguments()
    parser.add_argument("--seconds", type=float, default=5.0, help="for each shape of a peer, about")
    parser.add_argument("--peers", type=Path, default=Path("build/peers"))
    options = parser.parse_args()
    if options.smoke:
        options.runs, options.seconds = 1, 0.1
    report = Report(smoke=options.smoke)
    with tempfile.TemporaryDirectory(dir=options.dir) as scratch:
        measure(report, find_peers(options.peers.absolute()), Path(scratch).absolute(), options)
    report.finish(options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
