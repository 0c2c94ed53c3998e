"""Holds the includes against the layers of docs/architecture.md.

Includes point down only, from the root of the project, without cycles; a library that is wrapped appears in one place;
the C API sees the engine's face and the Python bindings see the C API alone. Tests and benchmarks may include anything.

    layers.py                check the project
    layers.py --self-test    plant violations and see that each is found
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import checker
import tree

# What a folder of core/ may include besides itself. Everything below those is allowed as well.
EDGES: dict[str, set[str]] = {
    "base": set(),
    "payload": {"base"},
    "store": {"base"},
    "sched": {"base"},
    "expr": {"payload"},
    "plan": {"expr"},
    "machine": {"plan"},
    "timer": {"store"},
    "journal": {"store", "machine"},
    "query": {"journal"},
    "upkeep": {"query"},
    "engine": {"upkeep", "timer", "sched"},
}
CAPI_MAY_SEE = {"engine", "query", "plan", "payload", "base"}

# A library that appears in one place can be wrapped, tested, suppressed under TSan and replaced there.
WRAPPED = {
    "lmdb.h": re.compile(r"core/store/lmdb_\w+\.cpp"),
    "concurrentqueue.h": re.compile(r"core/sched/\w+\.(h|cpp)"),
    "simdjson.h": re.compile(r"core/payload/json\.cpp"),
}
ONE_FILE_ONLY = {"concurrentqueue.h"}

# In the programs of the thread models, and only there, sync.h takes its atomics from the explorer.
PERMITTED = {("core/base/sync.h", "tests/model/model_atomic.h")}

_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?P<open>["<])(?P<name>[^">]+)[">]', re.MULTILINE)


@dataclass(frozen=True)
class Include:
    file: str
    line: int
    name: str
    quoted: bool

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: #include {self.name}"


def includes(root: Path) -> Iterator[Include]:
    for path in tree.files(root):
        file = path.relative_to(root).as_posix()
        if path.suffix not in tree.CXX or not file.startswith(("core/", "capi/", "python/bindings/")):
            continue
        text = tree.text_of(path) or ""
        for match in _INCLUDE.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            yield Include(file, line, match["name"], match["open"] == '"')


def below(folder: str) -> set[str]:
    """The folder itself and all that it may see."""
    seen = {folder}
    for lower in EDGES[folder]:
        seen |= below(lower)
    return seen


def layer_problem(include: Include) -> str | None:
    """What is wrong with one include that names a file of ours, or None."""
    area, folder = include.file.split("/")[:2]
    if area == "core":
        if folder not in EDGES:
            return f"core/{folder} is no layer: give it a place in the table of tests/lint/layers.py"
        if include.name.startswith(("capi/", "tenuto/", "python/")):
            return "core knows nothing of the C API and the bindings"
        allowed = below(folder)
    elif area == "capi":
        allowed = CAPI_MAY_SEE
        if include.file.startswith("capi/include/") and include.name.startswith("core/"):
            return "the public header stands alone"
    else:
        allowed = set()
        if include.name.startswith("capi/"):
            return "the bindings include <tenuto/tenuto.h>, as any other user"
    if include.name.startswith("core/"):
        target = include.name.split("/")[1]
        if target not in allowed:
            return f"{area}/{folder} may not see core/{target}"
    elif include.quoted and not include.name.startswith(("capi/", "tenuto/", "python/bindings/")):
        return "includes are written from the root of the project, those of libraries in angle brackets"
    return None


def binding_problem(include: Include) -> str | None:
    """The bindings see the C API, pybind11, Python and the standard library."""
    if not include.file.startswith("python/bindings/") or include.quoted:
        return None
    if include.name.startswith(("tenuto/", "pybind11/")) or include.name == "Python.h":
        return None
    if re.fullmatch(r"[a-z_]+|sys/[a-z_]+\.h|[a-z]+\.h", include.name) and include.name not in WRAPPED:
        return None
    return "the bindings include tenuto.h and pybind11 only"


def wrapped_problem(include: Include, users: dict[str, set[str]]) -> str | None:
    library = include.name.rsplit("/", 1)[-1]
    if library not in WRAPPED:
        return None
    users.setdefault(library, set()).add(include.file)
    if not WRAPPED[library].fullmatch(include.file):
        return f"{library} may appear in {WRAPPED[library].pattern} only"
    if library in ONE_FILE_ONLY and len(users[library]) > 1:
        return f"{library} may appear in one file only, and it is in {' and '.join(sorted(users[library]))}"
    return None


def cycles(found: list[Include]) -> Iterator[str]:
    """One line for each circle of headers that include each other."""
    graph: dict[str, list[str]] = {}
    for include in found:
        graph.setdefault(include.file, []).append(include.name)
    done: set[str] = set()

    def walk(file: str, path: list[str]) -> Iterator[str]:
        if file in path:
            yield "includes in a circle: " + " -> ".join([*path[path.index(file) :], file])
            return
        if file in done:
            return
        for name in graph.get(file, []):
            yield from walk(name, [*path, file])
        done.add(file)

    for file in sorted(graph):
        yield from walk(file, [])


def check(root: Path) -> list[str]:
    found = list(includes(root))
    users: dict[str, set[str]] = {}
    problems: list[str] = []
    for include in found:
        if (include.file, include.name) in PERMITTED:
            continue
        found_here = (layer_problem(include), binding_problem(include), wrapped_problem(include, users))
        problems += [f"{include}: {problem}" for problem in found_here if problem]
    return problems + list(cycles(found))


# What a planted file does wrong, and a part of the sentence that must name it.
PLANTED: dict[str, tuple[str, str | None]] = {
    "core/base/a.h": ('#include "core/store/log.h"', "core/base may not see core/store"),
    "core/machine/a.cpp": ('#include "core/journal/record.h"', "core/machine may not see core/journal"),
    "core/sched/a.h": ('#include "core/store/log.h"', "core/sched may not see core/store"),
    "core/engine/a.h": ("#include <tenuto/tenuto.h>", "core knows nothing of the C API"),
    "core/plan/a.h": ('#include "spec.h"', "from the root of the project"),
    "core/extra/a.h": ("#include <vector>", "core/extra is no layer"),
    "core/journal/a.cpp": ("#include <lmdb.h>", "lmdb.h may appear in"),
    "core/expr/a.cpp": ("#include <simdjson.h>", "simdjson.h may appear in"),
    "core/sched/b.h": ("#include <concurrentqueue/concurrentqueue.h>", None),
    "core/sched/c.h": ("#include <concurrentqueue/concurrentqueue.h>", "in one file only"),
    "core/store/x.h": ('#include "core/store/y.h"', "in a circle: core/store/x.h -> core/store/y.h"),
    "core/store/y.h": ('#include "core/store/x.h"', None),
    "capi/src/a.cpp": ('#include "core/machine/apply.h"', "capi/src may not see core/machine"),
    "capi/include/tenuto/a.h": ('#include "core/base/ids.h"', "the public header stands alone"),
    "python/bindings/a.cpp": ('#include "core/base/ids.h"', "python/bindings may not see core/base"),
    "python/bindings/b.cpp": ("#include <lmdb.h>", "tenuto.h and pybind11 only"),
    "core/store/lmdb_state.cpp": ('#include "core/base/status.h"\n#include <lmdb.h>', None),
    "core/engine/b.cpp": ('#include "core/machine/apply.h"\n#include "core/payload/json.h"', None),
    "capi/src/b.cpp": ('#include "core/engine/engine.h"\n#include "capi/src/handles.h"', None),
    "python/bindings/c.cpp": (
        "#include <pybind11/pybind11.h>\n#include <tenuto/tenuto.h>\n#include <string>",
        None,
    ),
}


if __name__ == "__main__":
    sys.exit(checker.run("layers", check, PLANTED))
