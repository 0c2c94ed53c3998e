"""The Python benchmarks run at their smallest with the tests, so that they don't rot."""

import dataclasses
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
KEYS = {
    "group", "name", "value", "unit", "vs", "against", "ratio", "min", "median", "runs", "goal", "reached",
}  # fmt: skip


def report_of(program: str, tmp_path: Path, *words: str | Path) -> tuple[dict[str, Any], str]:
    """What it writes and what it prints."""
    out = tmp_path / "figures.json"
    ended = subprocess.run(
        [sys.executable, ROOT / "bench/python" / program, "--smoke", "--dir", tmp_path, "--json", out, *words],
        check=True,
        timeout=120,
        stdout=subprocess.PIPE,
        text=True,
    )
    return json.loads(out.read_text()), ended.stdout


def test_a_ratio_is_the_median_of_the_rounds_and_goals_are_about_it_or_the_value() -> None:
    spec = importlib.util.spec_from_file_location("figures", ROOT / "bench/python/figures.py")
    assert spec is not None and spec.loader is not None
    figures = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(figures)
    figure = figures.Figure("x", "tasks/s", [30.0, 10.0, 200.0], "peer", [10.0, 5.0, 10.0])
    assert (figure.median, figure.ratio, figure.reached) == (30.0, 3.0, None)
    for goal, reached in (("ratio_at_least", [3, 3.1]), ("value_at_least", [30, 31])):
        limits = [dataclasses.replace(figure, goal=getattr(figures, goal)(limit)) for limit in reached]
        assert [each.reached for each in limits] == [True, False]
    assert limits[0].to_json("g")["goal"] == "value >= 30"


def test_short_bodies_beside_other_hands(tmp_path: Path) -> None:
    report, _ = report_of("noop.py", tmp_path)
    figures = report["figures"]
    assert report.keys() == {"machine", "peers", "smoke", "work", "figures"} and report["smoke"]
    assert len(figures) == 15
    assert all(figure.keys() == KEYS and figure["min"] > 0 for figure in figures)
    assert all(figure["ratio"] > 0 for figure in figures if figure["vs"])
    assert not any(figure["goal"] for figure in figures)


def test_engines_that_people_use(tmp_path: Path) -> None:
    """One peer that gives figures, one that fails, one that is not there."""
    shapes = {"many": {"rate": 100}, "fan": {"rate": 50}, "step": {"p50": 9e4, "p99": 9e5}}
    told = json.dumps({"name": "distributed", "version": "1.2", "shapes": shapes})
    for name, script in (("dask", f"echo '{told}' > $5"), ("dbos", "exit 3")):
        python = tmp_path / "peers" / name / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_text(f"#!/bin/sh\n{script}\n")
        python.chmod(0o755)
    report, printed = report_of("versus.py", tmp_path, "--peers", tmp_path / "peers")
    figures = report["figures"]
    assert report["peers"] == {"dask": "distributed 1.2"}
    assert [figure["against"] for figure in figures] == [100, 50, 9e4, 9e5]
    assert all(figure.keys() == KEYS and figure["ratio"] > 0 for figure in figures)
    assert "dbos: skipped, it ended with 3" in printed
    assert "prefect: skipped, it is not installed" in printed
