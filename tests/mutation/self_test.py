"""The tool on a program whose mutants are known: each must be made, and meet the end that is written here."""

import subprocess
import sys
import tempfile
from pathlib import Path

import operators
from tests_of import Outcome, Runner, Test

HERE = Path(__file__).resolve().parent

# By function: who survives. All other mutants that mean something are killed.
_SURVIVORS = {
    "compare > to >= | return a > b ? a : b;",  # the larger of two that are the same
    "compare >= to > | return x >= low && x <= high;",
    "compare <= to < | return x >= low && x <= high;",
    "constant 0 to 0 - 1 | if (x == 0) return;",
    "constant 0 to 0 + 1 | if (x == 0) return;",
    "statement left out `return` | if (x == 0) return;",
    "arithmetic - to + | return x - 1;",
    "constant 1 to 1 + 1 | return x - 1;",
    "constant 1 to 1 - 1 | return x - 1;",
    "result an empty value instead of `x - 1` | return x - 1;",
    "result true or 1 instead of `x - 1` | return x - 1;",
}
_HUNG = {"statement left out `x = x / 2` | x = x / 2;"}
_INAPPLICABLE = {
    'arithmetic + to - | return "hello " + name;',
    'result true or 1 instead of `"hello " + name` | return "hello " + name;',
}
# One of each operator; what is constant has none.
_MADE = {
    "compare", "arithmetic", "logic", "operand", "constant", "statement", "assign", "result", "return",
}  # fmt: skip
_NOT_MUTATED = ("static_assert", "constexpr int", "int main")


def wanted(name: str) -> set[Outcome]:
    if name in _SURVIVORS:
        return {Outcome.survived}
    if name in _INAPPLICABLE:
        return {Outcome.inapplicable}
    return {Outcome.hung} if name in _HUNG else {Outcome.failed, Outcome.crashed, Outcome.hung}


def main() -> int:
    text = (HERE / "toy.cpp").read_text(encoding="utf-8")
    library, _, tests = text.partition("int main() {")
    mutated = operators.mutate(library, 1, lambda line, operator: True, str(HERE / "mutant.h"))
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        source, program = Path(folder, "toy.cpp"), Path(folder, "toy")
        source.write_text(mutated.text + "int main() {" + tests)
        subprocess.run(["g++", "-std=c++20", "-O1", "-w", str(source), "-o", str(program)], check=True)
        runner = Runner(Path(folder, "scratch"), cpu_seconds=1)
        test = Test(program, ["toy"], None)
        if not runner.trace(test):
            problems.append("the program fails without a mutant")
        seen = set()
        for mutant in mutated.mutants:
            name = f"{mutant.operator} {mutant.change} | {mutant.code}"
            seen.add(name)
            outcome, _ = runner.judge(mutant.number, [test])
            if outcome not in wanted(name):
                problems.append(f"{name}: {outcome.value}")
            if mutant.number not in test.reached and "x - 1" not in mutant.code:
                problems.append(f"{name}: nobody came by")
    problems += [f"not made: {name}" for name in sorted((_SURVIVORS | _HUNG | _INAPPLICABLE) - seen)]
    problems += [f"no mutant of: {name}" for name in sorted(_MADE - {mutant.operator for mutant in mutated.mutants})]
    problems += [f"mutated: {m.code}" for m in mutated.mutants if m.code.startswith(_NOT_MUTATED)]
    print("\n".join(problems) or f"mutation: ok, {len(mutated.mutants)} mutants met the end they should")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
