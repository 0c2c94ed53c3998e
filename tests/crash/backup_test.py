"""Takes backups in a loop beside an owner under load, restores each, and holds it against what had been acknowledged.

An owner (crash_child) starts and ends runs; another process takes backups. Now and then the owner is killed, so that a backup
is taken of a store that nobody owns. Of each backup:
  1. it can be restored, and the restored store verifies (restore does so itself, and once more from outside)
  2. what was acknowledged before the backup began is in it: runs that were started exist, runs that had ended have ended
  3. nothing is in it that the store does not have in the end, and nothing has ended in it that had not
Of some restored stores, which go on by themselves for a while:
  4. a task of a run that came with the backup has the idempotency key that it has in the first store
  5. no new run shares a key with anything that the first store ever did
Planted: acknowledgements of after the backup are taken for earlier ones (2 must see it), and a restored store keeps the
identity of the first one (5 must see it). A flipped bit in a file of a backup must be refused, naming the file.

usage: backup_test.py OWNER TOOL SCRATCH [--backups N] [--minutes M] [--seed N]
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from child import checked

BACKUPS_A_STORE = 12  # then a new one is begun, so that they stay small


class Owner:
    """A process that works on a store, and what it has acknowledged."""

    def __init__(self, program: str, store: Path, effects: Path, life: str) -> None:
        self.process = subprocess.Popen([program, "work", str(store), str(effects), life], stdout=subprocess.PIPE)
        self.acks: list[tuple[str, str]] = []
        assert self.process.stdout is not None
        if not self.process.stdout.readline().startswith(b"open"):
            raise SystemExit(f"the owner did not open its store: exit {self.process.wait()}")
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.endswith(b"\n"):
                word, run = line.decode().split()
                self.acks.append((word, run))

    def await_acks(self, more: int) -> None:
        """Until so many more have come: the load is on."""
        wanted = len(self.acks) + more
        while len(self.acks) < wanted and self.process.poll() is None:
            time.sleep(0.001)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.reader.join()


@dataclass
class Tally:
    """What was tried, and what was wrong."""

    backups: int = 0
    without_owner: int = 0
    flips: int = 0
    continued: int = 0
    acks: int = 0
    seconds: float = 0.0
    violations: list[str] = field(default_factory=list)


def states(tool: str, store: Path) -> dict[str, str]:
    lines = checked([tool, "runs", str(store)])
    return dict(line.split() for line in lines)


def keys(effects: Path) -> dict[tuple[str, str], str]:
    """By run and node. The last line may be cut."""
    if not effects.exists():
        return {}
    rows = [line.split() for line in effects.read_text().splitlines()]
    return {(row[1], row[2]): row[4] for row in rows if len(row) == 5 and len(row[4]) == 32}


def missing(acks: list[tuple[str, str]], found: dict[str, str]) -> list[str]:
    """Violations of 2."""
    lost = [
        f"{run}: acknowledged as started, and not in the backup"
        for word, run in acks
        if word == "started" and run not in found
    ]
    return lost + [
        f"{run}: acknowledged as ended, and it has not in the backup"
        for word, run in acks
        if word == "ended" and run in found and found[run] != "completed"
    ]


def tool_call(tool: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([tool, *words], capture_output=True, text=True, check=False)


def flip_is_noticed(tool: str, backup: Path, rng: random.Random) -> str | None:
    """Flips a bit of a backup, and back; what is wrong with the answer."""
    file = rng.choice(sorted(path for path in backup.iterdir() if path.stat().st_size > 0))
    place = rng.randrange(file.stat().st_size)
    with file.open("r+b") as content:
        content.seek(place)
        byte = content.read(1)[0]
        content.seek(place)
        content.write(bytes([byte ^ 1 << rng.randrange(8)]))
    target = backup.parent / "flipped"
    answer = tool_call(tool, rng.choice(("check", "restore")), str(backup), str(target))
    with file.open("r+b") as content:
        content.seek(place)
        content.write(bytes([byte]))
    there = target.exists() or list(backup.parent.glob("flipped.*"))
    if answer.returncode == 1 and answer.stderr.startswith("DAMAGED") and file.name in answer.stderr and not there:
        return None
    return f"byte {place} of {file.name} was flipped: {answer.returncode} {answer.stderr!r}, something was left: {bool(there)}"


def go_on(world: World, restored: Path, number: int, tally: Tally) -> tuple[set[str], dict[tuple[str, str], str]]:
    """Lets a restored store run by itself for a moment; the runs it came with, and its keys."""
    came = set(states(world.tool, restored))
    effects = world.directory / f"effects-{number}"
    owner = Owner(world.owner, restored, effects, f"again{number}")
    owner.await_acks(20)
    owner.kill()
    tally.continued += 1
    return came, keys(effects)


@dataclass
class World:
    """One store and its backups."""

    owner: str
    tool: str
    directory: Path
    rng: random.Random
    plant: str = ""

    def run(self, tally: Tally, backups: int) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        store, effects = self.directory / "store", self.directory / "effects"
        life = 0
        owner = Owner(self.owner, store, effects, str(life))
        earlier: list[tuple[str, str]] = []
        pictures: list[tuple[dict[str, str], int]] = []
        continued: list[tuple[set[str], dict[tuple[str, str], str]]] = []
        for number in range(backups):
            owner.await_acks(self.rng.randrange(1, 60))
            is_alone = self.rng.random() < 0.2 or self.plant == "identity"
            if is_alone:
                owner.kill()
                tally.without_owner += 1
                if self.rng.random() < 0.5 or self.plant == "identity":
                    # Opened and closed in order: then run numbers go on without a gap, here and in a restored store.
                    checked([self.owner, "check", str(store)])
            known = earlier + list(owner.acks)
            backup, restored = self.directory / f"backup-{number}", self.directory / f"restored-{number}"
            began = time.monotonic()
            made = tool_call(self.tool, "backup", str(store), str(backup))
            tally.seconds += time.monotonic() - began
            tally.backups += 1
            tally.acks += len(known)
            if self.plant == "late":
                owner.await_acks(20)
                known = earlier + list(owner.acks)
            if is_alone:
                earlier += owner.acks
                life += 1
                owner = Owner(self.owner, store, effects, str(life))
            if made.returncode != 0:
                tally.violations.append(f"backup {number}: {made.stderr.strip()}")
                continue
            if self.rng.random() < 0.5:
                tally.flips += 1
                if (wrong := flip_is_noticed(self.tool, backup, self.rng)) is not None:
                    tally.violations.append(f"backup {number}: {wrong}")
            again = tool_call(self.tool, "restore", str(backup), str(restored))
            if again.returncode != 0:
                tally.violations.append(f"backup {number} can't be restored: {again.stderr.strip()}")
                continue
            if self.rng.random() < 0.25 and tool_call(self.tool, "verify", str(restored)).returncode != 0:
                tally.violations.append(f"backup {number}: the restored store does not verify")
            found = states(self.tool, restored)
            tally.violations += [f"backup {number}: {text}" for text in missing(known, found)]
            pictures.append((found, number))
            if self.rng.random() < 0.25 or self.plant == "identity":
                if self.plant == "identity":
                    keep_identity(store, restored)
                continued.append(go_on(self, restored, number, tally))
            shutil.rmtree(backup)
            shutil.rmtree(restored)
        owner.kill()
        self.compare(store, effects, pictures, continued, tally)
        shutil.rmtree(self.directory)

    def compare(
        self,
        store: Path,
        effects: Path,
        pictures: list[tuple[dict[str, str], int]],
        continued: list[tuple[set[str], dict[tuple[str, str], str]]],
        tally: Tally,
    ) -> None:
        """Rules 3 to 5, when all is over."""
        in_the_end = states(self.tool, store)
        for found, number in pictures:
            for run, state in found.items():
                if run not in in_the_end:
                    tally.violations.append(f"backup {number}: {run} is not in the store")
                elif state == "completed" and in_the_end[run] != "completed":
                    tally.violations.append(f"backup {number}: {run} has ended there alone")
        first = keys(effects)
        all_first = set(first.values())
        for came, again in continued:
            for (run, node), key in again.items():
                if run in came:
                    if first.get((run, node), key) != key:
                        tally.violations.append(f"{run} {node}: another idempotency key in a restored store")
                elif key in all_first:
                    tally.violations.append(f"{run} {node}: a new run has the idempotency key of another store's")


def keep_identity(store: Path, restored: Path) -> None:
    """The planted bug: the restored store takes its own keys for those of the first one."""
    uuid = next(line for line in (store / "tenuto.store").read_text().splitlines() if line.startswith("uuid "))
    marker = restored / "tenuto.store"
    marker.write_text(marker.read_text() + f"origin {uuid.split()[1]} below {2**62}\n")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("owner")
    parser.add_argument("tool")
    parser.add_argument("scratch", type=Path)
    parser.add_argument("--backups", type=int, default=102)
    parser.add_argument("--minutes", type=float, default=0)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("TENUTO_SEED", "1")))
    options = parser.parse_args()
    options.scratch = options.scratch.resolve()

    tally = Tally()
    deadline = time.monotonic() + options.minutes * 60
    seed = options.seed
    while tally.backups < options.backups or time.monotonic() < deadline:
        world = World(options.owner, options.tool, options.scratch / "world", random.Random(seed))
        world.run(tally, BACKUPS_A_STORE)
        seed += 1
    noticed = {}
    for plant in ("late", "identity"):
        planted = Tally()
        World(options.owner, options.tool, options.scratch / plant, random.Random(options.seed), plant).run(planted, 4)
        noticed[plant] = bool(planted.violations)
    for text in tally.violations[:20]:
        print(text)
    print(
        f"backups {tally.backups} ({tally.without_owner} without an owner), {tally.seconds / tally.backups * 1000:.0f} ms each, "
        f"acknowledgements held against them {tally.acks}, flipped bytes {tally.flips}, restored stores that went on "
        f"{tally.continued}; planted and noticed: {', '.join(name for name, seen in noticed.items() if seen) or 'nothing'}"
    )
    failed = bool(tally.violations) or not all(noticed.values())
    if failed:
        print(f"seed={options.seed}; again: {sys.executable} {' '.join(sys.argv)} --seed {options.seed}")
    else:
        shutil.rmtree(options.scratch, ignore_errors=True)
    print(f"backup: inputs {tally.backups + tally.flips}, violations {len(tally.violations)}, crashes 0")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
