"""`tenuto run` and `tenuto start`."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest


def test_prints_the_output_alone_on_stdout_and_the_id_on_stderr(project: Any) -> None:
    answer = project.tenuto("run", "flows:etl", "-p", "day=2026-01-01", "--id", "etl-1")
    assert answer.code == 0, answer.err
    assert answer.out == '{"day":"2026-01-01","total":3}\n'
    assert answer.err.splitlines()[0] == "run etl-1"
    assert "completed" in answer.err
    assert (project.folder / "tenuto.db").is_dir()


def test_parameters_are_text_where_annotated_else_json_else_text(project: Any) -> None:
    answer = project.tenuto("run", "flows.py:etl", "-p", "day=7", "-p", "n=40", "--db", "other.db")
    assert answer.json() == {"day": "7", "total": 42}
    assert not project.store.exists()
    answer = project.tenuto("run", "flows.py:etl", "--input", '{"day": "x", "n": 5}', "-p", "n=6")
    assert answer.json() == {"day": "x", "total": 8}
    (project.folder / "input.json").write_text('{"day": "y"}')
    assert project.tenuto("run", "flows.py:etl", "--input", "@input.json").json() == {"day": "y", "total": 3}
    assert project.tenuto("run", "flows.py:etl", "--input", "@-", input='{"day": "z"}').json()["day"] == "z"


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["flows:etl"], 2, "etl needs day: write -p day=…"),
        (["flows:etl", "-p", "dya=1"], 2, "no parameter 'dya'; it takes day, n"),
        (["flows:etl", "-p", "day"], 2, "'day' is not KEY=VALUE"),
        (["flows:etl", "-p", "day=1", "-p", "n=x"], 1, "n: Expected `int`, got `str`"),
        (["flows:etl", "--input", "[1]"], 2, "takes an object by parameter name"),
        (["flows:etl", "--input", "{"], 2, "--input: no JSON"),
        (["flows:etl", "--input", "@none.json"], 2, "none.json"),
        (["flows:etl", "--with", "retries=3"], 2, "retry=3, timeout=30s"),
        (["flows:etl", "--with", "timeout=3"], 2, "a number and a unit"),
        (["flows:etl", "-p", "day=1", "--timeout", "1"], 2, "a number and a unit"),
        (["flows.py"], 2, "several workflows; write flows.py:NAME with one of etl, broken, retried, gated"),
        (["flows:elt"], 6, "flows has no elt; it has the workflows etl, broken, retried, gated"),
        (["nothing:etl"], 6, "there is no module or file nothing"),
        (["nothing.py:etl"], 6, "there is no file nothing.py"),
        (["nothing.json"], 6, "there is no file nothing.json"),
        (["flows:SECONDS"], 6, "flows has no SECONDS"),
        (["flows:Path"], 1, "a target is a workflow, a task or a function"),
    ],
)
def test_words_that_do_not_fit_make_nothing(project: Any, words: list[str], code: int, text: str) -> None:
    answer = project.call("run", *words)
    assert (answer.code, answer.out) == (code, "")
    assert answer.err.startswith("tenuto: ")
    assert text in answer.err
    assert len(answer.err.splitlines()) == 1
    assert not project.store.exists()


def test_the_name_may_be_left_out_where_there_is_one_workflow(project: Any) -> None:
    project.write(
        "one.py",
        "from flows import etl, say\nfrom tenuto import workflow\n"
        "@workflow\ndef single(x: int = 4):\n    return say(f'{x}')\n",
    )
    assert project.tenuto("run", "one.py").json() == "4"
    assert project.tenuto("run", "one", "-p", "x=5").json() == "5"


def test_a_task_and_a_function_run_as_workflows_of_one_task(project: Any) -> None:
    project.write("plain.py", "def double(x: int, of: str = 'a') -> str:\n    return of * 2 * x\n")
    assert project.tenuto("run", "flows:add", "-p", "a=1", "-p", "b=2").json() == 3
    assert project.tenuto("run", "plain.py:double", "-p", "x=2", "--with", "retry=1,timeout=1m").json() == "aaaa"


def test_a_script_in_a_folder_finds_its_neighbours(project: Any) -> None:
    folder = project.folder / "jobs"
    folder.mkdir()
    (folder / "helper.py").write_text("WORD = 'found'\n")
    (folder / "job-1.py").write_text(
        "import helper\nfrom flows import say\nfrom tenuto import workflow\n@workflow\ndef job():\n    return say(helper.WORD)\n"
    )
    assert project.tenuto("run", "jobs/job-1.py").json() == "found"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import nothing_of_this_name\n", "ModuleNotFoundError: No module named 'nothing_of_this_name'"),
        ("x = 1\ny = x / 0\n", "ZeroDivisionError: division by zero"),
        ("def (:\n", "SyntaxError"),
        ("import sys\nsys.exit(3)\n", "SystemExit: 3"),
    ],
)
def test_a_file_that_cannot_be_imported_is_one_line_that_names_the_place(project: Any, text: str, said: str) -> None:
    project.write("wrong.py", text)
    for target in ("wrong.py", "wrong:x"):
        answer = project.call("run", target)
        assert answer.code == 1
        assert said in answer.err
        assert "wrong.py, line" in answer.err
        assert len(answer.err.splitlines()) == 1


def test_the_traceback_is_shown_when_asked_for(project: Any) -> None:
    project.write("wrong.py", "import nothing_of_this_name\n")
    _, err = project.popen("--traceback", "run", "wrong.py").communicate(timeout=60)
    assert "Traceback (most recent call last)" in err


def test_a_failed_run_gives_3_and_says_which_task(project: Any) -> None:
    answer = project.tenuto("run", "flows:broken", "--id", "b1")
    assert (answer.code, answer.out) == (3, "")
    assert "tenuto: run b1 failed: task fail, attempt 1: Stop: no luck; `tenuto show b1` tells more" in answer.err


def test_a_wait_that_times_out_gives_5_and_the_run_goes_on_at_the_next_open(project: Any) -> None:
    gate = project.folder / "gate"
    answer = project.tenuto("run", "flows:gated", "-p", f"path={gate}", "--id", "g1", "--timeout", "300ms")
    assert (answer.code, answer.out) == (5, "")
    assert "run g1 is still running after 300ms" in answer.err
    gate.write_text("open")
    again = project.tenuto("run", "flows:gated", "-p", f"path={gate}", "--id", "g1")
    assert (again.code, again.json()) == (0, "open")


def test_the_same_id_gives_the_same_run_and_another_input_is_a_conflict(project: Any) -> None:
    words = ("run", "flows:etl", "--id", "same", "-p", "day=1")
    assert project.tenuto(*words).json() == project.tenuto(*words).json()
    answer = project.tenuto("run", "flows:etl", "--id", "same", "-p", "day=2")
    assert answer.code == 1
    assert "same" in answer.err
    assert len(project.call("ls").lines()) == 1


def test_watch_tells_on_stderr_how_it_goes_on(project: Any, until: Any) -> None:
    gate = project.folder / "gate"
    child = project.popen("run", "flows:gated", "-p", f"path={gate}", "--watch")
    assert child.stderr is not None
    seen = ""
    while "running" not in seen:
        line = child.stderr.readline()
        assert line, seen
        seen += line
    gate.write_text("go")
    out, _ = child.communicate(timeout=60)
    assert (child.returncode, json.loads(out)) == (0, "go")


def test_ctrl_c_ends_at_once_with_130_and_the_run_goes_on_later(project: Any, until: Any) -> None:
    gate = project.folder / "gate"
    child = project.popen("run", "flows:gated", "-p", f"path={gate}", "--id", "g1")
    assert child.stderr is not None
    assert child.stderr.readline() == "run g1\n"
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=10)
    assert (child.returncode, out) == (130, "")
    assert err == "tenuto: interrupted\n"
    assert project.call("show", "g1", "--json", "state").json() == {"state": "running"}


def test_a_file_with_a_definition_imports_its_tasks(project: Any) -> None:
    definition = {
        "tenuto": 1,
        "name": "written",
        "input": {"type": "object", "properties": {"n": {"type": "integer", "default": 2}, "day": {"type": "string"}}},
        "tasks": {
            "sum": {"use": "py:flows.add", "with": {"a": "${input.n}", "b": 1}},
            "rest": {"use": "noop", "with": {"any": "${sum}"}},
            "plain": {"use": "py:plain.shout", "with": {"text": "${input.day}"}, "if": "sum > 1"},
        },
        "output": "${plain} ${sum}",
    }
    project.write("plain.py", "def shout(text: str) -> str:\n    return text.upper()\n")
    file = project.write("written.txt", json.dumps(definition))
    answer = project.tenuto("run", file, "-p", "day=7a", "-p", "n=4", "--with", "retry=1")
    assert (answer.code, answer.out) == (0, '"7A 5"\n'), answer.err
    definition["tasks"]["sum"]["use"] = "py:flows.subtract"  # type: ignore[index]
    answer = project.tenuto("run", project.write("wrong.json", json.dumps(definition)), "-p", "day=1")
    assert answer.code == 1
    assert "task sum uses py:flows.subtract, which has no body here: flows has no subtract" in answer.err


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"tenuto: 1\nname: x\n", "is no JSON"),
        (b"[1, 2]", "neither a definition"),
        (b'{"StartAt": "a", "States": {}}', "Amazon States Language"),
        (b'{"schemaVersion": "1.5", "workflow": {}}', "no list `workflow.specification.tasks`"),
        (b"\x1f\x8b\x08broken", "is damaged"),
        (
            b'{"tenuto": 1, "name": "x", "tasks": {"a": {"use": "noop", "needs": ["b"]}, "c": {"uze": 1}}}',
            "did you mean `use`?",
        ),
    ],
)
def test_a_file_that_holds_no_workflow_says_why(project: Any, content: bytes, text: str) -> None:
    (project.folder / "file.json").write_bytes(content)
    answer = project.call("run", "file.json")
    assert answer.code == 1
    assert text in answer.err
    assert not project.store.exists()


def test_start_without_an_engine_is_accepted_and_done_at_the_next_open(project: Any) -> None:
    answer = project.tenuto("start", "flows:etl", "-p", "day=1", "--id", "later", "--label", "kind=test")
    assert (answer.code, answer.out) == (0, "later\n")
    assert answer.err == "accepted, no engine is running; it starts when one opens the store\n"
    early = project.tenuto("show", "later")
    assert early.code == 6
    assert "no engine is running, and 1 command waits for one to open the store" in early.err
    assert project.tenuto("run", "flows:etl", "-p", "day=1", "--id", "other").code == 0
    owner = project.owner()
    owner.communicate("")
    shown = project.call("show", "later", "--json", "state,labels,by").json()
    assert (shown["state"], shown["labels"]) == ("completed", {"kind": "test"})
    assert shown["by"]


def test_the_store_is_busy_for_those_who_must_own_it(project: Any) -> None:
    project.owner()
    child = project.program("-c", f"import tenuto; tenuto.open({str(project.store)!r}, mode='owner')")
    _, err = child.communicate()
    assert "Owned" in err


def test_a_broken_pipe_and_a_full_disk(project: Any) -> None:
    project.tenuto("run", "flows:etl", "-p", "day=1")
    child = project.popen("events", "@last", "-o", "jsonl")
    child.stdout.close()
    assert child.stderr.read() == ""
    assert child.wait(timeout=60) == 141
    if Path("/dev/full").exists():
        with open("/dev/full", "w") as full:
            child = project.popen("ls", stdout=full)
            assert "No space left" in child.communicate(timeout=60)[1]
            assert child.returncode == 1


def test_the_program_starts_without_what_it_does_not_need(project: Any) -> None:
    seen = "print([name for name in ('rich', 'rich.console') if name in sys.modules])"
    child = project.program("-c", f"import sys; from tenuto.cli import main; main(['version']); {seen}")
    assert child.communicate(timeout=60)[0].splitlines()[-1] == "[]"
