"""Mutation testing: how many small mistakes in a layer do its tests find?

mutate.py [LAYER...]              all mutants of the layers (machine, journal, sched), the score and who survived
mutate.py --count N --seed S      of each layer a sample of N, drawn by a seed that is printed
mutate.py --again                 those that survived the last time
mutate.py --list                  the mutants, without a build

docs/testing.md says what counts. Exit status 0 only when each layer reaches the goal.
"""

import argparse
import json
import random
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from project import HERE, ROOT, MutatedProject, Placed
from tests_of import Outcome, Runner, Test, remove, tests_of

GOAL = 85.0
FOLDER = ROOT / "build" / "mutants"
EQUIVALENT = HERE / "equivalent.txt"
_SIM = ("tests/sim/sim_engine", "--seeds", "1..50")

# By layer: its programs of tests, those that tell most for their time first.
LAYERS: dict[str, list[tuple[str, ...]]] = {
    "machine": [
        ("tests/unit_machine",), ("tests/model_machine",), ("tests/unit_journal",), ("tests/unit_query",),
        ("tests/property_machine",), _SIM, ("tests/unit_engine",),
    ],
    "journal": [
        ("tests/unit_journal",), ("tests/unit_query",), ("tests/property_journal",), _SIM, ("tests/unit_engine",),
        ("tests/property_query",),
    ],
    "sched": [("tests/unit_sched",), ("tests/model_sched",), _SIM, ("tests/unit_engine",)],
}  # fmt: skip


@dataclass
class Score:
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    killers: Counter[str] = field(default_factory=Counter)
    survivors: list[Placed] = field(default_factory=list)
    unreached: int = 0
    seconds: float = 0.0

    @property
    def tried(self) -> int:
        return sum(n for outcome, n in self.outcomes.items() if outcome is not Outcome.inapplicable)

    @property
    def killed(self) -> int:
        return self.tried - self.outcomes[Outcome.survived]

    @property
    def percent(self) -> float:
        return 100.0 * self.killed / self.tried if self.tried else 0.0


def equivalents(path: Path) -> dict[str, str]:
    """Mutants that change nothing, by key, with the reason; the file says how a line is written."""
    known = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        if line.strip() and not line.startswith("#"):
            key, _, reason = line.rpartition(" | ")
            known[key.strip()] = reason.strip()
    return known


class Campaign:
    def __init__(self, project: MutatedProject, scratch: Path, jobs: int) -> None:
        self._project = project
        self._scratch = scratch
        self._jobs = jobs
        self._own = threading.local()
        self._tests: dict[tuple[str, ...], list[Test]] = {}

    def tests(self, programs: list[tuple[str, ...]]) -> list[Test]:
        """The tests of these programs, with what each comes by; a test that fails by itself judges nobody."""
        for program in programs:
            if program not in self._tests:
                tests = tests_of(self._project.program(program[0]), list(program[1:]))
                with ThreadPoolExecutor(self._jobs) as pool:
                    fit = list(pool.map(lambda test: self._runner().trace(test), tests))
                for test, works in zip(tests, fit, strict=True):
                    if not works:
                        print(f"left out, it fails without a mutant: {program[0]} {test.name}", flush=True)
                self._tests[program] = [test for test, works in zip(tests, fit, strict=True) if works]
        return [test for program in programs for test in self._tests[program]]

    def score(self, chosen: list[int], programs: list[tuple[str, ...]]) -> Score:
        started = time.monotonic()
        score = Score()
        tests = self.tests(programs)
        by_number = {number: [test for test in tests if number in test.reached] for number in chosen}

        def judge(number: int) -> tuple[Outcome, Test | None]:
            return self._runner().judge(number, by_number[number])

        with ThreadPoolExecutor(self._jobs) as pool:
            for number, (outcome, killer) in zip(chosen, pool.map(judge, chosen), strict=True):
                score.outcomes[outcome] += 1
                if killer is not None and outcome is not Outcome.inapplicable:
                    score.killers[killer.program.name] += 1
                if outcome is Outcome.survived:
                    score.survivors.append(self._project.mutants[number])
                    score.unreached += not by_number[number]
        score.seconds = time.monotonic() - started
        return score

    def _runner(self) -> Runner:
        if not hasattr(self._own, "runner"):
            self._own.runner = Runner(self._scratch / str(threading.get_ident()))
        runner: Runner = self._own.runner
        return runner


def choose(project: MutatedProject, layer: str, options: argparse.Namespace) -> list[int]:
    """The numbers of the mutants to try, in the order of the files."""
    known = equivalents(EQUIVALENT)
    numbers = [
        number
        for number, placed in project.mutants.items()
        if placed.path.startswith(f"core/{layer}/") and placed.key not in known
    ]
    if options.again:
        last = set(json.loads((FOLDER / f"{layer}.json").read_text())["survivors"])
        numbers = [number for number in numbers if project.mutants[number].key in last]
    if options.only:
        numbers = [number for number in numbers if options.only in project.mutants[number].path]
    if options.count and options.count < len(numbers):
        numbers = sorted(random.Random(options.seed).sample(numbers, options.count))
    return numbers


def report(layer: str, score: Score, keep: bool) -> None:
    print(f"\n{layer}: survived")
    for placed in score.survivors:
        print(f"  {placed.mutant.line}: {placed.key}")
    how = ", ".join(f"{outcome.value} {n}" for outcome, n in score.outcomes.items())
    by = ", ".join(f"{name} {n}" for name, n in score.killers.most_common())
    print(f"{layer}: {how}; by {by}; {score.unreached} where no test comes by")
    print(
        f"{layer}: mutants {score.tried}, killed {score.killed}, {score.percent:.1f} %, {score.seconds:.0f} s",
        flush=True,
    )
    if keep:
        found = {"tried": score.tried, "killed": score.killed, "survivors": [placed.key for placed in score.survivors]}
        (FOLDER / f"{layer}.json").write_text(json.dumps(found, indent=1))


def main() -> int:
    parser = argparse.ArgumentParser(description="Mutation testing of core/machine, core/journal and core/sched.")
    parser.add_argument("layers", nargs="*", default=list(LAYERS))
    parser.add_argument("--count", type=int, default=0, help="a sample of each layer; 0: all")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--again", action="store_true", help="those that survived the last time")
    parser.add_argument("--only", default="", help="files whose path holds this")
    parser.add_argument("--programs", type=int, default=None, help="only the first of a layer's programs of tests")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    for layer in options.layers:
        if layer not in LAYERS:
            parser.error(f"there is no layer '{layer}'; {', '.join(LAYERS)}")
    project = MutatedProject(
        ROOT,
        FOLDER,
        lambda path: path.endswith((".h", ".cpp")) and path.startswith(tuple(f"core/{one}/" for one in LAYERS)),
    )
    targets = sorted(
        {program[0].rsplit("/", 1)[1] for layer in options.layers for program in LAYERS[layer][: options.programs]}
    )
    started = time.monotonic()
    project.build(targets)
    print(
        f"{len(project.mutants)} mutants built in {time.monotonic() - started:.0f} s, {project.lines_without()} lines"
        f" without; seed {options.seed}",
        flush=True,
    )
    if options.list:
        print("\n".join(placed.key for placed in project.mutants.values()))
        return 0
    scratch = FOLDER / "scratch"
    remove(scratch)
    campaign = Campaign(project, scratch, options.jobs)
    reached = True
    for layer in options.layers:
        score = campaign.score(choose(project, layer, options), LAYERS[layer][: options.programs])
        report(layer, score, keep=not options.only)
        reached = reached and score.percent >= GOAL
    remove(scratch)
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
