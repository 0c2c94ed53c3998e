"""Runs the examples of all docstrings, and those of docs/python.md."""

import doctest
import importlib
import pkgutil
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import tenuto

FLAGS = doctest.ELLIPSIS
GUIDE = Path(__file__).parents[2] / "docs" / "python.md"


def modules() -> list[str]:
    names = [f"tenuto.{module.name}" for module in pkgutil.iter_modules(tenuto.__path__)]
    return [name for name in names if name != "tenuto._core" and not name.startswith("tenuto.cli")]


@pytest.mark.parametrize("name", modules())
def test_examples_of_docstrings(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run(importlib.import_module(name))


def run(module: ModuleType) -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    report: list[str] = []
    for example in finder.find(module):
        runner.run(example, out=report.append)
    assert runner.failures == 0, "".join(report)


def test_examples_of_the_guide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The blocks of the guide are one program, from top to bottom."""
    monkeypatch.chdir(tmp_path)
    example = doctest.DocTestParser().get_doctest(blocks(GUIDE.read_text()), scope(), "python.md", str(GUIDE), 0)
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    runner.run(example, out=report.append)
    assert example.examples
    assert runner.failures == 0, "".join(report)


def scope() -> dict[str, Any]:
    return {"__name__": "guide"}


def blocks(text: str) -> str:
    """The fenced Python blocks, with blank lines for all other lines."""
    lines, inside = [], False
    for line in text.splitlines():
        if line.startswith("```"):
            inside = line == "```python"
            lines.append("")
        else:
            lines.append(line if inside else "")
    return "\n".join(lines)
