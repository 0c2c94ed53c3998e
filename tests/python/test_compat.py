"""Stores that earlier versions made: they open, hold what they held, and go on."""

import json
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

import tenuto
from tenuto import _core

ARCHIVES = sorted(Path(__file__).parents[1].joinpath("compat").glob("format-*.tar.gz"))


@pytest.fixture(params=ARCHIVES, ids=lambda path: path.name.removesuffix(".tar.gz"))
def store(request: Any, tmp_path: Path) -> Path:
    with tarfile.open(request.param) as packed:
        packed.extractall(tmp_path, filter="data")
    return tmp_path / "store"


def test_there_is_one_of_each_format_since_the_first() -> None:
    formats = [int(path.name.removeprefix("format-").removesuffix(".tar.gz")) for path in ARCHIVES]
    assert formats == list(range(3, 3 + len(formats)))
    assert all(path.stat().st_size < 100_000 for path in ARCHIVES)


def test_it_verifies_and_holds_what_it_held(store: Path) -> None:
    sound, report = _core.verify_store(str(store))
    assert sound, report
    with tenuto.open(store, mode="owner") as engine:
        rows = {row.id: row for row in engine.runs()}
        chosen = {name: row.state for name, row in rows.items() if not len(name) == 26}
        assert chosen == {
            "etl-1": "completed",
            "etl-20": "completed",
            "etl-7": "completed",
            "large": "completed",
            "broken": "failed",
            "gated": "running",
        } | {"gated": chosen["gated"]}
        assert chosen["gated"] in ("running", "waiting")
        assert len(rows) == 9
        assert engine.find("etl-20").result() == {"total": 22}
        assert engine.find("large").result() == "ab" * 150_000
        with pytest.raises(tenuto.TaskFailed, match="no luck"):
            engine.find("broken").result()
        assert rows["broken"].error is not None
        history = [json.loads(line)["event"] for line in engine.find_handle("etl-1").events().splitlines()]
        expected = "run_started task_done switch_chosen task_skipped attempt_failed timer_fired task_done run_ended"
        assert history == expected.split()
        first = next(name for name in rows if len(name) == 26)
        assert engine.find(first).result() == {"total": 7}


def test_the_run_that_a_kill_interrupted_goes_on(store: Path) -> None:
    program = """\
import sys
sys.argv = ["compat_flows.py", "store", "go on"]
import compat_flows as flows
import tenuto
with tenuto.open("store", mode="owner") as engine:
    flows.gated.start(3, id="gated").result()
    print(engine.find("gated").result(), flows.etl.run(30, id="new"))
"""
    said = subprocess.run(
        [sys.executable, "-c", program], cwd=store.parent, capture_output=True, text=True, check=False
    )
    assert (said.returncode, said.stdout) == (0, "40 {'total': 32}\n"), said.stderr
    sound, report = _core.verify_store(str(store))
    assert sound, report


def test_its_backup_becomes_a_store(store: Path) -> None:
    with tenuto.open(store, mode="owner") as engine:
        engine.backup(store.parent / "backup")
        names = {row.id for row in engine.runs()}
    tenuto.restore(store.parent / "backup", store.parent / "again")
    with tenuto.open(store.parent / "again", mode="owner") as engine:
        assert {row.id for row in engine.runs()} == names
