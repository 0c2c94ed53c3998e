"""The commands of docs/cli.md: each is one that the program understands, and each verb has one."""

import re
import shlex
from pathlib import Path
from typing import Any

from tenuto.cli._app import app

GUIDE = Path(__file__).parents[3] / "docs" / "cli.md"


def commands() -> list[list[str]]:
    """The words of each line that begins with `$ tenuto`, up to a pipe."""
    lines = re.findall(r"^\$ tenuto (.*?)(?: \|.*)?$", GUIDE.read_text(), re.MULTILINE)
    return [shlex.split(line) for line in lines]


def test_the_commands_of_the_guide_are_understood(project: Any) -> None:
    (flows,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    project.write("flows.py", flows)
    for number in (1, 2):
        answer = project.call("run", "flows:etl", "-p", f"day={number}", "--id", f"etl-{number}")
        assert answer.code == 0, answer.err
    for words in commands():
        answer = project.call(*words)
        assert answer.code != 2, (words, answer)
        assert answer.code == 0 or words[:2] in (
            ["run", "Montage.json.gz"],
            ["cancel", "etl-2"],
            ["start", "flows:etl"],
        ), (
            words,
            answer,
        )


def test_every_verb_has_an_example() -> None:
    verbs = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    verbs |= {"db info", "db verify"}
    shown = {" ".join(words[:2]) if words[0] == "db" else words[0] for words in commands()}
    assert verbs <= shown
