"""The Python benchmark runs at its smallest with the tests, so that it doesn't rot."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_noop_benchmark_runs_and_writes_its_figures(tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    subprocess.run(
        [sys.executable, ROOT / "bench/python/noop.py", "--smoke", "--dir", tmp_path, "--json", out],
        check=True,
        timeout=120,
        stdout=subprocess.DEVNULL,
    )
    figures = json.loads(out.read_text())["figures"]
    assert len(figures) == 3
    assert all(figure["median"] > 0 for figure in figures)
