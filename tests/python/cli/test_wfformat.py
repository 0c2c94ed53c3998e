"""`tenuto run FILE` with real scientific workflows: every task runs once, after all its parents."""

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

CASES = os.environ.get("TENUTO_CASES")
FOLDER = Path(CASES or ".") / "wfinstances"
FILES = sorted(path.name for path in FOLDER.glob("*.json*") if path.name != "expected.json") if CASES else []

pytestmark = pytest.mark.skipif(not CASES, reason="TENUTO_CASES does not name the folder with wfinstances/")


def content(path: Path) -> Any:
    raw = path.read_bytes()
    return json.loads(gzip.decompress(raw) if path.suffix == ".gz" else raw)


@pytest.mark.parametrize("name", FILES)
def test_every_task_once_and_after_its_parents(project: Any, name: str) -> None:
    expected = json.loads((FOLDER / "expected.json").read_text())[name]
    tasks = content(FOLDER / name)["workflow"]["specification"]["tasks"]
    answer = project.tenuto("run", FOLDER / name)
    assert answer.code == 0, answer.err
    assert f"{expected['tasks']} done" in answer.err

    shown = project.call("show", "@last", "-o", "json").json()
    assert (shown["state"], shown["tasks"]) == ("completed", {"done": expected["tasks"]})
    events = [json.loads(line) for line in project.call("events", "@last", "-o", "jsonl").out.splitlines()]
    done = [event["node"] for event in events if event["event"] == "task_done"]
    assert sorted(done) == sorted(task["id"] for task in tasks)
    assert {event["event"] for event in events} == {"run_started", "task_done", "run_ended"}

    at = {node: place for place, node in enumerate(done)}
    edges = [(parent, task["id"]) for task in tasks for parent in task["parents"]]
    assert len(edges) == expected["edges"]
    early = [(parent, child) for parent, child in edges if at[parent] > at[child]]
    assert not early


def test_draw_and_check(project: Any) -> None:
    file = FOLDER / "helloworld-chain-5-chameleon.json"
    lines = project.call("draw", file).out.splitlines()
    assert len(lines) == 6
    assert "after" in lines[-1]
    assert project.call("check", file).lines()[0][1:3] == ["true", "5"]
