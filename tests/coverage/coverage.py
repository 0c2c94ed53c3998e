"""Branch coverage of core/, by layer, from what gcov knows of a build with --coverage.

coverage.py BUILD [--missing PART]    the table; with --missing also each branch not taken in files whose path holds PART
coverage.py --self-test               a small program of its own, with branches that are taken and not

What counts: each way that a condition in core/ can go. Not counted are
- ways that only an exception takes (gcov marks them), since every call would have one,
- what the compiler writes: comparisons by `= default`, the lock of a local static, the destructors of a scope on a line of
  nothing but brackets, and its clean-up behind exceptions (see of_the_source),
- assertions (TN_CHECK and its kin): their other way is a bug of ours,
- lines with `// no branch: REASON`, which the table counts.
Exit status 0 only when core/ as a whole reaches the goal.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GOAL = 95.0

_EXCEPTED = re.compile(r"// no branch: \S")
_ASSERTION = re.compile(r"\bTN_D?CHECK\(")
# What the compiler writes itself: comparisons member by member, the lock around the initialisation of a local static.
_WRITTEN_BY_COMPILER = re.compile(r"= default;|^\s+static\b[^(]*(=|\w;)")
_BRACKETS_ONLY = re.compile(r"^[\s{}();,]*(//.*)?$")

# By line: how often each of its ways was taken. Of a template each instance has its own ways: they are added up when they
# are as many.
Ways = dict[int, list[int]]


@dataclass
class Layer:
    taken: int = 0
    ways: int = 0
    lines: int = 0
    lines_run: int = 0
    excepted: int = 0

    @property
    def percent(self) -> float:
        return 100.0 * self.taken / self.ways if self.ways else 100.0


@dataclass
class File:
    # By number of ways: instances of a template may differ.
    ways: dict[int, Ways] = field(default_factory=lambda: defaultdict(dict))
    runs: dict[int, int] = field(default_factory=lambda: defaultdict(int))


def gcov(root: Path, data: Path) -> dict[str, File]:
    """What one object file knows of the sources below `root`."""
    command = ["gcov", "--json-format", "--stdout", "--branch-probabilities", "-r", "-s", str(root), str(data)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=data.parent)
    files: dict[str, File] = defaultdict(File)
    for text in done.stdout.splitlines():
        for entry in json.loads(text)["files"]:
            name = entry["file"].removeprefix(f"{root}/")
            for line in entry["lines"]:
                add(files[name], line)
    return files


def add(file: File, line: dict) -> None:  # type: ignore[type-arg]
    number = line["line_number"]
    file.runs[number] += line["count"]
    counts = [way["count"] for way in line["branches"] if not way["throw"]]
    if len(counts) > 1:
        merge(file.ways[len(counts)], number, counts)


def merge(ways: Ways, number: int, counts: list[int]) -> None:
    known = ways.setdefault(number, [0] * len(counts))
    ways[number] = [a + b for a, b in zip(known, counts, strict=True)]


def collect(root: Path, build: Path, below: str) -> dict[str, File]:
    objects = sorted(build.rglob("*.gcno"))
    data = [path.with_suffix(".gcda") if path.with_suffix(".gcda").exists() else path for path in objects]
    total: dict[str, File] = defaultdict(File)
    with ThreadPoolExecutor() as pool:
        for files in pool.map(lambda path: gcov(root, path), data):
            for name, file in files.items():
                if not name.startswith(below):
                    continue
                for number, count in file.runs.items():
                    total[name].runs[number] += count
                for size, ways in file.ways.items():
                    for number, counts in ways.items():
                        merge(total[name].ways[size], number, counts)
    return total


def lines_that_count(text: str) -> dict[int, str]:
    """By number; without assertions, which may go over several lines, and lines of brackets."""
    lines, result, depth = text.split("\n"), {}, 0
    for number, line in enumerate(lines, 1):
        if depth == 0 and _ASSERTION.search(line) and not line.lstrip().startswith("#define"):
            depth = 1
        if depth:
            code = line.split("//")[0]
            depth = 0 if code.rstrip().endswith(";") else 1
            continue
        if not _BRACKETS_ONLY.match(line) and not _WRITTEN_BY_COMPILER.search(line):
            result[number] = line
    return result


def measure(root: Path, files: dict[str, File], missing: str | None) -> dict[str, Layer]:
    layers: dict[str, Layer] = defaultdict(Layer)
    for name in sorted(files):
        if not (root / name).exists():
            continue  # of an object file that an older build left behind
        layer, file = layers[name.split("/")[1]], files[name]
        text = lines_that_count((root / name).read_text(encoding="utf-8"))
        layer.lines += len(file.runs)
        layer.lines_run += sum(count > 0 for count in file.runs.values())
        layer.excepted += sum(bool(_EXCEPTED.search(line)) for line in text.values())
        for number, counts in ways_of(file):
            if number not in text or _EXCEPTED.search(text[number]):
                continue
            counts = of_the_source(counts, text[number])
            layer.ways += len(counts)
            layer.taken += sum(count > 0 for count in counts)
            if missing is not None and missing in name and 0 in counts:
                untaken = "never run" if not any(counts) else " ".join("taken" if count else "NOT" for count in counts)
                print(f"{name}:{number}: {untaken}: {text[number].strip()}")
    return layers


def of_the_source(counts: list[int], line: str) -> list[int]:
    """Without conditions that were never come to on a line whose other conditions all went each way: they are the compiler's,
    which remembers what it has to destroy when something throws. A condition of the source that is never come to has another
    before it, on the same line, that always goes one way; or nothing of its line is run."""
    if "switch" in line or not any(counts):
        return counts
    kept: list[int] = []
    at = 0
    while at < len(counts):
        end = at
        while end < len(counts) and counts[end] == 0:
            end += 1
        if end == at or (end - at) % 2:
            end = max(end, at + 1)
            kept += counts[at:end]
        at = end
    return kept if 0 not in kept else counts


def ways_of(file: File) -> Iterator[tuple[int, list[int]]]:
    """Of the instances that differ in their ways, those that ran, and of these the one with the most ways."""
    by_line: dict[int, list[list[int]]] = defaultdict(list)
    for ways in file.ways.values():
        for number, counts in ways.items():
            by_line[number].append(counts)
    for number in sorted(by_line):
        yield number, max(by_line[number], key=lambda counts: (any(counts), len(counts)))


def table(layers: dict[str, Layer]) -> float:
    whole = Layer()
    print(f"{'layer':10} {'branches':>9} {'taken':>7} {'%':>6}   {'lines %':>7} {'excepted':>9}")
    for name, layer in [*sorted(layers.items()), ("core", whole)]:
        if layer is not whole:
            for key in ("taken", "ways", "lines", "lines_run", "excepted"):
                setattr(whole, key, getattr(whole, key) + getattr(layer, key))
        lines = 100.0 * layer.lines_run / layer.lines if layer.lines else 100.0
        print(f"{name:10} {layer.ways:9} {layer.taken:7} {layer.percent:6.1f}   {lines:7.1f} {layer.excepted:9}")
    return whole.percent


_SELF_TEST = """\
#include <cstdlib>
#include <string>
#define TN_CHECK(x) ((x) ? (void)0 : std::abort())
int sign(int x) {
  TN_CHECK(x < 100);
  if (x < 0) return -1;
  std::string may_throw(static_cast<unsigned>(x), 'x');
  if (x > 50) return 2;  // no branch: nobody gives that much
  return x > 0 ? 1 : 0;
}
int never(int x) {
  if (x) return 1;
  return 2;
}
int main() { return sign(1) + sign(2) - 2; }
"""


def self_test() -> int:
    """`x < 0` and `x > 0` each go one way of two, `x` in never() none: 2 of 6."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        (root / "core" / "toy").mkdir(parents=True)
        source = root / "core" / "toy" / "toy.cpp"
        source.write_text(_SELF_TEST)
        compile_it = ["g++", "-std=c++20", "-O0", "--coverage", "-I", str(root), str(source), "-o", str(root / "toy")]
        subprocess.run(compile_it, check=True, cwd=root)
        subprocess.run([str(root / "toy")], check=True, cwd=root)
        layers = measure(root, collect(root, root, "core/"), None)
        table(layers)
        toy = layers["toy"]
        right = (toy.taken, toy.ways, toy.excepted) == (2, 6, 1)
        print("coverage: ok" if right else f"coverage: {toy}, but 2 of 6 and 1 excepted were planted")
        return 0 if right else 1


def main() -> int:
    parser = argparse.ArgumentParser(description="Branch coverage of core/ by layer.")
    parser.add_argument("build", type=Path, nargs="?")
    parser.add_argument("--missing", nargs="?", const="", default=None)
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    if options.self_test:
        return self_test()
    if options.build is None:
        parser.error("which build?")
    percent = table(measure(ROOT, collect(ROOT, options.build.resolve(), "core/"), options.missing))
    reached = percent >= GOAL
    print(f"coverage: {percent:.1f} % of the branches of core/, {'at least' if reached else 'LESS THAN'} {GOAL:.0f} %")
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
