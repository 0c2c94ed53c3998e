"""Joins what the benchmark programs wrote into one summary: every figure as {group, name, value, unit, vs, against, ratio,
min, median, runs, goal, reached}, with the machine, the versions of the peers and a hash of the work.

summary.py OUT FILE …    FILE: from tenuto_bench, from bench/python, or from micro_bench (Google Benchmark's format)
"""

import hashlib
import json
import statistics
import sys
from pathlib import Path
from typing import Any

Figure = dict[str, Any]

MICRO_GROUP = "single operations"


def micro_figures(document: dict[str, Any]) -> list[Figure]:
    """Google Benchmark's repetitions as figures."""
    runs: dict[str, list[float]] = {}
    units: dict[str, str] = {}
    for entry in document["benchmarks"]:
        if entry["run_type"] == "iteration":
            # Processor time, which other programs on the machine don't add to; what waits has to be measured by the clock.
            time = "real_time" if "/real_time" in entry["name"] else "cpu_time"
            runs.setdefault(entry["name"], []).append(entry[time])
            units[entry["name"]] = entry["time_unit"]
    return [
        {
            "group": MICRO_GROUP,
            "name": name.removeprefix("BM_"),
            "value": statistics.median(values),
            "unit": units[name],
            "vs": "",
            "against": 0,
            "ratio": 0,
            "min": min(values),
            "median": statistics.median(values),
            "runs": values,
            "goal": "",
            "reached": None,
        }
        for name, values in sorted(runs.items())
    ]


def joined(documents: list[dict[str, Any]]) -> dict[str, Any]:
    """One document of the format of bench/report.h. Later machines and peers add to earlier ones."""
    summary: dict[str, Any] = {"machine": {}, "peers": {}, "smoke": False, "work": "", "figures": []}
    work = hashlib.sha256()
    for document in documents:
        if "benchmarks" in document:
            summary["figures"] += micro_figures(document)
            continue
        summary["machine"] |= document["machine"]
        summary["peers"] |= document["peers"]
        summary["smoke"] |= document.get("smoke", False)
        summary["figures"] += document["figures"]
        work.update(document["work"].encode())
    summary["work"] = work.hexdigest()[:16]
    return summary


def print_micro(figures: list[Figure]) -> None:
    """A table of the single operations, whose program prints a line per repetition."""
    for figure in figures:
        if figure["group"] == MICRO_GROUP:
            print(f"{figure['name']:<50} {figure['median']:>11.4g} {figure['min']:>11.4g}  {figure['unit']}")


def main(words: list[str]) -> int:
    """Writes the summary of all files."""
    if len(words) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    out, *files = (Path(word) for word in words)
    summary = joined([json.loads(file.read_text()) for file in files])
    out.write_text(json.dumps(summary, indent=1) + "\n")
    print_micro(summary["figures"])
    goals = [figure["reached"] for figure in summary["figures"] if figure["reached"] is not None]
    print(f"\n{goals.count(True)} of {len(goals)} goals reached; {len(summary['figures'])} figures written to {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
