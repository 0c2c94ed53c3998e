"""A thousand processes that live and end in all ways; see lifecycle/."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parent / "lifecycle" / "lifecycle.py"
LIVES = int(os.environ.get("TENUTO_LIVES", "1000"))
PARTS = 10


def lifecycle(*args: str, limit: str = "120") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(PROGRAM), *args],
        env={**os.environ, "TENUTO_LIFE_S": limit},
        capture_output=True,
        text=True,
        timeout=280,
    )


@pytest.mark.parametrize("part", range(PARTS))
def test_lives_end_well(part: int) -> None:
    lives = LIVES // PARTS
    done = lifecycle("--lives", str(lives), "--seed", str(1 + part * lives))
    assert done.stdout.endswith(f"lives: inputs {lives}, violations 0, crashes 0\n"), done.stdout + done.stderr


@pytest.mark.parametrize("plant", ["crash", "hang", "status", "words"])
def test_a_bad_end_is_noticed(plant: str) -> None:
    done = lifecycle("--plant", plant)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "lives: inputs 1, violations 1" in done.stdout
