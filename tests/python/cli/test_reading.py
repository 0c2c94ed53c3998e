"""`tenuto ls`, `show`, `tree`, `events`, `stats` and `db` of a store that nobody owns."""

import csv
import io
import json
from typing import Any

import pytest


def test_ls_lists_the_newest_first(filled: Any) -> None:
    lines = filled.call("ls").lines()
    assert [line[:3] for line in lines] == [
        ["broken-1", "broken", "failed"],
        ["retried-1", "retried", "completed"],
        ["etl-1", "etl", "completed"],
    ]
    assert lines[0][5] == "Stop: a\\tb\\x1b[31m"
    assert lines[2][3].endswith("Z")
    assert float(lines[2][4]) >= 0


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        (["--state", "failed"], ["broken-1"]),
        (["--state", "completed,failed", "--limit", "2"], ["broken-1", "retried-1"]),
        (["--workflow", "etl"], ["etl-1"]),
        (["-l", "env=test"], ["etl-1"]),
        (["-l", "env=prod"], []),
        (["--where", "retries > 0"], ["retried-1"]),
        (["--where", "state == 'failed' || id == 'etl-1'"], ["broken-1", "etl-1"]),
        (["--since", "1h"], ["broken-1", "retried-1", "etl-1"]),
        (["--until", "1h"], []),
        (["--since", "2026-01-01T00:00:00+01:00", "--until", "2026-01-02"], []),
    ],
)
def test_filters(filled: Any, words: list[str], ids: list[str]) -> None:
    answer = filled.call("ls", *words, "-o", "name")
    assert (answer.code, answer.out.split()) == (0, ids)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--state", "ended"], "no state of a run; there are queued, running"),
        (["--where", "stat == 'failed'"], "a row has no `stat`"),
        (["--where", "state =="], "`where`"),
        (["--since", "yesterday"], "2h, 1d or 2026-01-31T08:00:00Z"),
        (["--since", "5x"], "--since"),
        (["-l", "env"], "KEY=VALUE"),
        (["--limit", "0"], "limit"),
        (["-o", "xml"], "jsonl"),
        (["--json", "id,stat"], "no field 'stat'; there are id, number, workflow"),
    ],
)
def test_filters_that_do_not_fit(filled: Any, words: list[str], text: str) -> None:
    answer = filled.call("ls", *words)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("tenuto: ")
    assert text in answer.err


def test_formats_of_a_list(filled: Any) -> None:
    rows = filled.call("ls", "-o", "json").json()
    assert [row["id"] for row in rows] == ["broken-1", "retried-1", "etl-1"]
    assert filled.call("ls", "-o", "json").out.count("\n") == 1
    lines = filled.call("ls", "-o", "jsonl").out.splitlines()
    assert [json.loads(line) for line in lines] == rows
    picked = filled.call("ls", "--json", "id,error.type").json()
    assert picked[0] == {"id": "broken-1", "error.type": "Stop"}
    assert picked[2] == {"id": "etl-1", "error.type": None}
    table = list(csv.reader(io.StringIO(filled.call("ls", "-o", "csv").out)))
    assert table[0] == [
        "id",
        "workflow",
        "state",
        "started",
        "duration",
        "error",
    ]
    assert table[3][0] == "etl-1"
    assert filled.call("ls", "--json", "id,state", "-o", "csv").out.splitlines()[1] == "broken-1,failed"
    table_text = filled.call("ls", "-o", "table").out.splitlines()
    assert table_text[0].split() == ["id", "workflow", "state", "started", "duration", "error"]
    assert table_text[3].startswith("etl-1      etl       completed  20")
    assert "env=test" in filled.call("ls", "-o", "wide").out
    assert filled.call("ls", "-o", "md").out.splitlines()[1].startswith("|---|---|")
    assert filled.call("ls", "-o", "yaml", "--json", "id").out.splitlines()[0:2] == ["-", '  id: "broken-1"']


def test_show(filled: Any) -> None:
    shown = filled.call("show", "etl-1", "-o", "json").json()
    assert shown["id"] == "etl-1"
    assert shown["workflow"] == "etl"
    assert shown["state"] == "completed"
    assert shown["input"] == {"day": "2026-01-01", "n": 1}
    assert shown["output"] == {"day": "2026-01-01", "total": 3}
    assert shown["error"] is None
    assert shown["started"] <= shown["ended"]
    assert shown["tasks"] == {"done": 2, "skipped": 1}
    failed = filled.call("show", "@failed", "-o", "json").json()
    assert (failed["id"], failed["error"]["task"], failed["error"]["type"]) == ("broken-1", "fail", "Stop")
    people = filled.call("show", "broken", "-o", "table").out
    assert "error     Stop: a" in people
    assert "Traceback" in people
    assert "\x1b" not in people
    assert dict(filled.call("show", "etl-1").lines())["tasks"] == '{"done":2,"skipped":1}'
    assert filled.call("show", "etl-1", "--json", "id,tasks.done").json() == {"id": "etl-1", "tasks.done": 2}


def test_show_one_task(filled: Any) -> None:
    node = filled.call("show", "retried-1/second_try", "-o", "json").json()
    assert (node["path"], node["state"], node["attempts"], node["result"]) == ("second_try", "done", 2, "at last")
    answer = filled.call("show", "retried-1/third_try")
    assert answer.code == 6
    assert "run retried-1 has no task third_try" in answer.err


@pytest.mark.parametrize("verb", ["show", "tree", "events", "cancel"])
def test_runs_are_named_by_id_prefix_and_words(filled: Any, verb: str) -> None:
    answer = filled.call(verb, "nothing")
    assert (answer.code, answer.out) == (6, "")
    assert "there is no run `nothing`" in answer.err
    assert filled.call(verb, "@last:nothing").code == 6
    if verb != "cancel":
        for name in ("etl-1", "etl", "@last:etl"):
            assert filled.call(verb, name).code == 0
        assert filled.call(verb, "@last").out == filled.call(verb, "broken-1").out


def test_what_has_ended_cannot_be_cancelled(filled: Any) -> None:
    answer = filled.call("cancel", "etl-1", "broken-1", "--yes")
    assert answer.code == 1
    assert "tenuto: run etl-1 has ended as completed" in answer.err
    assert "tenuto: run broken-1 has ended as failed" in answer.err
    assert "accepted" not in answer.err


def test_a_prefix_of_several_runs_names_none(filled: Any) -> None:
    assert filled.tenuto("run", "flows:etl", "-p", "day=2", "--id", "etl-2").code == 0
    answer = filled.call("show", "etl-")
    assert answer.code == 1
    assert "etl-1" in answer.err
    assert "etl-2" in answer.err


def test_tree(filled: Any) -> None:
    lines = filled.call("tree", "@last:etl").out.splitlines()
    assert lines[0].startswith("etl  run etl-1  completed")
    assert any("add" in line and "done" in line for line in lines)
    assert any("say" in line and "skipped" in line for line in lines)
    assert "done x2" in filled.call("tree", "retried-1").out
    failed = filled.call("tree", "@failed").out
    assert "\x1b" not in failed
    assert "failed" in failed
    assert "not_reached" in failed
    assert "Stop: a" in failed
    nodes = filled.call("tree", "etl-1", "-o", "json").json()
    assert {node["path"] for node in nodes} >= {"add", "say", "few"}


def test_events(filled: Any) -> None:
    events = [json.loads(line) for line in filled.call("events", "retried-1", "-o", "jsonl").out.splitlines()]
    assert [event["event"] for event in events] == [
        "run_started",
        "attempt_failed",
        "timer_fired",
        "task_done",
        "run_ended",
    ]
    assert events[1]["error"]["type"] == "ValueError"
    lines = filled.call("events", "retried-1").lines()
    assert [line[1] for line in lines] == [event["event"] for event in events]
    assert "ValueError: not yet" in lines[1][4]
    of_task = filled.call("events", "retried-1/second_try", "-o", "json").json()
    assert {event["node"] for event in of_task} == {"second_try"}
    people = filled.call("events", "broken-1", "-o", "table").out
    assert people.splitlines()[0].split() == ["at", "event", "node", "attempt", "details"]
    assert "\x1b" not in people


def test_stats(filled: Any) -> None:
    facts = filled.call("stats", "-o", "json").json()
    assert facts["runs"] == {"ended": 3, "completed": 2, "failed": 1, "timed_out": 0, "rejected": 0, "cancelled": 0}
    lines = {line[0]: line[1:] for line in filled.call("stats").lines()}
    assert float(lines["Process Completion Rate"][0]) == pytest.approx(2 / 3)
    assert float(lines["Error Rate"][0]) == pytest.approx(1 / 3)
    assert float(lines["First-time-right"][0]) == pytest.approx(1 / 2)
    for name in ("p50", "p90", "p95", "p99", "mean"):
        assert float(lines[f"Cycle Time {name}"][0]) > 0
    assert any(name.startswith("Resource Utilization") for name in lines)
    assert "Throughput ended" in lines
    assert lines["Open now"][0] == "0"
    people = filled.call("stats", "-o", "table").out
    assert "Process Completion Rate" in people
    assert "66.67 %" in people
    assert "1 of 6 attempts" not in people
    beside = filled.call("stats", "--since", "1h", "-o", "table").out.splitlines()
    assert beside[0].split() == ["metric", "value", "previous", "details"]
    assert filled.call("stats", "--workflow", "etl", "--json", "runs.ended").json() == {"runs.ended": 1}
    assert "retried" in filled.call("stats", "-o", "wide").out
    assert filled.call("stats", "--since", "1h", "--until", "2h").code == 2


def test_db_info_and_verify(filled: Any) -> None:
    facts = filled.call("db", "info", "-o", "json").json()
    assert facts["owner_pid"] is None
    assert facts["ended_runs"] == 3
    text = filled.call("db", "info", "-o", "table").out
    assert "owner" in text
    assert "none" in text
    answer = filled.call("db", "verify")
    assert answer.code == 0, answer.out + answer.err
    assert answer.out.startswith("ok: ")
    assert filled.call("db", "verify", "-o", "json").json()["ok"] is True


def test_without_a_store_reading_says_what_to_do(project: Any) -> None:
    for words in (
        ["ls"],
        ["show", "x"],
        ["tree", "x"],
        ["events", "x"],
        ["stats"],
        ["cancel", "x"],
        ["db", "info"],
        ["db", "verify"],
    ):
        for place in ([], ["--db", "elsewhere"]):
            answer = project.call(*place, *words)
            assert (answer.code, answer.out) == (6, ""), words
            assert answer.err.startswith("tenuto: there is no store at ")
            assert "--db DIR" in answer.err
    assert not project.store.exists()


def test_what_is_no_store_is_refused(project: Any) -> None:
    (project.folder / "other").mkdir()
    (project.folder / "other" / "file").write_text("mine")
    for words in (["ls"], ["db", "verify"], ["run", "flows:etl", "-p", "day=1"]):
        answer = project.call("--db", "other", *words)
        assert answer.code in (1, 6)
        assert answer.err.startswith("tenuto: ")
        assert len(answer.err.splitlines()) == 1
    assert [path.name for path in (project.folder / "other").iterdir()] == ["file"]


def test_the_store_is_named_by_option_or_variable(project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert project.tenuto("--db", "a.db", "run", "flows:etl", "-p", "day=1").code == 0
    monkeypatch.setenv("TENUTO_DB", "a.db")
    assert len(project.call("ls").lines()) == 1
    assert len(project.call("ls", "--db", "a.db").lines()) == 1
    assert project.call("--db", "b.db", "ls").code == 6
    assert len(project.call("--db", "b.db", "ls", "--db", "a.db").lines()) == 1
