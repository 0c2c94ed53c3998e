"""A folder with workflows and a store of its own, and the command: in this process, or as a program."""

import importlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tenuto.cli import main

SECONDS_MAX = 60

#: The program as an installation has it: its own folder comes first on sys.path, not the working directory.
LAUNCHER = """\
import sys

from tenuto.cli import main

sys.exit(main())
"""

FLOWS = """\
import time
from pathlib import Path

from tenuto import Retry, Stop, info, otherwise, task, when, workflow


@task
def add(a: int, b: int) -> int:
    return a + b


@task
def say(text: str) -> str:
    return text


@task
def fail(text: str) -> str:
    raise Stop(text)


@task(retry=Retry(attempts=3, backoff="10ms", jitter="none"))
def second_try(text: str) -> str:
    if info().attempt == 1:
        raise ValueError("not yet")
    return text


@task
def await_file(path: str) -> str:
    while not Path(path).exists():
        time.sleep(0.005)
    return Path(path).read_text()


@workflow
def etl(day: str, n: int = 1):
    total = add(n, 2)
    with when(total > 10):
        say("much")
    with otherwise():
        say.using(name="few")(f"{total} on {day}")
    return {"day": day, "total": total}


@workflow
def broken(text: str = "no luck"):
    return say(fail(text))


@workflow
def retried():
    return second_try("at last")


@workflow
def gated(path: str):
    return say(await_file(path))
"""

#: Owns the store until its standard input ends.
OWNER = """\
import sys

import flows
import tenuto

with tenuto.open(sys.argv[1], mode="owner"):
    print("open", flush=True)
    sys.stdin.read()
"""


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)

    def lines(self) -> list[list[str]]:
        """The cells of TSV."""
        return [line.split("\t") for line in self.out.splitlines()]


class Project:
    """A working directory with flows.py and a store."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str] | None = None) -> None:
        self.folder = folder
        self.store = folder / "tenuto.db"
        self._capture = capture
        self._children: list[subprocess.Popen[str]] = []
        self.launcher = folder / "bin" / "tenuto"
        self.launcher.parent.mkdir(exist_ok=True)
        self.launcher.write_text(LAUNCHER)
        self.write("flows.py", FLOWS)
        self.write("owner.py", OWNER)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        return path

    def call(self, *words: object) -> Answer:
        """The command, in this process, which forgets the modules of the folder after it."""
        assert self._capture is not None
        self._capture.readouterr()
        path, modules = list(sys.path), set(sys.modules)
        importlib.invalidate_caches()
        try:
            code = main([str(word) for word in words])
        finally:
            sys.path[:] = path
            for name in set(sys.modules) - modules:
                if str(self.folder) in str(getattr(sys.modules[name], "__file__", None)):
                    del sys.modules[name]
        said = self._capture.readouterr()
        return Answer(code, said.out, said.err)

    def tenuto(self, *words: object, input: str | None = None) -> Answer:
        """The command, as a program."""
        child = self.popen(*words)
        out, err = child.communicate(input, timeout=SECONDS_MAX)
        assert "Traceback" not in err, err
        return Answer(child.returncode, out, err)

    def popen(self, *words: object, **options: Any) -> "subprocess.Popen[str]":
        return self.program(self.launcher, *words, **options)

    def program(self, *words: object, **options: Any) -> "subprocess.Popen[str]":
        pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        child = subprocess.Popen(
            [sys.executable, *map(str, words)], cwd=self.folder, env=self.environment(), text=True, **pipes | options
        )
        self._children.append(child)
        return child

    def environment(self) -> dict[str, str]:
        return {name: value for name, value in os.environ.items() if name != "TENUTO_DB"}

    def owner(self) -> "subprocess.Popen[str]":
        """Another process that owns the store and has the bodies of flows.py."""
        child = self.program("owner.py", self.store, stderr=None)
        assert child.stdout is not None
        assert child.stdout.readline() == "open\n"
        return child

    def end(self) -> None:
        for child in self._children:
            if child.poll() is None:
                child.kill()
            child.communicate()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Project]:
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("TENUTO_DB", raising=False)
    made = Project(folder, capsys)
    yield made
    made.end()


@pytest.fixture(scope="session")
def filled_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A completed, a retried and a failed run, in this order."""
    made = Project(tmp_path_factory.mktemp("filled"))
    done = made.tenuto("run", "flows:etl", "-p", "day=2026-01-01", "--id", "etl-1", "-l", "env=test")
    assert done.code == 0, done.err
    assert made.tenuto("run", "flows:retried", "--id", "retried-1").code == 0
    assert made.tenuto("run", "flows:broken", "--id", "broken-1", "-p", "text=a\tb\x1b[31m\nc").code == 3
    return made.folder


@pytest.fixture
def filled(project: Project, filled_folder: Path) -> Project:
    """A project whose store is a copy of that one."""
    shutil.copytree(filled_folder / "tenuto.db", project.store)
    return project


def until(holds: Callable[[], bool]) -> None:
    """Waits for something in another process."""
    end = time.monotonic() + SECONDS_MAX
    while not holds():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


@pytest.fixture(name="until")
def _until() -> Callable[[Callable[[], bool]], None]:
    return until
