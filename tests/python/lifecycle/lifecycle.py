"""Lets processes live and end, and looks at how they ended: no hang, no crash, no wrong status, no stray word.

Most lives are forks of this process, which has imported the package but opened nothing, so that a life costs some
milliseconds; one in twenty is a new process. A life that ends badly is repeated by its seed alone.

usage: lifecycle.py [--lives N | --minutes M] [--seed N] [--jobs N] [--plant NAME] [--life SEED]
"""

from __future__ import annotations

import argparse
import faulthandler
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from lives import PLANTS, Life, live

# A life takes milliseconds; whoever takes this long hangs, however busy the machine is.
HANGS_AFTER_S: Final = float(os.environ.get("TENUTO_LIFE_S", "120"))
NEW_PROCESS_EVERY: Final = 20
BAD_WORDS: Final = (
    b"Fatal Python error",
    b"terminate called",
    b"FATAL:",
    b"Sanitizer",
    b"Exception ignored",
    b"Segmentation",
    b"core dumped",
)
# What an interrupt may make the interpreter say wherever it comes: in its own start, in a callback, in a destructor. How
# the process ended is judged all the same.
FORGIVEN: Final = (b"Exception ignored", b"Fatal Python error: init_")


@dataclass
class Child:
    """A life under way."""

    life: Life
    pid: int
    directory: Path
    plant: str | None = None
    born: float = field(default_factory=time.monotonic)
    signalled: int = 0

    @property
    def signals(self) -> list[tuple[float, int]]:
        """(seconds after birth, signal)"""
        if self.plant is not None:
            return []
        if self.life.ending == "terminate":
            return [(self.life.signal_after, signal.SIGTERM)]
        if self.life.ending == "interrupt":
            return [(self.life.signal_after, signal.SIGINT)]
        if self.life.ending == "interrupt often":
            return [(self.life.signal_after * n / 4, signal.SIGINT) for n in range(1, 5)]
        return []


def begin(seed: int, scratch: Path, plant: str | None) -> Child | None:
    """Starts a life. None in the child itself when its life has begun: `main` goes on with it."""
    directory = scratch / str(seed)
    directory.mkdir()
    errors = os.open(directory / "stderr", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    if plant is None and seed % NEW_PROCESS_EVERY == 0:
        command = [sys.executable, __file__, "--life", str(seed), "--scratch", str(scratch)]
        pid = subprocess.Popen(command, stderr=errors, stdout=errors).pid
    else:
        pid = os.fork()
        if pid == 0:
            os.dup2(errors, 2)
            os.dup2(errors, 1)
            faulthandler.enable()
            return None
    os.close(errors)
    return Child(Life.of(seed), pid, directory, plant)


def send_due(child: Child) -> None:
    """Signals that the life is to have by now."""
    due = [number for after, number in child.signals if time.monotonic() - child.born >= after]
    for number in due[child.signalled :]:
        os.kill(child.pid, number)
        child.signalled += 1
    # An interrupt that came too early to be noticed must not leave the life asleep for ever.
    if child.signals and child.signalled == len(child.signals) and time.monotonic() - child.born > 5:
        os.kill(child.pid, child.signals[0][1])


def judge(child: Child, status: int) -> list[str]:
    """What was wrong with the end of a life."""
    words = (child.directory / "stderr").read_bytes()
    right = {0} if child.plant else child.life.right_endings
    wrong = []
    if status not in right:
        wrong.append(f"ended with {status} instead of {sorted(right)}")
    heard = words
    if child.life.ending.startswith("interrupt"):
        for each in FORGIVEN:
            heard = heard.replace(each, b"")
    wrong += [f"said {each.decode()!r}" for each in BAD_WORDS if each in heard]
    if words and not wrong and child.life.is_silent:
        wrong.append("was to be silent")
    if wrong and words:
        wrong.append(words.decode(errors="replace")[-4000:])
    return wrong


def reap(children: list[Child]) -> list[tuple[Child, list[str]]]:
    """Children that have ended, with what was wrong."""
    ended = []
    for child in list(children):
        send_due(child)
        pid, status = os.waitpid(child.pid, os.WNOHANG)
        hangs = pid == 0 and time.monotonic() - child.born > (2 if child.plant else HANGS_AFTER_S)
        if pid == 0 and not hangs:
            continue
        children.remove(child)
        if hangs:
            os.kill(child.pid, signal.SIGABRT)  # It shows its threads.
            time.sleep(0.5)
            os.kill(child.pid, signal.SIGKILL)
            _, status = os.waitpid(child.pid, 0)
        wrong = judge(child, os.waitstatus_to_exitcode(status))
        ended.append((child, ["hangs", *wrong] if hangs else wrong))
    return ended


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--lives", type=int, default=1000)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--plant", choices=sorted(PLANTS))
    parser.add_argument("--life", type=int, help="live this one, here")
    parser.add_argument("--scratch", type=Path)
    return parser.parse_args()


def main() -> int:
    options = arguments()
    if options.life is not None:
        scratch = options.scratch or Path(tempfile.mkdtemp())
        return live(Life.of(options.life), scratch / str(options.life) / "store")
    scratch = Path(tempfile.mkdtemp(prefix="tenuto-lives-"))
    end = None if options.minutes is None else time.monotonic() + options.minutes * 60
    lives, violations, crashes = 0, 0, 0
    children: list[Child] = []
    seed = options.seed
    last = 1 if options.plant else options.lives
    while True:
        while len(children) < options.jobs and (time.monotonic() < end if end is not None else lives < last):
            child = begin(seed, scratch, options.plant)
            if child is None:  # This is the child. It leaves as any program does.
                return PLANTS[options.plant]() if options.plant else live(Life.of(seed), scratch / str(seed) / "store")
            children.append(child)
            lives, seed = lives + 1, seed + 1
        if not children:
            break
        for child, wrong in reap(children):
            shutil.rmtree(child.directory, ignore_errors=True)
            if not wrong:
                continue
            violations += 1
            crashes += any("ended with -" in each for each in wrong)
            print(f"seed={child.life.seed} {child.life}\n  " + "\n  ".join(wrong))
            print(f"  again: {sys.executable} {__file__} --lives 1 --seed {child.life.seed}", flush=True)
        time.sleep(0.001)
    shutil.rmtree(scratch, ignore_errors=True)
    print(f"lives: inputs {lives}, violations {violations}, crashes {crashes}")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
