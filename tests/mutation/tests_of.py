"""The tests that judge mutants: which mutants each comes by, and whether one fails with a mutant on."""

import contextlib
import enum
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

# A mutant that makes a test so many times slower (and so many seconds) hangs: processor time, so that a busy machine
# changes nothing. One that has used none for so long sleeps for ever: no test waits for the clock.
_CPU_FACTOR, _CPU_SECONDS = 10, 5
_SLEEP_SECONDS = 15.0


class Outcome(enum.Enum):
    survived = "survived"
    failed = "killed by a test"
    crashed = "killed by a crash"
    hung = "killed by its time"
    inapplicable = "not applicable"


@dataclass
class Test:
    program: Path
    arguments: list[str]
    name: str | None  # of a GoogleTest case
    cpu: float = 0.0
    reached: set[int] = field(default_factory=set)


def tests_of(program: Path, arguments: list[str]) -> list[Test]:
    """Each case of a GoogleTest program, or the program itself when it is run with arguments. Without death tests: a child
    that is started anew for each mutant takes longer than all others, and says nothing that they don't."""
    if arguments:
        return [Test(program, arguments, None)]
    listed = subprocess.run([str(program), "--gtest_list_tests"], capture_output=True, text=True, check=True).stdout
    tests, suite = [], ""
    for line in listed.splitlines():
        name = line.split("#")[0].rstrip()
        if not name.startswith(" "):
            suite = name
        elif "DISABLED_" not in name and "DeathTest" not in suite:
            tests.append(Test(program, [], suite + name.strip()))
    return tests


class Runner:
    """Runs tests in a folder of its own. Thread safety: one thread at a time."""

    def __init__(self, folder: Path, cpu_seconds: int = _CPU_SECONDS) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._cpu_seconds = cpu_seconds

    def trace(self, test: Test) -> bool:
        """Notes which mutants a test comes by and what it costs. False when it fails, with no mutant on."""
        noted = self._folder / "trace"
        noted.unlink(missing_ok=True)
        outcome, test.cpu = self._run(test.program, self._arguments([test]), {"TENUTO_MUTANT_TRACE": str(noted)}, 600)
        test.reached = {at.start() for at in re.finditer(b"\1", noted.read_bytes())} if noted.exists() else set()
        return outcome is Outcome.survived

    def judge(self, number: int, tests: list[Test]) -> tuple[Outcome, Test | None]:
        """Runs tests, program after program, with a mutant on, until one fails."""
        at = 0
        while at < len(tests):
            batch = [tests[at]]
            while at + len(batch) < len(tests) and tests[at + len(batch)].program == batch[0].program:
                batch.append(tests[at + len(batch)])
            at += len(batch)
            cpu = sum(test.cpu for test in batch)
            outcome, _ = self._run(
                batch[0].program,
                self._arguments(batch),
                {"TENUTO_MUTANT": str(number)},
                int(self._cpu_seconds + cpu * _CPU_FACTOR),
            )
            if outcome is not Outcome.survived:
                return outcome, batch[0]
        return Outcome.survived, None

    def _arguments(self, batch: list[Test]) -> list[str]:
        if batch[0].name is None:
            return batch[0].arguments
        names = ":".join(test.name or "" for test in batch)
        return [f"--gtest_filter={names}", "--gtest_fail_fast", "--gtest_brief=1", "--gtest_catch_exceptions=0"]

    def _run(self, program: Path, arguments: list[str], variables: dict[str, str], cpu: int) -> tuple[Outcome, float]:
        with tempfile.TemporaryDirectory(dir=self._folder, ignore_cleanup_errors=True) as scratch:
            environment = os.environ | variables | {"TMPDIR": scratch}
            # A mutant must not fill the memory or the disk either.
            limits = f'ulimit -c 0; ulimit -t {cpu}; ulimit -d 4000000; ulimit -f 2000000; exec "$0" "$@"'
            output = Path(scratch, "output")
            with output.open("wb") as sink:
                process = subprocess.Popen(
                    ["sh", "-c", limits, str(program), *arguments],
                    env=environment,
                    cwd=scratch,
                    stdin=subprocess.DEVNULL,
                    stdout=sink,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
                status, used = _wait(process)
            text = output.read_bytes()[-20000:]
        if b"mutant: inapplicable" in text:
            return Outcome.inapplicable, used
        if status is None or status in (-signal.SIGXCPU, -signal.SIGKILL):
            return Outcome.hung, used
        if status < 0:
            return Outcome.crashed, used
        return (Outcome.survived if status == 0 else Outcome.failed), used


def _wait(process: subprocess.Popen[bytes]) -> tuple[int | None, float]:
    """The exit code, or None when it had to be ended, and the processor time; nobody of its group stays."""
    pause, ended, usage, status = 0.001, 0, None, 0
    used, since = -1, time.monotonic()
    while not ended and time.monotonic() - since < _SLEEP_SECONDS:
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        if not ended:
            time.sleep(pause)
            pause = min(pause * 1.5, 0.05)
            now = _ticks_of(process.pid)
            if now != used:
                used, since = now, time.monotonic()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    slept = not ended
    if slept:
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return (None if slept else process.returncode), (usage.ru_utime + usage.ru_stime if usage is not None else 0.0)


def _ticks_of(process: int) -> int:
    """Of processor time, with those of its children; grows by itself while a thread is ready to run, for it may just not have
    had its turn."""
    ticks = 0
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{process}/task").iterdir():
            facts = (thread / "stat").read_text().rpartition(")")[2].split()
            if facts[0] in "RD":
                return time.monotonic_ns()
            ticks += int(facts[11]) + int(facts[12])
            ticks += sum(_ticks_of(int(child)) for child in (thread / "children").read_text().split())
    return ticks


def remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
