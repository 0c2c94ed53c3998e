"""House rules that no other tool knows: what the library must not call, what may not stand in a file, what is too long.

tidy.py                check the project
tidy.py --self-test    plant violations and see that each is found
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import checker
import tree

FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 80

# Functions that were longer when the rule came, with the length they may not exceed: "path:name" -> lines. Entries
# shrink and go; none is added.
LONG_FUNCTIONS: dict[str, int] = {}

CODE = tree.CXX | {".py", ".ts", ".tsx"}
LIBRARY = ("core/", "capi/src/")

# Rules on code without comments and literals: (where, pattern, what to do instead).
CODE_RULES = [
    (
        ("core/", "capi/", "python/bindings/"),
        re.compile(r"\batomic_(thread|signal)_fence\b"),
        "order by operations on atomics; ThreadSanitizer models no fences",
    ),
    (
        LIBRARY,
        re.compile(r"\b(secure_)?getenv\s*\("),
        "the library reads no environment variable; take the value as an option",
    ),
    (
        LIBRARY,
        re.compile(r"\bv?f?printf\s*\(|\bf?puts\s*\(|\bperror\s*\(|\bstd::(cout|cerr|clog)\b"),
        "the library prints nothing; return a Status that says it",
    ),
    (
        LIBRARY,
        re.compile(r"(?<![.>\w])(std::)?(_|quick_|_E)?exit\s*\("),
        "the library never ends its host; return a Status, or use TN_CHECK for a broken invariant",
    ),
    (
        LIBRARY,
        re.compile(r"\b(signal|sigaction)\s*\(\s*SIG"),
        "the library installs no signal handler",
    ),
]

# Rules on the whole text of every file: (pattern, what to do instead).
TEXT_RULES = [
    (re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b(?!\(#\d+\))"), "do it, or name the issue: TODO(#123)"),
    (
        re.compile(r"(?<![\w.~$}>/-])/(root|work|Users|home/\w+|mnt)/\w"),
        "a path of one machine; write it relative to the project",
    ),
    (
        re.compile(
            r"\b(pypi\.org/simple|files\.pythonhosted\.org|registry\.npmjs\.org|registry\.yarnpkg\.com"
            r"|static\.crates\.io|proxy\.golang\.org|deb\.debian\.org|archive\.ubuntu\.com|conda\.anaconda\.org)"
        ),
        "the host of a package registry; the user's own configuration names it",
    ),
]
TEXT_RULES_EXEMPT = {"tests/lint/tidy.py"}


def line_of(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


def text_problems(file: str, text: str) -> Iterator[str]:
    if file in TEXT_RULES_EXEMPT or file.startswith("tests/data/"):
        return
    for pattern, advice in TEXT_RULES:
        for match in pattern.finditer(text):
            yield f"{file}:{line_of(text, match.start())}: {match.group()!r}: {advice}"


def code_problems(file: str, code: str) -> Iterator[str]:
    for places, pattern, advice in CODE_RULES:
        if file.startswith(places):
            for match in pattern.finditer(code):
                yield f"{file}:{line_of(code, match.start())}: {match.group()!r}: {advice}"


def size_problems(file: str, text: str) -> Iterator[str]:
    lines = text.count("\n")
    if lines > FILE_LINES_MAX:
        yield f"{file}: {lines} lines, more than {FILE_LINES_MAX}: it holds two ideas, look for the seam"


def header_problems(file: str, text: str) -> Iterator[str]:
    if not file.endswith(".h"):
        return
    if file.startswith("capi/include/"):
        guard = re.search(r"^#ifndef (\w+)\n#define (\w+)$", text, re.MULTILINE)
        if not guard or guard[1] != guard[2]:
            yield f"{file}: a public header needs an include guard (every C compiler knows it)"
    elif not re.search(r"^#pragma once$", text, re.MULTILINE):
        yield f"{file}: `#pragma once` is missing"


_DIRECTIVE = re.compile(r"^[ \t]*#(?:\\\n|[^\n])*", re.MULTILINE)
_TEMPLATE = re.compile(r"\btemplate\s*<[^<>{}]*(?:<[^<>{}]*>[^<>{}]*)*>")
_CONTAINER = re.compile(
    r'\b(namespace|extern "")|\b(class|struct|union|enum)\b(?![^;{}]*\)\s*(const|noexcept|override|final)?\s*$)'
)
_NAME = re.compile(r"([\w:~]+)\s*\(")


def functions(code: str) -> Iterator[tuple[str, int, int]]:
    """Name, first line and number of lines of every function that is not inside another one.

    A counter of braces, no parser: a brace opens a container (namespace, class) when the text before it says so, and a
    function when that text has parentheses; within a function nothing else is looked at.
    """
    code = _DIRECTIVE.sub(lambda match: "\n" * match.group().count("\n"), code)
    start = depth = 0
    function: tuple[str, int, int] | None = None
    for match in re.finditer(r"[{};]", code):
        if match.group() == "{":
            before = _TEMPLATE.sub("", code[start : match.start()])
            opens = "(" in before and not before.rstrip().endswith("=") and not _CONTAINER.search(before)
            if function is None and opens:
                name = _NAME.search(before)
                first = line_of(code, match.start() - len(code[start : match.start()].lstrip()))
                function = (name[1] if name else "?", first, depth)
            depth += 1
        elif match.group() == "}":
            depth -= 1
            if function and depth <= function[2]:
                yield function[0], function[1], line_of(code, match.start()) - function[1] + 1
                function = None
        start = match.end()


def python_functions(text: str) -> Iterator[tuple[str, int, int]]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.lineno, (node.end_lineno or node.lineno) - node.lineno + 1


def function_problems(file: str, found: Iterator[tuple[str, int, int]]) -> Iterator[str]:
    for name, line, lines in found:
        allowed = LONG_FUNCTIONS.get(f"{file}:{name}", FUNCTION_LINES_MAX)
        if lines > allowed:
            yield f"{file}:{line}: {name} has {lines} lines, more than {allowed}: it does not fit a screen"


def check_file(file: str, text: str, suffix: str) -> Iterator[str]:
    yield from text_problems(file, text)
    if suffix in CODE:
        yield from size_problems(file, text)
    if suffix in tree.CXX:
        code = tree.code_of(text)
        yield from code_problems(file, code)
        yield from header_problems(file, text)
        yield from function_problems(file, functions(code))
    elif suffix == ".py":
        yield from function_problems(file, python_functions(text))


def check(root: Path) -> list[str]:
    problems: list[str] = []
    for path in tree.files(root):
        text = tree.text_of(path)
        if text is not None:
            problems += check_file(path.relative_to(root).as_posix(), text, path.suffix)
    known = {file for file in LONG_FUNCTIONS if not (root / file.rsplit(":", 1)[0]).exists()}
    return problems + [f"LONG_FUNCTIONS names {entry}, which is gone" for entry in sorted(known)]


_LONG_BODY = "  ++x;\n" * FUNCTION_LINES_MAX
_SHORT_BODY = "  ++x;\n" * (FUNCTION_LINES_MAX - 2)

# What a planted file does wrong, and a part of the sentence that must name it; None marks a file that is right.
PLANTED: dict[str, tuple[str, str | None]] = {
    "core/a.cpp": ("std::atomic_thread_fence(std::memory_order_seq_cst);\n", "order by operations"),
    "core/b.cpp": ('auto home = std::getenv("HOME");\n', "reads no environment"),
    "core/c.cpp": ('std::printf("%d", 1);\n', "prints nothing"),
    "core/d.cpp": ('std::cerr << "x";\n', "prints nothing"),
    "capi/src/e.cpp": ("std::exit(1);\n", "never ends its host"),
    "capi/src/f.cpp": ("_exit(1);\n", "never ends its host"),
    "core/g.cpp": ("std::signal(SIGTERM, handler);\n", "no signal handler"),
    "core/h.h": ("int x;\n", "`#pragma once` is missing"),
    "capi/include/tenuto/i.h": ("#pragma once\n", "needs an include guard"),
    "core/j.cpp": ("// TO" "DO: later\n", "name the issue"),
    "docs/k.md": ("see /ro" "ot/project/x\n", "a path of one machine"),
    "docs/l.md": ("get it from https://files.python" "hosted.org/x\n", "package registry"),
    "tests/m.cpp": ("int x;\n" * (FILE_LINES_MAX + 1), "601 lines"),
    "core/n.cpp": (f"namespace t {{\nvoid grow(int x) {{\n{_LONG_BODY}}}\n}}\n", "core/n.cpp:2: grow has 82 lines"),
    "core/o.cpp": (
        f"class Ring final : public Base {{\n  template <class T>\n  void put(T x) const {{\n{_LONG_BODY}  }}\n}};\n",
        "core/o.cpp:2: put has 83 lines",
    ),
    "python/p.py": ("def grow(x):\n" + "    x += 1\n" * FUNCTION_LINES_MAX, "grow has 81 lines"),
    "core/fine.cpp": (
        "// It prints nothing: no printf(, no exit(, no getenv(. TO" "DO(#12): see there.\n"
        'const char* text = "std::cout exit(1)";\nint n = std::snprintf(b, 1\'000, "x");\non_exit(1); worker.exit();\n'
        f"namespace t {{\nstruct S {{\n{_LONG_BODY}}};\nvoid fit(int x) {{\n{_SHORT_BODY}}}\n}}\n",
        None,
    ),
    "core/fine.h": ("#pragma once\n#define TWO { \\\n  {\nvoid f() {}\n", None),
    "capi/include/tenuto/fine.h": ("#ifndef TENUTO_H\n#define TENUTO_H\n#endif\n", None),
    "tests/fine.cpp": ('std::printf("a test may print"); std::exit(0);\n', None),
}  # fmt: skip


if __name__ == "__main__":
    sys.exit(checker.run("tidy", check, PLANTED))
