"""What the house rules' checkers share: the program around one, and its self-test by planted violations."""

import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import tree

# The problems of the tree below a folder, one a line, each with the path of its file.
Check = Callable[[Path], list[str]]
# By path: the text of a file, and a part of the sentence that must name it; None marks a file that is right.
Planted = Mapping[str, tuple[str, str | None]]


def self_test(check: Check, planted: Planted) -> list[str]:
    """Plants every kind of violation in a tree of its own; says which were missed and what was found for nothing."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name, (text, _) in planted.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        problems = check(root)
    wanted = {name: part for name, (_, part) in planted.items() if part}
    missed = [
        f"missed in {name}: {part}"
        for name, part in wanted.items()
        if not any(name in line and part in line for line in problems)
    ]
    false = [line for line in problems if not any(name in line for name in wanted)]
    return missed + [f"found for nothing: {line}" for line in false]


def run(name: str, check: Check, planted: Planted) -> int:
    """Checks the project, or itself with --self-test; the exit code."""
    problems = self_test(check, planted) if "--self-test" in sys.argv[1:] else check(tree.ROOT)
    print("\n".join(problems) if problems else f"{name}: ok")
    return 1 if problems else 0
