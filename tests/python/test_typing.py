"""Type checkers see through the decorators: right code passes mypy --strict, and each wrong line is found."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SOURCES = HERE.parents[1] / "python" / "src"


def mypy(path: Path) -> str:
    pytest.importorskip("mypy")
    cache = HERE.parents[1] / "build" / "cache" / "mypy"
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={cache}", str(path)]
    checked = subprocess.run(
        command, capture_output=True, text=True, check=False, env={"MYPYPATH": str(SOURCES)}, cwd=HERE
    )
    assert checked.returncode in (0, 1), checked.stderr
    return checked.stdout


def test_right_code_passes() -> None:
    assert mypy(HERE / "typing" / "ok.py").startswith("Success")


def test_the_example_of_the_readme_passes(tmp_path: Path) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", (HERE.parents[1] / "README.md").read_text(), re.DOTALL)
    shop = tmp_path / "shop.py"
    shop.write_text(example)
    assert mypy(shop).startswith("Success")


def test_each_wrong_line_is_found() -> None:
    wrong = HERE / "typing" / "wrong.py"
    found = set(re.findall(r"wrong\.py:(\d+): error: .*\[([a-z-]+)\]$", mypy(wrong), re.MULTILINE))
    expected = {
        (str(number), match[1])
        for number, line in enumerate(wrong.read_text().splitlines(), 1)
        if (match := re.search(r"# expect: (\S+)$", line))
    }
    assert found == expected
