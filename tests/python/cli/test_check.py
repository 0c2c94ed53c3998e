"""`tenuto check`, `draw`, `version` and help."""

import json
from typing import Any

import pytest

import tenuto
from tenuto import _core


def test_check_reports_every_workflow_of_a_module(project: Any) -> None:
    answer = project.call("check", "flows.py")
    assert answer.code == 0, answer.err
    assert [line[:2] for line in answer.lines()] == [[name, "true"] for name in ("etl", "broken", "retried", "gated")]
    project.write(
        "faulty.py",
        "from flows import add\nfrom tenuto import workflow\n"
        "@workflow\ndef good(n: int):\n    return add(n, 1)\n"
        "@workflow\ndef bad(n: int):\n    if n > 1:\n        return add(n, 1)\n"
        "@workflow\ndef worse(n: int):\n    return add(m, 1)\n",
    )
    answer = project.call("check", "faulty.py")
    assert answer.code == 1
    assert [line[:2] for line in answer.lines()] == [["good", "true"], ["bad", "false"], ["worse", "false"]]
    assert "faulty.py:7" in answer.err or "faulty.py:8" in answer.err
    assert "with when(n > 1):" in answer.err
    assert "NameError: name 'm' is not defined" in answer.err
    rows = project.call("check", "faulty:bad", "-o", "json").json()
    assert rows[0]["problems"]


def test_check_reports_all_problems_of_a_definition(project: Any) -> None:
    tasks = {"a": {"use": "noop", "needs": ["b"]}, "b": {"use": "noop", "needs": ["a", "c"]}}
    file = project.write("d.json", json.dumps({"tenuto": 1, "name": "d", "tasks": tasks, "output": "${nothing}"}))
    answer = project.call("check", file)
    assert answer.code == 1
    assert "`c`" in answer.err
    assert "`nothing`" in answer.err


def test_draw(project: Any) -> None:
    lines = project.call("draw", "flows:etl").out.splitlines()
    assert lines[0] == "etl(day, n)"
    assert lines[1] == "|- add"
    assert "if add > 10" in "\n".join(lines)
    definition = project.call("draw", "flows:etl", "-o", "json").json()
    assert definition["name"] == "etl"
    assert set(definition["tasks"]) >= {"add"}


def test_version(project: Any) -> None:
    assert project.call("version").out.startswith(f"tenuto {tenuto.__version__} (ABI {_core.ABI_VERSION}, Python 3.")
    assert project.call("version", "--json", "version").json() == {"version": tenuto.__version__}


@pytest.mark.parametrize(
    "words", [[], ["--help"], ["-h"], ["run", "--help"], ["db", "--help"], ["db", "verify", "--help"]]
)
def test_help(project: Any, words: list[str]) -> None:
    answer = project.call(*words)
    assert answer.code == 0
    assert answer.out.startswith("Usage: tenuto ")
    assert answer.err == ""


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["lss"], "No such command 'lss'"),
        (["ls", "--nix"], "No such option: --nix"),
        (["show"], "Missing argument"),
        (["db"], "Missing command; see tenuto db --help"),
        (["ls", "extra"], "unexpected extra argument"),
        (["--db"], "--db"),
    ],
)
def test_wrong_words_give_2(project: Any, words: list[str], text: str) -> None:
    answer = project.call(*words)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("tenuto: ")
    assert text in answer.err
    assert len(answer.err.splitlines()) == 1


def test_typers_runner_sees_the_same(project: Any) -> None:
    from typer.testing import CliRunner

    from tenuto.cli._app import app

    runner = CliRunner()
    assert runner.invoke(app, ["version"]).exit_code == 0
    assert "Commands:" in runner.invoke(app, ["--help"]).output
    missing = runner.invoke(app, ["--db", "none", "ls"])
    assert missing.exit_code == 6
    assert missing.stderr.startswith("tenuto: there is no store at none")
    assert runner.invoke(app, ["ls", "--nix"]).exit_code == 2
