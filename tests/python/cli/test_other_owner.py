"""The command while another process owns the store."""

import json
import signal
from typing import Any


def test_run_waits_for_what_the_owner_does(project: Any) -> None:
    owner = project.owner()
    answer = project.tenuto("run", "flows:etl", "-p", "day=1", "--id", "e1")
    assert (answer.code, answer.json()) == (0, {"day": "1", "total": 3}), answer.err
    assert f"process {owner.pid} owns" in answer.err
    answer = project.tenuto("run", "flows:broken", "--id", "b1")
    assert answer.code == 3
    assert "task fail" in answer.err
    assert project.call("db", "info", "--json", "owner_pid").json() == {"owner_pid": owner.pid}


def test_a_run_that_must_own_the_store_ends_with_7(project: Any) -> None:
    owner = project.owner()
    answer = project.call("run", "flows:etl", "-p", "day=1", "--own")
    assert (answer.code, answer.out) == (7, "")
    assert f"is owned by process {owner.pid}" in answer.err
    assert project.call("ls").out == ""
    owner.communicate("")
    assert project.call("run", "flows:etl", "-p", "day=1", "--own").code == 0


def test_start_reading_and_cancel_go_to_the_owner(project: Any, until: Any) -> None:
    project.owner()
    gate = project.folder / "gate"
    answer = project.tenuto("start", "flows:gated", "-p", f"path={gate}", "--id", "g1")
    assert (answer.code, answer.out, answer.err) == (0, "g1\n", "")
    until(lambda: project.call("show", "g1", "--json", "state").json() == {"state": "running"})
    assert project.call("ls").lines()[0][:3] == ["g1", "gated", "running"]
    assert "waits for await_file" in project.call("tree", "g1").out
    assert [
        event["event"] for event in map(json.loads, project.call("events", "g1", "-o", "jsonl").out.splitlines())
    ] == ["run_started"]
    assert project.call("stats", "--json", "open").json() == {"open": 1}
    answer = project.call("cancel", "g1", "--reason", "not needed", "-o", "json")
    assert answer.code == 0, answer.err
    assert answer.json()[0]["id"] == "g1"
    assert answer.json()[0]["state"] in ("cancelling", "cancelled")
    gate.write_text("x")
    until(lambda: project.call("show", "g1", "--json", "state").json() == {"state": "cancelled"})
    shown = project.call("show", "g1", "-o", "json").json()
    assert shown["error"]["message"]
    assert project.tenuto("run", "flows:gated", "-p", f"path={gate}", "--id", "g1").code == 4
    again = project.call("cancel", "etl", "g1")
    assert again.code == 6


def test_cancelling_many_asks_first(project: Any, until: Any) -> None:
    project.owner()
    gate = project.folder / "gate"
    for number in range(3):
        assert project.tenuto("start", "flows:gated", "-p", f"path={gate}", "--id", f"g{number}").code == 0
    shown = project.call("cancel", "--workflow", "gated", "--dry-run", "-o", "name")
    assert (shown.code, sorted(shown.out.split())) == (0, ["g0", "g1", "g2"])
    asked = project.tenuto("cancel", "--workflow", "gated")
    assert asked.code == 2
    assert "3 runs would be cancelled; say --yes" in asked.err
    until(lambda: {line[2] for line in project.call("ls").lines()} == {"running"})
    assert project.tenuto("cancel", "--workflow", "gated", "--yes").code == 0
    gate.write_text("x")
    until(lambda: {line[2] for line in project.call("ls").lines()} == {"cancelled"})
    none = project.call("cancel", "--workflow", "gated", "--yes")
    assert (none.code, none.out) == (0, "")
    late = project.call("cancel", "g0", "g1", "--yes")
    assert late.code in (0, 1)
    assert project.call("cancel").code == 2
    assert project.call("cancel", "g0", "--state", "running").code == 2


def test_a_cancel_without_an_engine_is_accepted(project: Any, until: Any) -> None:
    gate = project.folder / "gate"
    words = ("run", "flows:gated", "-p", f"path={gate}", "--id", "g1")
    assert project.tenuto(*words, "--timeout", "200ms").code == 5
    answer = project.tenuto("cancel", "g1")
    assert answer.code == 0
    assert "accepted, no engine is running" in answer.err
    again = project.popen(*words)
    # The body may have begun before the cancel is read; it may finish then.
    until(lambda: project.call("show", "g1", "--json", "state").json()["state"] in ("cancelling", "cancelled"))
    gate.write_text("x")
    again.communicate(timeout=60)
    assert again.returncode == 4


def test_a_second_process_with_the_same_script_gets_its_result(project: Any) -> None:
    project.write(
        "script.py",
        "import sys\nimport flows\nimport tenuto\n"
        "with tenuto.open(sys.argv[1]) as engine:\n"
        "    print(engine.role, flows.etl.run(sys.argv[2]), flush=True)\n    sys.stdin.read()\n",
    )
    first = project.program("script.py", project.store, "a", stderr=None)
    assert first.stdout.readline() == "owner {'day': 'a', 'total': 3}\n"
    second = project.program("script.py", project.store, "b")
    assert second.communicate("", timeout=60) == ("client {'day': 'b', 'total': 3}\n", "")
    first.communicate("")
    assert len(project.call("ls").lines()) == 2


def test_when_the_owner_goes_a_waiting_run_takes_over(project: Any) -> None:
    owner = project.owner()
    gate = project.folder / "gate"
    waiting = project.popen("run", "flows:gated", "-p", f"path={gate}")
    assert waiting.stderr.readline().startswith("run ")
    assert "owns" in waiting.stderr.readline()
    owner.kill()
    owner.wait()
    gate.write_text("at last")
    out, err = waiting.communicate(timeout=60)
    assert (waiting.returncode, json.loads(out)) == (0, "at last"), err


def test_ctrl_c_works_also_while_the_owner_hangs(project: Any, until: Any) -> None:
    owner = project.owner()
    owner.send_signal(signal.SIGSTOP)
    child = project.popen("start", "flows:etl", "-p", "day=1", "--id", "late")
    until(lambda: any((project.store / "inbox").iterdir()))
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=10)
    assert (child.returncode, err) == (130, "tenuto: interrupted\n")
    # The command was accepted, and is done as soon as the owner goes on.
    owner.send_signal(signal.SIGCONT)
    until(lambda: project.call("show", "late", "--json", "state").out == '{"state":"completed"}\n')
