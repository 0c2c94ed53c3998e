"""The project with mutants in it: a copy below build/mutants whose sources of some layers are mutated, and its build."""

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import operators

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

_COPIED = ("CMakeLists.txt", "core", "capi", "tests")
# Numbers of a file's mutants begin at a multiple of this, so that a change of one file compiles no other anew.
_FILE_NUMBERS = 1024
_NUMBERS = 1 << 17  # kMutantsMax of mutant.h
_ERROR = re.compile(r"^(?P<path>[^\s:]+):(?P<line>\d+):\d+:\s+(?P<what>(?:fatal )?error|  required from)", re.MULTILINE)
_FLAGS = "-O1 -DNDEBUG -w -fno-diagnostics-show-caret"


class BuildFailed(Exception):
    pass


@dataclass(frozen=True)
class Placed:
    """A mutant, and the file it is in."""

    path: str
    mutant: operators.Mutant

    @property
    def key(self) -> str:
        return self.mutant.key(self.path)


class MutatedProject:
    """`folder` holds the copy, its build and what is known of lines that don't compile with mutants in them."""

    def __init__(self, root: Path, folder: Path, mutated: Callable[[str], bool]) -> None:
        self._root = root
        self._tree = folder / "tree"
        self.build_folder = folder / "build"
        self._known = folder / "without.json"
        self._mutated = mutated
        tool = "".join((HERE / name).read_text() for name in ("operators.py", "functions.py", "tokens.py", "mutant.h"))
        self._version = hashlib.sha256(tool.encode()).hexdigest()
        # By path: text of lines without mutants; where types are deduced, C++ has no place for some.
        self._without: dict[str, list[str]] = self._read_known()
        self.mutants: dict[int, Placed] = {}

    def build(self, targets: list[str]) -> None:
        """Compiles all mutants. Lines whose mutants don't compile go without, until all is built."""
        self._tree.mkdir(parents=True, exist_ok=True)
        for _ in range(20):
            self._write_tree()
            if not (self.build_folder / "build.ninja").exists():
                self._configure()
            done = subprocess.run(
                ["ninja", "-C", str(self.build_folder), "-j", "2", "-k", "0", *targets],
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode == 0:
                return
            if not self._learn(done.stdout):
                sys.stderr.write(done.stdout[-6000:] + done.stderr[-2000:])
                raise BuildFailed("the mutated project doesn't build")
        raise BuildFailed("lines without mutants don't come to an end")

    def program(self, name: str) -> Path:
        return self.build_folder / name

    def lines_without(self) -> int:
        return sum(map(len, self._without.values()))

    def _read_known(self) -> dict[str, list[str]]:
        known = json.loads(self._known.read_text()) if self._known.exists() else {}
        return known["lines"] if known.get("version") == self._version else {}

    def _configure(self) -> None:
        command = ["cmake", "-S", str(self._tree), "-B", str(self.build_folder), "-G", "Ninja", "--log-level=WARNING"]
        flags = ["-DCMAKE_BUILD_TYPE=Debug", f"-DCMAKE_CXX_FLAGS_DEBUG={_FLAGS}"]
        subprocess.run([*command, *flags], check=True, stdout=subprocess.DEVNULL)

    def _write_tree(self) -> None:
        self.mutants.clear()
        wanted = set()
        sources = [path for path in self._sources() if self._mutated(path)]
        blocks = {path: 1 + k * _FILE_NUMBERS for k, path in enumerate(sources)}
        for path in self._sources():
            original = self._root / path
            target = self._tree / path
            wanted.add(target)
            data = original.read_bytes()
            if path in blocks:
                data = self._mutate(path, data.decode(), blocks[path]).encode()
            if not target.exists() or target.read_bytes() != data:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
                target.chmod(original.stat().st_mode)
        for old in self._tree.rglob("*"):
            if old.is_file() and old not in wanted:
                old.unlink()

    def _sources(self) -> list[str]:
        found = []
        for top in _COPIED:
            place = self._root / top
            for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
                if path.is_file() and "__pycache__" not in path.parts:
                    found.append(str(path.relative_to(self._root)))
        return found

    def _mutate(self, path: str, text: str, first: int) -> str:
        lines = text.split("\n")
        without = set(self._without.get(path, []))
        done = operators.mutate(
            text, first, lambda line, _: lines[line - 1].strip() not in without, str(HERE / "mutant.h")
        )
        if len(done.mutants) and done.mutants[-1].number >= first + _FILE_NUMBERS:
            raise BuildFailed(f"{path}: more than {_FILE_NUMBERS} mutants in a file")
        if first + _FILE_NUMBERS > _NUMBERS:
            raise BuildFailed(f"more than {_NUMBERS // _FILE_NUMBERS} files with mutants")
        self.mutants.update({mutant.number: Placed(path, mutant) for mutant in done.mutants})
        return done.text

    def _learn(self, output: str) -> bool:
        """Notes the mutated lines that the compiler's errors name. False when there are none."""
        learnt = False
        for match in _ERROR.finditer(output):
            place = Path(self.build_folder, match["path"]).resolve()
            if not place.is_relative_to(self._tree.resolve()):
                continue
            path = str(place.relative_to(self._tree.resolve()))
            if not self._mutated(path):
                continue
            line = (self._root / path).read_text().split("\n")[int(match["line"]) - 1].strip()
            if line not in self._without.setdefault(path, []):
                self._without[path].append(line)
                learnt = True
        self._known.write_text(json.dumps({"version": self._version, "lines": self._without}, indent=1))
        return learnt
