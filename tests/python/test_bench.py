"""The Python benchmarks run at their smallest with the tests, so that they don't rot."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
KEYS = {
    "group", "name", "value", "unit", "vs", "against", "ratio", "min", "median", "runs", "goal", "reached",
}  # fmt: skip


def report_of(program: str, tmp_path: Path, *words: str | Path) -> dict[str, Any]:
    out = tmp_path / "figures.json"
    subprocess.run(
        [sys.executable, ROOT / "bench/python" / program, "--smoke", "--dir", tmp_path, "--json", out, *words],
        check=True,
        timeout=120,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    report: dict[str, Any] = json.loads(out.read_text())
    return report


def test_short_bodies_beside_other_hands(tmp_path: Path) -> None:
    report = report_of("noop.py", tmp_path)
    figures = report["figures"]
    assert report.keys() == {"machine", "peers", "work", "figures"}
    assert len(figures) == 15
    assert all(figure.keys() == KEYS and figure["min"] > 0 for figure in figures)
    assert all(figure["ratio"] > 0 for figure in figures if figure["vs"])
    assert [figure["reached"] is not None for figure in figures].count(True) == 4
