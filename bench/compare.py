"""Compares two summaries of the benchmarks and says which figures changed.

    compare.py OLD NEW [--threshold 0.1] [--all]

A figure that is held against a peer or a limit is compared by its ratio, for the machine's moods hit both sides of it;
another by its value. A change counts when it is beyond the threshold and the ranges of the two figures' rounds don't
overlap, or, for ratios, which have one value, beyond the threshold alone. Exits with 1 when something got worse.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Figure = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """One figure in both summaries."""

    name: str
    what: str  # "ratio" or the unit of the value
    old: float
    new: float
    more_is_better: bool
    is_clear: bool  # not within the noise of the rounds

    @property
    def worse_by(self) -> float:
        """0.25: a quarter worse; negative: better."""
        change = self.new / self.old
        return (1 / change if self.more_is_better else change) - 1

    def is_worse(self, threshold: float) -> bool:
        """Beyond the threshold and the noise."""
        return self.is_clear and self.worse_by > threshold

    def is_better(self, threshold: float) -> bool:
        """Beyond the threshold and the noise."""
        return self.is_clear and 1 / (1 + self.worse_by) - 1 > threshold


def more_is_better(figure: Figure) -> bool:
    """As its goal says, and else as its unit does: rates should be high, all else (time, space) low."""
    if figure["goal"]:
        return ">=" in figure["goal"]
    return str(figure["unit"]).endswith("/s")


def overlap(old: list[float], new: list[float]) -> bool:
    """Whether the ranges of the rounds do."""
    return min(old) <= max(new) and min(new) <= max(old)


def figures_of(summary: dict[str, Any]) -> dict[tuple[str, str, str], Figure]:
    """By group, name and what it is held against."""
    return {(figure["group"], figure["name"], figure["vs"]): figure for figure in summary["figures"]}


def changes(old: dict[str, Any], new: dict[str, Any]) -> list[Change]:
    """Of the figures that both have."""
    found = []
    newer = figures_of(new)
    for key, before in figures_of(old).items():
        after = newer.get(key)
        if after is None:
            continue
        group, name, vs = key
        by_ratio = bool(before["ratio"] and after["ratio"])
        values = (before["ratio"], after["ratio"]) if by_ratio else (before["median"], after["median"])
        if not all(values):
            continue
        found.append(
            Change(
                f"{group}: {name}" + (f" / {vs}" if vs else ""),
                "ratio" if by_ratio else before["unit"],
                *values,
                more_is_better(before),
                by_ratio or not overlap(before["runs"], after["runs"]),
            )
        )
    return found


def warnings(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What makes a comparison doubtful."""
    found = []
    for key in ("cpu", "cores", "kernel", "compiler", "build"):
        was, now = (summary["machine"].get(key, "?") for summary in (old, new))
        if was != now:
            found.append(f"{key}: {was} and {now}")
    if old["work"] != new["work"]:
        found.append("the two did different work (sizes, rounds or parts)")
    if old.get("smoke") or new.get("smoke"):
        found.append("smoke sizes: their figures mean nothing")
    return found


def main(words: list[str]) -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description="Compares two summaries of the benchmarks.")
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--threshold", type=float, default=0.1, help="0.1: a change by a tenth counts")
    parser.add_argument("--all", action="store_true", help="print what did not change as well")
    options = parser.parse_args(words)
    old, new = (json.loads(path.read_text()) for path in (options.old, options.new))
    for warning in warnings(old, new):
        print(f"warning: {warning}")
    found = changes(old, new)
    worse = [each for each in found if each.is_worse(options.threshold)]
    better = [each for each in found if each.is_better(options.threshold)]
    shown = found if options.all else worse + better
    for each in sorted(shown, key=lambda change: -change.worse_by):
        word = "worse" if each in worse else "better" if each in better else ""
        print(
            f"{each.name:<80} {each.what:<12} {each.old:>10.4g} {each.new:>10.4g}  x{each.new / each.old:<7.3f} {word}"
        )
    only = len(figures_of(old).keys() ^ figures_of(new).keys())
    print(f"{len(found)} figures compared, {len(worse)} worse, {len(better)} better; {only} in one summary only")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
