"""The command on a terminal: tables, colour beside the words, questions."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from typing import Any

SECONDS_MAX = 60


class Terminal:
    """A program with a terminal of its own as its standard streams."""

    def __init__(self, project: Any, *words: str, columns: int = 120) -> None:
        master, slave = pty.openpty()
        environment = {**project.environment(), "TERM": "xterm-256color", "COLUMNS": f"{columns}", "LINES": "40"}
        environment.pop("NO_COLOR", None)
        self.child = subprocess.Popen(
            [sys.executable, project.launcher, *words],
            cwd=project.folder,
            env=environment,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self._master = master
        self.seen = ""

    def read_until(self, text: str | None) -> str:
        """What was shown up to a text, or up to the end."""
        end = time.monotonic() + SECONDS_MAX
        while text is None or text not in self.seen:
            ready, _, _ = select.select([self._master], [], [], max(0, end - time.monotonic()))
            assert ready, f"{text!r} did not come: {self.seen!r}"
            try:
                more = os.read(self._master, 65536)
            except OSError:  # what Linux says when the other end is closed
                more = b""
            if not more:
                assert text is None, self.seen
                break
            self.seen += more.decode()
        return self.seen

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def end(self) -> int:
        """Reads the rest; the exit code."""
        self.read_until(None)
        os.close(self._master)
        return self.child.wait(timeout=SECONDS_MAX)


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def test_lists_have_a_head_line_and_colour_beside_words(filled: Any) -> None:
    terminal = Terminal(filled, "ls")
    assert terminal.end() == 0
    lines = plain(terminal.seen).splitlines()
    assert lines[0].split() == ["id", "workflow", "state", "started", "duration", "error"]
    assert lines[1].split()[:3] == ["broken-1", "broken", "failed"]
    assert re.search(r"\x1b\[[0-9;]*31m *failed", terminal.seen)
    assert "\x1b[31m\\n" not in terminal.seen


def test_a_narrow_terminal_keeps_ids_whole(filled: Any) -> None:
    terminal = Terminal(filled, "ls", columns=40)
    assert terminal.end() == 0
    lines = plain(terminal.seen).splitlines()
    assert len(lines) == 4
    assert lines[2].startswith("retried-1 ")
    assert all(len(line) <= 40 for line in lines)


def test_json_is_indented_and_never_wrapped(filled: Any) -> None:
    terminal = Terminal(filled, "events", "broken-1", "-o", "json", columns=20)
    assert terminal.end() == 0
    assert '\r\n    "event": "run_started",\r\n' in terminal.seen
    assert max(map(len, terminal.seen.splitlines())) > 20


def test_tree_and_show(filled: Any) -> None:
    terminal = Terminal(filled, "tree", "@failed")
    assert terminal.end() == 0
    assert re.search(r"\x1b\[[0-9;]*31mfailed", terminal.seen)
    terminal = Terminal(filled, "show", "@failed")
    assert terminal.end() == 0
    assert plain(terminal.seen).splitlines()[0].split() == ["id", "broken-1"]


def test_cancelling_several_runs_asks(project: Any, until: Any) -> None:
    project.owner()
    for number in range(2):
        started = project.tenuto("start", "flows:gated", "-p", "path=gate", "--id", f"g{number}")
        assert started.code == 0, started.err
    until(lambda: {line[2] for line in project.call("ls").lines()} == {"running"})
    terminal = Terminal(project, "cancel", "g0", "g1")
    terminal.read_until("Cancel 2 runs?")
    terminal.type("n\n")
    assert terminal.end() == 1
    assert "nothing was cancelled" in terminal.seen
    terminal = Terminal(project, "cancel", "g0", "g1")
    terminal.read_until("Cancel 2 runs?")
    terminal.child.send_signal(signal.SIGINT)
    assert terminal.end() == 130
    assert {line[2] for line in project.call("ls").lines()} == {"running"}
    terminal = Terminal(project, "cancel", "g0", "g1")
    terminal.read_until("Cancel 2 runs?")
    terminal.type("y\n")
    assert terminal.end() == 0
    project.write("gate", "x")
    until(lambda: {line[2] for line in project.call("ls").lines()} == {"cancelled"})


def test_watch_shows_the_tree(project: Any) -> None:
    terminal = Terminal(project, "run", "flows:gated", "-p", "path=gate", "--watch")
    terminal.read_until("await_file")
    project.write("gate", "x")
    assert terminal.end() == 0
    assert "completed in" in terminal.seen
