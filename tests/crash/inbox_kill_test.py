"""Kills the owner of a store, and those who send it commands, and holds what the senders were told against the store.

One life: an owner opens the store, two senders start and cancel runs through the inbox; the owner is killed at a random
moment, at a named point (before or after the n-th write, sync or removal of a command's file), or closes in order; senders
are killed before it, at a named point of theirs (a command is accepted), or go on for a while without an owner. Now and then
everything is let end and checked:
  1. what a sender was told to be started, and each start that was accepted, was carried out: there is a run for each
  2. there is no second run for one wish, and no run that nobody wished for; a cancel is recorded at most once
  3. a cancel that was answered OK while an owner was there ended its run as cancelled; one that was answered WRONG_STATE
     changed nothing; nothing else is ever answered
  4. a number that a sender was told is its run's
  5. attempts of one task carry one idempotency key, and no two tasks share one
Three planted bugs must be found: a file that goes before its outcome is durable, a sender that says more than it was told, a
sender that asks twice.

usage: inbox_kill_test.py CHILD PRELOAD SCRATCH [--kills N] [--seed N]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from child import checked

OWNER_POINTS = ("journal_write", "journal_sync", "table_sync", "command_gone")
SENDER_POINTS = ("accept", "inbox_sync")


@dataclass
class Wish:
    """A run that a sender asked for, by its token."""

    told_start: str = ""
    number: int = 0
    accepted: bool = False
    # Cancels: what was told, and whether an owner was there all the time.
    told_cancel: str = ""
    owner_was_there: bool = False
    reason: str = ""


@dataclass
class World:
    """One store through all lives of its owners."""

    child: str
    preload: str
    directory: Path
    rng: random.Random
    durability: str
    plant: str = ""
    wishes: dict[str, Wish] = field(default_factory=lambda: defaultdict(Wish))
    violations: list[str] = field(default_factory=list)
    kills: int = 0
    named: int = 0
    cancelled: int = 0
    lives: int = 0

    @property
    def store(self) -> Path:
        return self.directory / "store"

    @property
    def effects(self) -> Path:
        return self.directory / "effects"

    def spawn(self, *arguments: str, point: str = "", owner: bool = False) -> subprocess.Popen[bytes]:
        env = {**os.environ, "LD_PRELOAD": self.preload, "TENUTO_INTERPOSE_ROOT": str(self.store)}
        if owner:
            env["TENUTO_KILL_NOTE"] = str(self.note)
        else:
            env["TENUTO_ACCEPTED"] = str(self.accepted)
        if point:
            env["TENUTO_KILL_AT"] = point
        if owner and self.plant == "early_unlink":
            env["TENUTO_PLANT"] = self.plant
        return subprocess.Popen([self.child, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env)

    @property
    def accepted(self) -> Path:
        return self.directory / "accepted"

    @property
    def note(self) -> Path:
        return self.directory / "killed_at"

    def draw_point(self, functions: tuple[str, ...], most: int) -> str:
        return f"{self.rng.choice(functions)}:{self.rng.choice(('before', 'after'))}:{self.rng.randint(1, most)}"

    def live(self) -> None:
        """One life of an owner."""
        self.lives += 1
        self.note.unlink(missing_ok=True)
        # The first one makes the store, so that senders find it.
        named = self.lives > 1 and self.rng.random() < 0.6
        closes = self.lives == 1 or (not named and self.rng.random() < 0.2)
        point = self.draw_point(OWNER_POINTS, 12) if named else ""
        if self.plant == "early_unlink" and self.lives > 1:
            point = self.draw_point(("journal_write",), 60)
        owner = self.spawn(
            "own", str(self.store), str(self.effects), str(self.lives), self.durability, point=point, owner=True
        )
        assert owner.stdin is not None and owner.stdout is not None
        # Some senders come before the owner is ready.
        is_ready = self.rng.random() < 0.8 or self.lives == 1
        if is_ready:
            owner.stdout.readline()
        senders = [self.send(i) for i in range(2)]
        time.sleep(self.rng.uniform(0.01, 0.08))
        early = self.rng.randrange(len(senders)) if self.rng.random() < 0.3 else None
        if early is not None:
            senders[early].kill()
        if closes:
            owner.stdin.close()
            owner.wait(timeout=30)
            ended = time.monotonic_ns()
        else:
            with contextlib.suppress(subprocess.TimeoutExpired):
                owner.wait(timeout=0.3 if named else self.rng.uniform(0, 0.03))
            ended = time.monotonic_ns()
            owner.kill()
            owner.wait()
            self.kills += 1
        if self.note.exists():
            self.named += 1
            ended = min(ended, int((self.note.read_text() or str(ended)).split()[0]))
        time.sleep(self.rng.uniform(0, 0.02))
        for sender in senders:
            sender.kill()
            self.kills += 1
        for sender in senders:
            self.hear(sender, ended if is_ready and not closes else 0)
        owner.stdin.close()
        owner.stdout.close()
        self.note_accepted()

    def send(self, index: int) -> subprocess.Popen[bytes]:
        bug = [self.plant] if self.plant in ("lying", "doubling") else []
        point = self.draw_point(SENDER_POINTS, 12) if self.rng.random() < 0.3 else ""
        return self.spawn("send", str(self.store), f"c{self.lives}-{index}", *bug, point=point)

    def hear(self, sender: subprocess.Popen[bytes], owner_ended: int) -> None:
        assert sender.stdout is not None and sender.stdin is not None
        sender.stdin.close()
        lines = sender.stdout.read().decode().splitlines(keepends=True)
        sender.stdout.close()
        if (code := sender.wait()) != -9:
            raise SystemExit(f"a sender ended by itself: {code}")
        for line in lines:
            if not line.endswith("\n"):
                continue
            what, kind, token, *rest = line.split()
            wish = self.wishes[token]
            if what == "ask":
                continue
            status, at = rest[0], int(rest[1])
            if kind == "start":
                wish.told_start, wish.number = status, int(rest[2])
                if status != "OK":
                    self.violations.append(f"{token}: its start was answered {status}")
            else:
                wish.told_cancel, wish.owner_was_there, wish.reason = status, at < owner_ended, rest[2]
                if status not in ("OK", "WRONG_STATE"):
                    self.violations.append(f"{token}: its cancel was answered {status}")

    def note_accepted(self) -> None:
        for file in self.accepted.glob("*.json"):
            command = json.loads(file.read_text())
            if command["command"] == "start":
                self.wishes[command["labels"]["token"]].accepted = True
            file.unlink()

    def check(self) -> None:
        """Lets everything end, and compares."""
        self.lives += 1
        lines = checked([self.child, "check", str(self.store), str(self.effects), str(self.lives)])
        if left := list((self.store / "inbox").glob("*.json")):
            self.violations.append(f"commands stay in the inbox: {left}")
        runs: dict[str, list[dict[str, object]]] = defaultdict(list)
        reasons: dict[str, list[str]] = defaultdict(list)
        token = ""
        for line in lines:
            kind, _, text = line.partition(" ")
            row = json.loads(text)
            if kind == "run":
                token = row["labels"]["token"]
                runs[token].append(row)
            elif kind == "state":
                runs[token][-1]["state"] = row
            elif row["event"] == "cancel_requested":
                reasons[token].append(row.get("reason", ""))
        self.compare(runs, reasons)
        self.check_keys()

    def compare(self, runs: dict[str, list[dict[str, object]]], reasons: dict[str, list[str]]) -> None:
        for token in runs.keys() - self.wishes.keys():
            self.violations.append(f"{token}: a run that nobody asked for")
        for token, wish in self.wishes.items():
            found = runs.get(token, [])
            if len(found) > 1:
                self.violations.append(f"{token}: carried out {len(found)} times")
            if not found:
                if wish.accepted or wish.told_start == "OK":
                    self.violations.append(f"{token}: accepted, and lost")
                continue
            state, number = found[0]["state"], found[0]["number"]
            if state not in ("completed", "cancelled"):
                self.violations.append(f"{token}: it has not ended but is {state}")
            if wish.number not in (0, number):
                self.violations.append(f"{token}: told number {wish.number}, and it has {number}")
            if len(reasons[token]) > 1:
                self.violations.append(f"{token}: cancelled {len(reasons[token])} times")
            if (state == "cancelled") != bool(reasons[token]):
                self.violations.append(f"{token}: {state} with the cancels {reasons[token]}")
            if wish.told_cancel == "OK" and wish.owner_was_there and state != "cancelled":
                self.violations.append(f"{token}: its cancel was answered OK, and it is {state}")
            if wish.told_cancel == "WRONG_STATE" and state == "cancelled":
                self.violations.append(f"{token}: its cancel was answered WRONG_STATE, and it is cancelled")
        self.cancelled = sum(bool(reason) for reason in reasons.values())

    def check_keys(self) -> None:
        keys: dict[str, str] = {}
        key_of: dict[str, str] = {}
        for line in self.effects.read_text().splitlines():
            _, run, node, key = line.split()
            task = f"{run} {node}"
            if keys.setdefault(key, task) != task:
                self.violations.append(f"{task}: shares its idempotency key with {keys[key]}")
            if key_of.setdefault(task, key) != key:
                self.violations.append(f"{task}: its attempts had different idempotency keys")


def run_world(options: argparse.Namespace, durability: str, kills: int, plant: str = "") -> World:
    directory = options.scratch / (plant or durability)
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    rng = random.Random(f"{options.seed} {durability} {plant}")
    world = World(options.child, options.preload, directory, rng, durability, plant)
    world.effects.touch()
    world.accepted.mkdir()
    while world.kills < kills and not (plant and world.violations):
        world.live()
        if world.lives % 10 == 9 or plant:
            world.check()
    world.check()
    return world


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("child")
    parser.add_argument("preload")
    parser.add_argument("scratch", type=Path)
    parser.add_argument("--kills", type=int, default=240)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("TENUTO_SEED", "1")))
    options = parser.parse_args()

    failed = False
    for durability in ("full", "relaxed"):
        world = run_world(options, durability, options.kills // 2)
        for text in world.violations[:20]:
            print(text)
        print(
            f"inbox, {durability}: kills {world.kills}, {world.named} owners at a named point, starts asked for "
            f"{len(world.wishes)}, cancels carried out {world.cancelled}, violations {len(world.violations)}"
        )
        failed |= bool(world.violations)
        if len(world.wishes) < options.kills // 2 or world.named < options.kills // 24:
            print("too little was done for the kills to mean anything")
            failed = True
    for plant in ("early_unlink", "lying", "doubling"):
        planted = run_world(options, "full", 120, plant)
        print(f"planted {plant}: {planted.violations[0] if planted.violations else 'NOT FOUND'}")
        failed |= not planted.violations
    if failed:
        print(f"seed={options.seed}; again: {sys.executable} {' '.join(sys.argv)} --seed {options.seed}")
        return 1
    shutil.rmtree(options.scratch, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
