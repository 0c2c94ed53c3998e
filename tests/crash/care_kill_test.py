"""Kills backup, restore, compact and prune at every write, sync and rename, before and after it.

For each tool and each n: a copy of one store that was left by a killed owner, the tool killed at its n-th point, until it gets
through. After each kill:
  backup    the store is untouched; there is no backup of that name, or a whole one
  restore   there is no store of that name, or a whole one
  compact   the store verifies and has the same runs; compacting again works, and leaves nothing else in the directory
  prune     the store verifies; the live runs are there, and so is every run that was not asked for
The control lets the tool be killed and its result be taken for whole; the test fails unless that is noticed.

usage: care_kill_test.py OWNER TOOL PRELOAD SCRATCH [--stride N]
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from child import checked

PRUNE = '{"state": ["completed"], "keep": 3}'


def call(tool: str, *words: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([tool, *words], env=env, capture_output=True, text=True, check=False)


class Harness:
    def __init__(self, owner: str, tool: str, preload: str, scratch: Path, stride: int) -> None:
        self.owner, self.tool, self.preload, self.scratch, self.stride = owner, tool, preload, scratch, stride
        self.kills = 0
        self.violations: list[str] = []

    def make_store(self) -> Path:
        """A store with a few hundred runs, as a killed owner leaves it."""
        store = self.scratch / "first"
        process = subprocess.Popen(
            [self.owner, "work", str(store), str(self.scratch / "effects"), "0"], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        for _ in range(400):
            process.stdout.readline()
        process.kill()
        process.wait()
        # Its tables take the journal over at the next orderly end.
        checked([self.owner, "check", str(store)])
        return store

    def killed(self, root: Path, point: int, side: str, *words: str) -> bool:
        """False: it came through."""
        env = {
            **os.environ,
            "LD_PRELOAD": self.preload,
            "TENUTO_INTERPOSE_ROOT": str(root),
            "TENUTO_KILL_AT": f"any:{side}:{point}",
        }
        answer = call(self.tool, *words, env=env)
        if answer.returncode == -signal.SIGKILL:
            self.kills += 1
            return True
        if answer.returncode != 0:
            self.violations.append(f"{words[0]}, point {point}: {answer.stderr.strip()}")
        return False

    def points(self) -> Iterator[tuple[int, str]]:
        for point in range(1, 2000, self.stride):
            yield from ((point, side) for side in ("before", "after"))

    def each_kill(self, verb: str, source: Path) -> Iterator[tuple[str, Path]]:
        """Kills the tool at all of its points; where the caller looks, it finds what is left."""
        for point, side in self.points():
            place = self.scratch / "place"
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            words = self.words(verb, source, place)
            if not self.killed(place, point, side, verb, *words):
                return
            yield f"{verb}, killed {side} point {point}", place
        self.violations.append(f"{verb} never came to its end")

    def words(self, verb: str, source: Path, place: Path) -> list[str]:
        if verb in ("backup", "restore"):
            return [str(source), str(place / "made")]
        shutil.copytree(source, place / "store")
        return [str(place / "store"), *([PRUNE] if verb == "prune" else [])]

    def runs(self, store: Path) -> list[str]:
        return sorted(checked([self.tool, "runs", str(store)]))

    def expect(self, what: str, holds: bool, text: str) -> None:
        if not holds:
            self.violations.append(f"{what}: {text}")

    def run(self) -> None:
        store = self.make_store()
        before = self.runs(store)
        for what, place in self.each_kill("backup", store):
            if (place / "made").exists():
                self.expect(
                    what, call(self.tool, "check", str(place / "made")).returncode == 0, "the backup is not whole"
                )
        self.expect("backup", self.runs(store) == before, "the store has other runs")
        backup = self.scratch / "backup"
        call(self.tool, "backup", str(store), str(backup))
        for what, place in self.each_kill("restore", backup):
            if (place / "made").exists():
                self.expect(what, self.runs(place / "made") == before, "the restored store has other runs")
        for what, place in self.each_kill("compact", store):
            self.sound(what, place / "store")
            self.expect(what, self.runs(place / "store") == before, "the store has other runs")
            again = call(self.tool, "compact", str(place / "store"))
            self.expect(what, again.returncode == 0, f"compacting again: {again.stderr.strip()}")
            names = {path.name for path in (place / "store").iterdir()}
            self.expect(what, "compact.new" not in names, "the copy is still there")
            self.expect(what, self.runs(place / "store") == before, "compacted again, the store has other runs")
        # Live runs go on when the store is owned, so that only ids are compared.
        kept = {line.split()[0] for line in before if not line.endswith(" completed")}
        known = {line.split()[0] for line in before}
        for what, place in self.each_kill("prune", store):
            self.sound(what, place / "store")
            after = {line.split()[0] for line in self.runs(place / "store")}
            self.expect(what, kept <= after <= known, "other runs went than were asked for")
            done = call(self.tool, "prune", str(place / "store"), PRUNE)
            self.expect(what, done.returncode == 0, f"pruning again: {done.stderr.strip()}")
            left = self.runs(place / "store")
            self.expect(what, len(left) == len(kept) + 3, "pruned again, other runs are left")

    def sound(self, what: str, store: Path) -> None:
        answer = call(self.tool, "verify", str(store))
        self.expect(what, answer.returncode == 0, f"the store does not verify: {answer.stderr.strip()}")

    def plant_is_noticed(self) -> bool:
        """A killed restoration whose directory is given the name that only a whole one gets."""
        self.violations = []
        for what, place in self.each_kill("restore", self.scratch / "backup"):
            for left in place.glob("made.restoring-*"):
                left.rename(place / "made")
            if (place / "made").exists():
                self.expect(what, call(self.tool, "runs", str(place / "made")).returncode == 0, "no store")
            if self.violations:
                return True
        return False


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("owner")
    parser.add_argument("tool")
    parser.add_argument("preload")
    parser.add_argument("scratch", type=Path)
    parser.add_argument("--stride", type=int, default=2, help="every so many points")
    options = parser.parse_args()
    scratch = options.scratch.resolve()
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)

    began = time.monotonic()
    harness = Harness(options.owner, options.tool, options.preload, scratch, options.stride)
    harness.run()
    violations, kills = harness.violations, harness.kills
    noticed = harness.plant_is_noticed()
    for text in violations[:20]:
        print(text)
    print(
        f"kills {kills} in {time.monotonic() - began:.0f} s; "
        f"the planted half of a store was {'noticed' if noticed else 'NOT noticed'}"
    )
    print(f"care: inputs {kills}, violations {len(violations)}, crashes 0")
    failed = bool(violations) or not noticed or kills < 50
    if not failed:
        shutil.rmtree(scratch, ignore_errors=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
