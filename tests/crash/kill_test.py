"""SIGKILLs a child at random moments and holds what it acknowledged against what the store has.

Proves atomicity and that acknowledgements follow the events; not that syncs reach the disk (a killed process leaves its
writes to the kernel): tests/property/journal does that with a log that forgets what was not synced.

Checked after every kill, from the store alone:
  1. what was acknowledged as started exists; what was acknowledged as ended has ended
  2. a task whose completion was recorded never began again in a later life
  3. all attempts of a task carried the same idempotency key, and no two tasks shared one
The control lets the child acknowledge before it is true; the test fails unless that is noticed.

usage: kill_test.py CHILD SCRATCH [--kills N] [--seed N]
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

from child import checked


class Violations(list[str]):
    """What was found to be wrong."""


class World:
    """One store with its log of effects, through all lives of the child."""

    def __init__(self, child: str, directory: Path, rng: random.Random, early: bool) -> None:
        self.child = child
        self.store = directory / "store"
        self.effects = directory / "effects"
        self.effects.touch()
        self.rng = rng
        self.early = early
        self.started: set[str] = set()
        self.ended: set[str] = set()
        self.unfinished: set[str] = set()
        self.committed: set[tuple[str, str]] = set()
        self.keys: dict[str, tuple[str, str]] = {}
        self.key_of: dict[tuple[str, str], str] = {}
        self.offset = 0
        self.completions = 0

    def live(self, number: int) -> None:
        """One life of the child, from its start to SIGKILL."""
        command = [self.child, "work", str(self.store), str(self.effects), str(number)]
        process = subprocess.Popen(command + (["early"] if self.early else []), stdout=subprocess.PIPE)
        assert process.stdout is not None
        # Some lives end while the store is being opened, most while it works.
        if self.rng.random() < 0.9:
            first = process.stdout.readline()
            if not first.startswith(b"open"):
                raise SystemExit(f"the child did not open its store: exit {process.wait()}")
        time.sleep(self.rng.random() * 0.06)
        process.kill()
        process.wait()
        for line in process.stdout.read().decode().splitlines(keepends=True):
            if line.endswith("\n"):
                self.acknowledge(*line.split())
        process.stdout.close()

    def acknowledge(self, word: str, run: str) -> None:
        if word == "started":
            self.started.add(run)
            self.unfinished.add(run)
        elif word == "ended":
            self.ended.add(run)

    def check(self, violations: Violations) -> None:
        """Holds the store and the effects against what is known."""
        self.read_effects(violations)
        asked = sorted(self.unfinished)
        for line in checked([self.child, "check", str(self.store)], "\n".join(asked) + "\n" if asked else ""):
            run, state, *nodes = line.split()
            if state == "missing":
                violations.append(f"{run}: acknowledged as started, and lost")
                self.unfinished.discard(run)
                continue
            if run in self.ended and state != "completed":
                violations.append(f"{run}: acknowledged as ended, and it has not")
            for node in nodes:
                self.completions += (run, node) not in self.committed
                self.committed.add((run, node))
            if state == "completed":
                self.unfinished.discard(run)

    def read_effects(self, violations: Violations) -> None:
        with self.effects.open() as effects:
            effects.seek(self.offset)
            text = effects.read()
            self.offset = effects.tell()
        for line in text.splitlines():
            run, node, attempt, key = line.split()
            if (run, node) in self.committed:
                violations.append(f"{run} {node}: its completion was recorded, and attempt {attempt} began later")
            if self.key_of.setdefault((run, node), key) != key:
                violations.append(f"{run} {node}: its attempts had different idempotency keys")
            if self.keys.setdefault(key, (run, node)) != (run, node):
                violations.append(f"{run} {node}: shares its idempotency key with {self.keys[key]}")


def run_world(child: str, scratch: Path, kills: int, seed: int, early: bool) -> tuple[World, Violations]:
    directory = scratch / ("control" if early else "world")
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    world = World(child, directory, random.Random(seed), early)
    violations = Violations()
    for number in range(kills):
        world.live(number)
        world.check(violations)
        if early and violations:
            break
    return world, violations


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("child")
    parser.add_argument("scratch", type=Path)
    parser.add_argument("--kills", type=int, default=110)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("TENUTO_SEED", "1")))
    options = parser.parse_args()

    world, violations = run_world(options.child, options.scratch, options.kills, options.seed, early=False)
    _, noticed = run_world(options.child, options.scratch, options.kills, options.seed, early=True)
    for text in violations[:20]:
        print(text)
    print(
        f"kill: kills {options.kills}, runs started {len(world.started)}, runs ended {len(world.ended)}, "
        f"completions {world.completions}, violations {len(violations)}; the planted early acknowledgement was "
        f"{'noticed' if noticed else 'NOT noticed'}"
    )
    if violations or not noticed:
        print(f"seed={options.seed}; again: {sys.executable} {' '.join(sys.argv)} --seed {options.seed}")
        return 1
    if world.completions < options.kills:
        print("too little was done for the kills to mean anything")
        return 1
    shutil.rmtree(options.scratch, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
