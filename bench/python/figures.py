"""Figures and their report, in the format of bench/report.h: what was measured several times, beside a peer or a limit that
was measured in the same rounds."""

import argparse
import json
import os
import platform
import statistics
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import tenuto


@dataclass(frozen=True)
class Goal:
    """A bound of a figure's value, or of its ratio to what it is held against."""

    of: str
    bound: str
    limit: float

    def __str__(self) -> str:
        return f"{self.of} {self.bound} {self.limit:.4g}"


def value_at_least(limit: float) -> Goal:
    """The median has to be so much."""
    return Goal("value", ">=", limit)


def ratio_at_least(limit: float) -> Goal:
    """The ratio has to be so much."""
    return Goal("ratio", ">=", limit)


@dataclass
class Figure:
    """One figure, with a run per round; `vs_runs` is what it is held against, in the same unit and the same rounds."""

    name: str
    unit: str
    runs: list[float]
    vs: str = ""
    vs_runs: list[float] = field(default_factory=list)
    goal: Goal | None = None

    @property
    def median(self) -> float:
        """Of all rounds."""
        return statistics.median(self.runs)

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios: a slow minute hits both sides of each. 0: held against nothing."""
        ratios = [mine / theirs for mine, theirs in zip(self.runs, self.vs_runs, strict=False) if theirs]
        return statistics.median(ratios) if ratios else 0.0

    @property
    def reached(self) -> bool | None:
        """Whether the goal is; None without one."""
        if self.goal is None:
            return None
        measured = self.median if self.goal.of == "value" else self.ratio
        return measured >= self.goal.limit if self.goal.bound == ">=" else measured <= self.goal.limit

    def to_json(self, group: str) -> dict[str, Any]:
        """As in bench/report.h."""
        return {
            "group": group,
            "name": self.name,
            "value": self.median,
            "unit": self.unit,
            "vs": self.vs,
            "against": statistics.median(self.vs_runs) if self.vs_runs else 0,
            "ratio": self.ratio,
            "min": min(self.runs),
            "median": self.median,
            "runs": self.runs,
            "goal": str(self.goal or ""),
            "reached": self.reached,
        }


class Report:
    """What a benchmark hands in: figures in groups, the versions of the peers, and a hash of the work done.

    Args:
        smoke: the sizes are so small that the figures mean nothing: goals are left out.
    """

    def __init__(self, *, smoke: bool) -> None:
        self._smoke = smoke
        self._groups: dict[str, list[Figure]] = {}
        self._peers: dict[str, str] = {}
        self._work = 0xCBF29CE484222325

    def add(self, group: str, *figures: Figure) -> None:
        """Adds to the end of a group."""
        added = (replace(each, goal=None) if self._smoke else each for each in figures)
        self._groups.setdefault(group, []).extend(added)

    def peer(self, name: str, version: str) -> None:
        """Notes whom figures are held against."""
        self._peers[name] = version

    def worked(self, what: str, count: int) -> None:
        """Work that was done and counted. Two reports with equal hashes are about the same work (FNV-1a)."""
        for byte in what.encode() + count.to_bytes(8, "little"):
            self._work = (self._work ^ byte) * 0x100000001B3 % (1 << 64)

    def print(self) -> None:
        """A table for people."""
        for group, figures in self._groups.items():
            print(
                f"\n{group:<50} {'median':>11} {'min':>11}  {'unit':<10} {'held against':<26} {'at':>9} {'ratio':>7}  goal"
            )
            for each in figures:
                line = f"{each.name:<50} {each.median:>11.4g} {min(each.runs):>11.4g}  {each.unit:<10}"
                if each.vs:
                    line += f" {each.vs:<26} {statistics.median(each.vs_runs):>9.4g} {each.ratio:>7.3g}"
                elif each.goal:
                    line += " " * 45
                if each.goal:
                    line += f"  {each.goal!s:<16} {'reached' if each.reached else 'not reached'}"
                print(line)

    def finish(self, path: Path | None) -> None:
        """Prints the tables, and writes the report where one is wanted."""
        self.print()
        if path:
            self.write(path)

    def write(self, path: Path) -> None:
        """Writes everything as JSON."""
        figures = [each.to_json(group) for group, some in self._groups.items() for each in some]
        document = {
            "machine": machine(),
            "peers": self._peers,
            "smoke": self._smoke,
            "work": f"{self._work:016x}",
            "figures": figures,
        }
        path.write_text(json.dumps(document, indent=1) + "\n")


def arguments() -> argparse.ArgumentParser:
    """What every program of the suite takes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--dir", type=Path, default=Path("."))
    parser.add_argument("--json", type=Path)
    return parser


def machine() -> dict[str, str]:
    """The machine that figures were taken on."""
    cpu = "unknown"
    if Path("/proc/cpuinfo").exists():
        models = (line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
        cpu = next(models, ": unknown").partition(": ")[2]
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20
    system = platform.uname()
    return {
        "cpu": cpu,
        "cores": str(os.cpu_count()),
        "kernel": f"{system.system} {system.release} {system.machine}",
        "memory": f"{memory} MiB",
        "python": sys.version.partition(" ")[0],
        "tenuto": tenuto.__version__,
    }


def quantiles(seconds: list[float]) -> tuple[float, float]:
    """p50 and p99 in microseconds."""
    ordered = sorted(seconds)
    return ordered[len(ordered) // 2] * 1e6, ordered[int(0.99 * (len(ordered) - 1))] * 1e6
