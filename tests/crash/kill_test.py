"""SIGKILLs a child at random moments and at named points, and holds what it acknowledged against what the store has.

Proves atomicity and that acknowledgements follow the events; not that syncs reach the disk (a killed process leaves its
writes to the kernel): tests/power does that.

Worlds, each one store through many lives of a child:
  random   the library as it is, killed at any moment, now and then while it opens or closes
  named    a store with small segments that forgets old runs, killed before or after the n-th of the points of kill_at.c, while
           it opens, works or closes: a point that was never hit fails the test
  births   many stores that are killed while they are made
  python   bodies in Python, killed at any moment and at points of the journal

Checked after every kill, from the store alone:
  1. what was acknowledged as started exists; what was acknowledged as ended has ended; retention forgets only what had run to
     its end, and never below what it keeps
  2. a task whose completion was recorded never began again in a later life; an attempt begins once in a life at most
  3. all attempts of a task carried the same idempotency key, and no two tasks shared one
The control lets the child acknowledge before it is true; the test fails unless that is noticed.

usage: kill_test.py CHILD SMALL_CHILD PRELOAD PYTHON SCRATCH [--seed N] [--minutes N]
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from child import checked

# What a life comes by, and how often, about: the n-th is drawn up to this.
POINTS = {
    "journal_write": 60,
    "journal_sync": 60,
    "table_write": 12,
    "table_sync": 6,
    "checkpoint": 6,
    "reservation": 3,
    "segment_recycled": 1,
    "folder_sync": 1,
}
# While the store is opened: it is recovered, and the tables forget old runs at once. While it is closed.
PHASE_POINTS = {
    "opening/any": 4,
    "opening/reservation": 1,
    "retention": 1,
    "closing/any": 5,
    "closing/checkpoint": 1,
}
# While a store is made.
BIRTH_POINTS = {"rename": 2, "tables_made": 1, "segment_fill": 1, "segment_made": 1, "folder_sync": 4, "any": 20}
PYTHON_POINTS = {"journal_write": 40, "journal_sync": 40, "closing/any": 4}
NODES = 5  # tasks of a run
KEPT = 60  # ended runs that the small store keeps
POINT_TIMEOUT = 20


@dataclass
class Tally:
    """What was done, over all worlds."""

    kills: int = 0
    crashes: int = 0
    started: int = 0
    ended: int = 0
    completions: int = 0
    violations: list[str] = field(default_factory=list)
    points: Counter[str] = field(default_factory=Counter)


@dataclass
class World:
    """One store with its log of effects, through all lives of the child."""

    tally: Tally
    work: list[str]  # the command of a life, but for the store
    checker: str
    preload: str
    directory: Path
    rng: random.Random
    early: bool = False
    forgets: bool = False
    started: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    unfinished: set[str] = field(default_factory=set)
    committed: set[tuple[str, str]] = field(default_factory=set)
    keys: dict[str, tuple[str, str]] = field(default_factory=dict)
    key_of: dict[tuple[str, str], str] = field(default_factory=dict)
    began: set[tuple[str, ...]] = field(default_factory=set)
    lives: int = 0
    offset: int = 0

    def __post_init__(self) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        self.effects.touch()

    @property
    def store(self) -> Path:
        return self.directory / "store"

    @property
    def effects(self) -> Path:
        return self.directory / "effects"

    def spawn(
        self, point: str = "", more: dict[str, str] | None = None, errors: int | None = None
    ) -> subprocess.Popen[bytes]:
        """Begins a life, with `more` in its environment and its error messages sent to `errors`."""
        self.lives += 1
        env = {**os.environ, **(more or {})}
        if point:
            env["LD_PRELOAD"] = self.preload
            env["TENUTO_INTERPOSE_ROOT"] = str(self.store)
            env["TENUTO_KILL_AT"] = point
            env["TENUTO_KILL_NOTE"] = str(self.directory / "killed_at")
        command = [*self.work, "work", str(self.store), str(self.effects), str(self.lives), "closes"]
        return subprocess.Popen(
            command + (["early"] if self.early else []),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=env,
        )

    def hear_some(self, child: subprocess.Popen[bytes], most: int) -> bytes:
        """Up to so many words of the child: however slow the machine is, something is done."""
        assert child.stdout is not None
        return b"".join(child.stdout.readline() for _ in range(self.rng.randint(1, most)))

    def live(self, closes: bool = False) -> None:
        """One life of the child, killed at a random moment: mostly while it works, or while it opens, or closes."""
        child = self.spawn()
        assert child.stdout is not None and child.stdin is not None
        heard = self.hear_some(child, 24) if self.rng.random() < 0.9 or closes else b""
        time.sleep(self.rng.random() * 0.02)
        if closes:
            child.stdin.close()
            time.sleep(self.rng.random() * 0.02)
        child.kill()
        self.bury(child, heard, may_end=closes)

    def live_to(self, point: str, side: str, number: int, *, closes: bool = False) -> None:
        """One life until it comes to a point. It is let close when it has not come there in time, or at once, when it is to."""
        note = self.directory / "killed_at"
        note.unlink(missing_ok=True)
        child = self.spawn(f"{point}:{side}:{number}")
        assert child.stdout is not None and child.stdin is not None
        heard = child.stdout.readline() if closes else b""
        # Some waves of runs first.
        patience = self.rng.uniform(0.02, 0.1) if closes else POINT_TIMEOUT
        try:
            child.wait(timeout=patience)
        except subprocess.TimeoutExpired:
            child.stdin.close()
            try:
                child.wait(timeout=POINT_TIMEOUT)
            except subprocess.TimeoutExpired:
                child.kill()
        self.bury(child, heard, may_end=True)
        if note.exists():
            self.tally.points[f"{point} {side}"] += 1
            if point.endswith("any"):
                self.tally.points[f"{note.read_text().split()[1]} {side}"] += 1

    def bury(self, child: subprocess.Popen[bytes], heard: bytes, *, may_end: bool) -> None:
        assert child.stdout is not None and child.stdin is not None
        heard += child.stdout.read()
        child.stdout.close()
        if not child.stdin.closed:
            child.stdin.close()
        code = child.wait()
        if code == -9:
            self.tally.kills += 1
        elif code < 0:
            self.tally.crashes += 1
            print(f"CRASH: life {self.lives} in {self.directory} ended with signal {-code}")
        elif code > 0 or not may_end:
            self.tally.violations.append(f"life {self.lives} in {self.directory} ended by itself with {code}")
        for line in heard.decode().splitlines(keepends=True):
            if line.endswith("\n"):
                self.acknowledge(*line.split())

    def acknowledge(self, word: str, run: str) -> None:
        if word == "started":
            self.started.add(run)
            self.unfinished.add(run)
            self.tally.started += 1
        elif word == "ended":
            self.ended.add(run)
            self.tally.ended += 1

    def check(self) -> None:
        """Holds the store and the effects against what is known."""
        self.read_effects()
        asked = sorted(self.unfinished)
        *lines, last = checked([self.checker, "check", str(self.store)], "\n".join(asked) + "\n" if asked else "")
        ended_left = int(last.split()[1])
        for line in lines:
            run, state, *nodes = line.split()
            if state == "missing":
                self.check_missing(run, ended_left)
                self.unfinished.discard(run)
                continue
            if run in self.ended and state != "completed":
                self.tally.violations.append(f"{run}: acknowledged as ended, and it has not")
            for node in nodes:
                self.tally.completions += (run, node) not in self.committed
                self.committed.add((run, node))
            if state == "completed":
                self.unfinished.discard(run)

    def check_missing(self, run: str, ended_left: int) -> None:
        ran = {node for of, node in self.key_of if of == run}
        if not self.forgets:
            self.tally.violations.append(f"{run}: acknowledged as started, and lost")
        elif len(ran) < NODES:
            self.tally.violations.append(f"{run}: acknowledged as started, and forgotten before it had ended")
        elif ended_left < KEPT:
            self.tally.violations.append(f"{run}: forgotten, while there are only {ended_left} ended runs")

    def read_effects(self) -> None:
        with self.effects.open() as effects:
            effects.seek(self.offset)
            text = effects.read()
            self.offset = effects.tell()
        for line in text.splitlines():
            life, run, node, attempt, key = line.split()
            if (run, node) in self.committed:
                self.tally.violations.append(
                    f"{run} {node}: its completion was recorded, and attempt {attempt} began later"
                )
            if (life, run, node, attempt) in self.began:
                self.tally.violations.append(f"{run} {node}: attempt {attempt} began twice in one life")
            self.began.add((life, run, node, attempt))
            if self.key_of.setdefault((run, node), key) != key:
                self.tally.violations.append(f"{run} {node}: its attempts had different idempotency keys")
            if self.keys.setdefault(key, (run, node)) != (run, node):
                self.tally.violations.append(f"{run} {node}: shares its idempotency key with {self.keys[key]}")


@dataclass
class Campaign:
    """All worlds of one seed."""

    options: argparse.Namespace
    seed: int
    tally: Tally = field(default_factory=Tally)

    def world(self, name: str, work: list[str], checker: str, *, early: bool = False, forgets: bool = False) -> World:
        rng = random.Random(f"{self.seed} {name}")
        directory = self.options.scratch / name
        return World(self.tally, work, checker, self.options.preload, directory, rng, early, forgets)

    def run(self) -> None:
        """Until the end, or until a store can't be read any more."""
        try:
            self.visit_worlds()
        except SystemExit as problem:
            self.tally.violations.append(str(problem))

    def visit_worlds(self) -> None:
        options = self.options
        at_random = self.world("random", [options.child], options.child)
        for number in range(120):
            at_random.live(closes=number % 10 == 9)
            at_random.check()
        named = self.world("named", [options.small_child], options.small_child, forgets=True)
        named.live()
        for points, rounds in ((POINTS, 4), (PHASE_POINTS, 4)):
            self.visit(named, points, rounds)
        self.visit_births()
        program = Path(__file__).parent / "python_child.py"
        python = self.world("python", [options.python, str(program)], options.child)
        for _ in range(15):
            python.live()
            python.check()
        self.visit(python, PYTHON_POINTS, 2)

    def visit(self, world: World, points: dict[str, int], rounds: int) -> None:
        for _ in range(rounds):
            for point, most in points.items():
                for side in ("before", "after"):
                    world.live_to(point, side, world.rng.randint(1, most), closes=point.startswith("closing"))
                    world.check()

    def visit_births(self) -> None:
        for point, most in BIRTH_POINTS.items():
            for number in range(1, most + 1):
                for side in ("before", "after"):
                    world = self.world("births", [self.options.small_child], self.options.small_child, forgets=True)
                    world.live_to(point, side, number, closes=True)
                    world.check()

    def missed(self) -> list[str]:
        """Points that should have been hit, before and after, and were not."""
        wanted = {*POINTS, *PHASE_POINTS, *BIRTH_POINTS, *PYTHON_POINTS}
        return [
            f"{point} {side}"
            for point in wanted
            for side in ("before", "after")
            if not self.tally.points[f"{point} {side}"]
        ]


def notices_early(options: argparse.Namespace, seed: int) -> bool:
    """Whether a child is found out that says more than is true."""
    campaign = Campaign(options, seed)
    world = campaign.world("control", [options.child], options.child, early=True)
    for _ in range(120):
        world.live()
        world.check()
        if campaign.tally.violations:
            return True
    return False


def show(campaign: Campaign, *, in_full: bool) -> bool:
    """Prints what a campaign did; True if all is well."""
    tally = campaign.tally
    for text in tally.violations[-20:]:
        print(text)
    print(
        f"kill: seed {campaign.seed}: kills {tally.kills}, runs started {tally.started}, runs ended {tally.ended}, "
        f"completions {tally.completions}"
    )
    if in_full:
        for point, count in sorted(tally.points.items()):
            print(f"  {count:4} at {point}")
    missed = campaign.missed()
    for point in missed:
        print(f"never hit: {point}")
    few = tally.completions < tally.kills
    if few:
        print("too little was done for the kills to mean anything")
    return not (tally.violations or tally.crashes or missed or few)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("child")
    parser.add_argument("small_child")
    parser.add_argument("preload")
    parser.add_argument("python")
    parser.add_argument("scratch", type=Path)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("TENUTO_SEED", "1")))
    parser.add_argument("--minutes", type=float, default=0.0)
    options = parser.parse_args()

    # As a child spells it, and wherever it stands.
    options.scratch = options.scratch.resolve()
    options.preload = os.path.abspath(options.preload)
    until = time.monotonic() + options.minutes * 60
    noticed = notices_early(options, options.seed)
    print(f"the planted early acknowledgement was {'noticed' if noticed else 'NOT noticed'}")
    well = noticed
    total = Tally()
    seed = options.seed
    while True:
        campaign = Campaign(options, seed)
        campaign.run()
        well &= show(campaign, in_full=options.minutes == 0)
        total.kills += campaign.tally.kills
        total.crashes += campaign.tally.crashes
        total.violations += campaign.tally.violations
        seed += 1
        if not well or time.monotonic() >= until:
            break
    if well:
        shutil.rmtree(options.scratch, ignore_errors=True)
    else:
        print(f"again: {sys.executable} {' '.join(sys.argv)} --seed {seed - 1}")
    print(f"kill: inputs {total.kills}, violations {len(total.violations)}, crashes {total.crashes}")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
