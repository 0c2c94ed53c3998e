"""Records what clients of one store ask and are told, and has it checked for linearizability.

One round: an owner with three threads and two other processes with two threads each start, find, read, await and cancel the
same few runs; the owner is killed and another one opens, or not; a client may be killed. At the end the last owner waits for all
runs and reads each. Every run is a history of its own. The checker (checker/, in Go, on porcupine) looks for an order of its
operations that the model explains. Three plants must be found: a stale read, two winners, a lost start.

usage: clients_test.py RECORDER CHECKER SCRATCH [--histories N | --minutes M] [--races N] [--seed N] [--also PROGRAM…]
--also runs other tests first, with more rounds than usual.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

RUNS = 24
ROUNDS_A_STORE = 20
PLANTS = ("stale", "winners", "lost")
SKIPPED = 77


@dataclass
class Tally:
    histories: int = 0
    operations: int = 0
    kills: int = 0
    races: int = 0
    violations: int = 0
    crashes: int = 0
    texts: list[str] = field(default_factory=list)


@dataclass
class Recording:
    """Rounds on one store after the other."""

    recorder: str
    checker: Path
    directory: Path
    rng: random.Random
    tally: Tally
    plant: str = ""
    rounds: int = 0

    def spawn(self, role: str, name: str) -> subprocess.Popen[bytes]:
        arguments = [role, str(self.store), str(self.history(name)), name, self.prefix, str(RUNS)]
        arguments += [str(self.rng.randrange(1 << 24)), *([self.plant] if self.plant else [])]
        return subprocess.Popen([self.recorder, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    @property
    def store(self) -> Path:
        return self.directory / f"store{self.rounds // ROUNDS_A_STORE}"

    @property
    def prefix(self) -> str:
        return f"r{self.rounds}"

    def history(self, name: str) -> Path:
        return self.directory / f"round{self.rounds}.{name}"

    def say_open(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        if process.stdout.readline() != b"open\n":
            self.tally.crashes += 1
            self.tally.texts.append(f"{self.prefix}: a process did not open: {process.wait()}")

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """Tells it to end, and sees that it does."""
        assert process.stdin is not None
        process.stdin.close()
        try:
            code = process.wait(timeout=120)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
            self.tally.texts.append(f"{self.prefix}: a process hung")
        if code != 0:
            self.tally.crashes += 1
            self.tally.texts.append(f"{self.prefix}: a process ended with {code}")

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        process.kill()
        process.wait()
        self.tally.kills += 1

    def round(self) -> None:
        self.rounds += 1
        owner = self.spawn("own", "a")
        self.say_open(owner)
        clients = [self.spawn("client", name) for name in ("p", "q")]
        for client in clients:
            self.say_open(client)
        time.sleep(self.rng.uniform(0.1, 0.25))
        if self.rng.random() < 0.5:
            killed = time.monotonic_ns()
            self.kill(owner)
            time.sleep(self.rng.choice((0, 0, 0.02)))
            owner = self.spawn("own", "b")
            self.say_open(owner)
            self.history("down").write_text(f"down {killed} {time.monotonic_ns()}\n")
            time.sleep(self.rng.uniform(0.05, 0.2))
        if self.rng.random() < 0.3:
            self.kill(clients.pop())
        for client in clients:
            self.end(client)
        self.end(owner)
        self.check()

    def keep(self, files: list[Path]) -> None:
        """What there is to see of a violation: the store as it is now, and the histories of the round."""
        kept = self.directory / f"violation{self.rounds}"
        shutil.copytree(self.store, kept / "store")
        for file in files:
            shutil.copy(file, kept)
        self.tally.texts.append(f"kept: {kept}")

    def check(self) -> None:
        files = sorted(self.directory.glob(f"round{self.rounds}.*"))
        checked = subprocess.run([self.checker, *files], capture_output=True, text=True, check=False)
        found = re.search(r"histories (\d+), operations (\d+), violations (\d+)", checked.stdout)
        if found is None:
            raise SystemExit(f"the checker failed: {checked.stdout} {checked.stderr}")
        self.tally.histories += int(found[1])
        self.tally.operations += int(found[2])
        self.tally.violations += int(found[3])
        if found[3] != "0":
            self.tally.texts.append(checked.stdout[:4000])
            if not self.plant:
                self.keep(files)
        for file in files:
            file.unlink()
        if self.rounds % ROUNDS_A_STORE == 0:
            shutil.rmtree(self.directory / f"store{self.rounds // ROUNDS_A_STORE - 1}", ignore_errors=True)


def record(options: argparse.Namespace, checker: Path, tally: Tally, plant: str = "") -> Recording:
    directory = options.scratch / (plant or "true")
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    return Recording(options.recorder, checker, directory, random.Random(f"{options.seed} {plant}"), tally, plant)


def race(options: argparse.Namespace, tally: Tally, count: int) -> None:
    store = options.scratch / "races"
    shutil.rmtree(store, ignore_errors=True)
    seed = str(options.seed % (1 << 31))
    raced = subprocess.run(
        [options.recorder, "race", store, str(count), seed], capture_output=True, text=True, check=False
    )
    print(raced.stdout.splitlines()[-1] if raced.stdout else raced.stderr)
    tally.races += count
    if raced.returncode != 0:
        tally.violations += 1
        tally.texts.append(raced.stdout[-2000:] + raced.stderr)


def run_also(program: str, tally: Tally) -> None:
    env = {**os.environ, "TENUTO_ROUNDS": "1000"}
    ran = subprocess.run([program], env=env, capture_output=True, text=True, check=False)
    print(f"{Path(program).name}: {'ok' if ran.returncode == 0 else ran.returncode}")
    if ran.returncode != 0:
        tally.crashes += ran.returncode < 0
        tally.violations += 1
        tally.texts.append(ran.stdout[-3000:] + ran.stderr[-1000:])


def build_checker(source: Path, scratch: Path) -> Path | None:
    """The checker with its library, by name and hash. None where there is no Go or no way to the library."""
    if shutil.which("go") is None:
        print("skipped: there is no go")
        return None
    program = scratch / "checker"
    env = {**os.environ, "GOFLAGS": "-mod=readonly", "CGO_ENABLED": "0"}
    try:
        for command in ("mod download", "vet .", "test .", f"build -o {program} ."):
            done = subprocess.run(
                ["go", *command.split()], cwd=source, env=env, capture_output=True, text=True, timeout=300, check=False
            )
            if done.returncode == 0:
                continue
            if command.startswith("mod") and "checksum" not in done.stderr:
                print(f"skipped: the checker's library can't be had: {done.stderr.strip()}")
                return None
            raise SystemExit(f"go {command}: {done.stdout} {done.stderr}")
    except subprocess.TimeoutExpired:
        print("skipped: the checker's library can't be had in time")
        return None
    return program


def find_plants(options: argparse.Namespace, checker: Path) -> bool:
    """Each of them, in a few rounds."""
    all_found = True
    for plant in PLANTS:
        planted = Tally()
        recording = record(options, checker, planted, plant)
        while planted.violations == 0 and recording.rounds < 10:
            recording.round()
        print(f"planted {plant}: {'found' if planted.violations else 'NOT FOUND'} in {planted.histories} histories")
        all_found &= planted.violations > 0
    return all_found


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("recorder")
    parser.add_argument("checker", type=Path)
    parser.add_argument("scratch", type=Path)
    parser.add_argument("--histories", type=int, default=1000)
    parser.add_argument("--races", type=int, default=10000)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--also", nargs="*", default=[])
    parser.add_argument("--seed", type=int, default=int(os.environ.get("TENUTO_SEED", "1")))
    options = parser.parse_args()

    shutil.rmtree(options.scratch, ignore_errors=True)
    options.scratch.mkdir(parents=True)
    checker = build_checker(options.checker, options.scratch)
    if checker is None:
        return SKIPPED
    tally = Tally()
    is_found = find_plants(options, checker)
    for program in options.also:
        run_also(program, tally)
    race(options, tally, options.races)
    until = time.monotonic() + options.minutes * 60 if options.minutes else None
    recording = record(options, checker, tally)
    while time.monotonic() < until if until else tally.histories < options.histories:
        recording.round()
    for text in tally.texts[:10]:
        print(text)
    print(f"histories {tally.histories}, operations {tally.operations}, kills {tally.kills}, seed {options.seed}")
    print(f"clients: inputs {tally.histories + tally.races}, violations {tally.violations}, crashes {tally.crashes}")
    if tally.violations or tally.crashes or not is_found:
        return 1
    shutil.rmtree(options.scratch, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
