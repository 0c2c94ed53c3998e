"""The programs that join, compare and render what the benchmarks wrote."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def program(name: str) -> ModuleType:
    """A program of bench/ as a module."""
    spec = importlib.util.spec_from_file_location(f"bench_{name}", ROOT / "bench" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


compare, summary, table = program("compare"), program("summary"), program("table")


def figure(name: str, runs: list[float], **more: Any) -> dict[str, Any]:
    """One figure, as bench/report.h writes it."""
    median = sorted(runs)[len(runs) // 2]
    plain = {"group": "g", "name": name, "value": median, "unit": "ns", "vs": "", "against": 0, "ratio": 0}
    return plain | {"min": min(runs), "median": median, "runs": runs, "goal": "", "reached": None} | more


def document(*figures: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What one program wrote."""
    return {"machine": {"cpu": "a"}, "peers": {}, "smoke": False, "work": "00", "figures": list(figures)} | more


def run_compare(tmp_path: Path, old: dict[str, Any], new: dict[str, Any], *words: str) -> int:
    """Its exit code."""
    paths = []
    for name, content in (("old", old), ("new", new)):
        paths.append(tmp_path / f"{name}.json")
        paths[-1].write_text(json.dumps(content))
    code = compare.main([*map(str, paths), *words])
    assert isinstance(code, int)
    return code


def test_a_slower_figure_is_worse_and_a_higher_rate_is_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = document(figure("time", [10, 11]), figure("rate", [10, 11], unit="tasks/s"))
    new = document(figure("time", [20, 21]), figure("rate", [20, 21], unit="tasks/s"))
    assert run_compare(tmp_path, old, new) == 1
    out = capsys.readouterr().out
    assert "2 figures compared, 1 worse, 1 better" in out
    assert "g: time" in out and "x1.909" in out


@pytest.mark.parametrize(("threshold", "code"), [("0.1", 1), ("0.9", 0)])
def test_the_threshold(tmp_path: Path, threshold: str, code: int) -> None:
    old, new = document(figure("time", [10.0])), document(figure("time", [15.0]))
    assert run_compare(tmp_path, old, new, "--threshold", threshold) == code


def test_rounds_that_overlap_show_no_change(tmp_path: Path) -> None:
    old, new = document(figure("time", [10, 11, 30])), document(figure("time", [20, 21, 40]))
    assert run_compare(tmp_path, old, new) == 0


def test_what_has_a_peer_is_compared_by_the_ratio(tmp_path: Path) -> None:
    """The machine was twice as slow; against the peer it stayed as it was."""
    old = document(figure("time", [10.0], vs="peer", against=5.0, ratio=2.0))
    slower = document(figure("time", [20.0], vs="peer", against=10.0, ratio=2.0))
    worse = document(figure("time", [10.0], vs="peer", against=5.0, ratio=3.0))
    assert run_compare(tmp_path, old, slower) == 0
    assert run_compare(tmp_path, old, worse) == 1


def test_a_goal_says_which_way_is_good(tmp_path: Path) -> None:
    old = document(figure("share", [0.5], goal="value >= 0.4"))
    assert run_compare(tmp_path, old, document(figure("share", [0.9], goal="value >= 0.4"))) == 0
    assert run_compare(tmp_path, old, document(figure("share", [0.2], goal="value >= 0.4"))) == 1


def test_other_machines_and_work_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new = document(figure("time", [10.0]), machine={"cpu": "b"}, work="01", smoke=True)
    assert run_compare(tmp_path, document(figure("other", [10.0])), new) == 0
    out = capsys.readouterr().out
    assert "cpu: a and b" in out
    assert "different work" in out
    assert "smoke sizes" in out
    assert "2 in one summary only" in out


def test_the_summary_joins_all_formats(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    micro = {
        "benchmarks": [
            {"name": "BM_Push", "run_type": "iteration", "real_time": 9.0, "cpu_time": 3.0, "time_unit": "ns"},
            {"name": "BM_Push", "run_type": "iteration", "real_time": 9.0, "cpu_time": 5.0, "time_unit": "ns"},
            {"name": "BM_Push_mean", "run_type": "aggregate", "real_time": 9.0, "cpu_time": 4.0, "time_unit": "ns"},
        ]
    }
    engine = document(figure("time", [1.0], goal="value <= 2", reached=True), peers={"LMDB": "0.9"})
    python = document(figure("rate", [1.0], goal="value >= 2", reached=False), machine={"python": "3"})
    files = []
    for name, content in (("engine", engine), ("python", python), ("micro", micro)):
        files.append(tmp_path / name)
        files[-1].write_text(json.dumps(content))
    out = tmp_path / "summary.json"
    assert summary.main([str(out), *map(str, files)]) == 0
    assert "1 of 2 goals reached; 3 figures" in capsys.readouterr().out
    joined = json.loads(out.read_text())
    assert joined["machine"] == {"cpu": "a", "python": "3"}
    assert joined["peers"] == {"LMDB": "0.9"}
    assert joined["figures"][2] | {"name": "Push", "min": 3.0, "median": 4.0} == joined["figures"][2]


def test_the_table_goes_between_its_marks(tmp_path: Path) -> None:
    source, page = tmp_path / "summary.json", tmp_path / "page.md"
    again = {"group": "shapes", "unit": "ns/task", "vs": "peer", "against": 20.0, "goal": "ratio <= 0.6"}
    source.write_text(
        json.dumps(
            document(
                figure("chain 1e6 x1, run again", [4.0], ratio=0.2, reached=True, **again),
                figure("rate", [3.21e6], unit="tasks/s", goal="value >= 4e+06", reached=False),
            )
        )
    )
    page.write_text(f"above\n{table.BEGIN}\nold\n{table.END}\nbelow\n")
    assert table.main([str(source), str(page)]) == 0
    text = page.read_text()
    assert text.startswith("above\n") and text.endswith("\nbelow\n") and "old" not in text
    assert "| chain 1e6 | 1 | 4 | 0.2 |" in text
    assert "| rate | 3.21 M tasks/s | 3.21 M |  |  | ≥ 4 M | **no** |" in text
    page.write_text("no marks\n")
    assert table.main([str(source), str(page)]) == 1
