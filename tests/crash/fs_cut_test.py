"""Cuts the power of real file systems: ext4 and xfs on loop devices, shut down while an engine works on a store in them.

The file system's own shutdown call (FS_IOC_SHUTDOWN, without flushing its log) drops at once all that was not synced, as a power
cut does; then it is unmounted, mounted, which recovers its journal, and the store is held against what was acknowledged, with
the rules of kill_test.py. The store has small segments and forgets old runs, so that segments are recycled on the file system.

The control works with syncs that do nothing; the test fails unless that is noticed.
Needs root and loop devices; without them it says so and is skipped (exit status 77).

usage: fs_cut_test.py SMALL_CHILD NO_SYNC SCRATCH [--rounds N] [--minutes N] [--seed N]
"""

from __future__ import annotations

import argparse
import fcntl
import os
import random
import shutil
import struct
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from kill_test import Tally, World

SHUTDOWN = 0x8004587D  # FS_IOC_SHUTDOWN; that of xfs is the same
WITHOUT_LOG_FLUSH = 2
IMAGE_BYTES = 320 << 20  # xfs takes no less than 300 MiB
KINDS = ("ext4", "xfs")
SKIPPED = 77


class Unavailable(Exception):
    """The text says what is missing."""


def run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Unavailable(f"`{' '.join(command)}`: {done.stderr.strip() or done.returncode}")


@dataclass
class FileSystem:
    """A file system in a file, mounted."""

    kind: str
    folder: Path

    @property
    def image(self) -> Path:
        return self.folder / f"{self.kind}.img"

    @property
    def place(self) -> Path:
        return self.folder / self.kind

    def make(self) -> None:
        if os.geteuid() != 0:
            raise Unavailable("root is needed to mount file systems")
        tool = shutil.which(f"mkfs.{self.kind}", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
        if tool is None:
            raise Unavailable(f"mkfs.{self.kind} is not installed")
        self.place.mkdir(parents=True, exist_ok=True)
        with self.image.open("wb") as image:
            image.truncate(IMAGE_BYTES)
        run(tool, "-q", *(("-F",) if self.kind == "ext4" else ("-f",)), str(self.image))
        self.mount()

    def mount(self) -> None:
        run("mount", "-o", "loop", str(self.image), str(self.place))

    def unmount(self) -> None:
        # Somebody may look at it for a moment.
        for _ in range(100):
            done = subprocess.run(["umount", str(self.place)], capture_output=True, check=False)
            if done.returncode == 0:
                return
            time.sleep(0.05)
        raise Unavailable(f"{self.place} can't be unmounted: {done.stderr.decode()}")

    def cut(self) -> None:
        folder = os.open(self.place, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, SHUTDOWN, struct.pack("I", WITHOUT_LOG_FLUSH))
        finally:
            os.close(folder)

    def remove(self) -> None:
        subprocess.run(["umount", "-l", str(self.place)], capture_output=True, check=False)
        self.image.unlink(missing_ok=True)


class CutWorld(World):
    """A store on a file system whose power is cut."""

    file_system: FileSystem

    @property
    def store(self) -> Path:
        return self.file_system.place / "store"

    def live_to_cut(self, lies: str) -> None:
        """One life; `lies` is a library to preload, or none."""
        more = {"LD_PRELOAD": lies, "TENUTO_INTERPOSE_ROOT": str(self.store)} if lies else {}
        child = self.spawn(more=more, errors=subprocess.DEVNULL)
        assert child.stdout is not None and child.stdin is not None
        heard = self.hear_some(child, 40) if self.rng.random() < 0.85 else b""
        time.sleep(self.rng.random() * 0.02)
        self.file_system.cut()
        child.kill()
        # What it said after the cut counts as well: it may not have said what was not true.
        heard += child.stdout.read()
        child.stdout.close()
        child.stdin.close()
        # A failed write ends it with an error, and a page that can't be read with SIGBUS: the machine is off by then.
        child.wait()
        self.tally.kills += 1
        for line in heard.decode().splitlines(keepends=True):
            if line.endswith("\n"):
                self.acknowledge(*line.split())
        self.file_system.unmount()
        self.file_system.mount()


def cut_for_a_while(options: argparse.Namespace, kind: str, rounds: int, until: float, lies: str) -> Tally:
    """Rounds on one file system; with lies only until they are noticed."""
    folder = options.scratch / kind
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    file_system = FileSystem(kind, folder)
    tally = Tally()
    try:
        file_system.make()
        CutWorld.file_system = file_system
        world = CutWorld(
            tally,
            [options.child],
            options.child,
            "",
            folder / "outside",
            random.Random(f"{options.seed} {kind}"),
            forgets=True,
        )
        while (tally.kills < rounds or time.monotonic() < until) and not tally.violations:
            # The store is made in truth: what is to be lost is what was acknowledged.
            world.live_to_cut(lies if world.lives > 0 else "")
            world.check()
    except SystemExit as problem:
        tally.violations.append(str(problem))
    finally:
        file_system.remove()
    return tally


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("child")
    parser.add_argument("no_sync")
    parser.add_argument("scratch", type=Path)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--minutes", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("TENUTO_SEED", "1")))
    options = parser.parse_args()

    options.scratch = options.scratch.resolve()
    options.no_sync = os.path.abspath(options.no_sync)
    total, violations = 0, 0
    well = True
    for kind in KINDS:
        try:
            until = time.monotonic() + options.minutes * 60 / len(KINDS)
            tally = cut_for_a_while(options, kind, options.rounds, until, "")
            lied = cut_for_a_while(options, kind, 10, 0, options.no_sync)
        except Unavailable as problem:
            print(f"file systems: {kind} is skipped: {problem}")
            shutil.rmtree(options.scratch, ignore_errors=True)
            return SKIPPED
        for text in tally.violations:
            print(text)
        print(
            f"file systems: {kind}: cuts {tally.kills}, runs started {tally.started}, runs ended {tally.ended}, "
            f"violations {len(tally.violations)}; the planted lie was "
            f"{f'noticed: {lied.violations[0][:100]}' if lied.violations else 'NOT noticed'}"
        )
        total += tally.kills
        violations += len(tally.violations)
        well &= bool(lied.violations) and not tally.violations and tally.started > tally.kills
    shutil.rmtree(options.scratch, ignore_errors=True)
    print(f"fs: inputs {total}, violations {violations}, crashes 0")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
