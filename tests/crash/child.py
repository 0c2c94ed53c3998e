"""What the kill tests have in common."""

from __future__ import annotations

import subprocess


def checked(command: list[str], text: str = "") -> list[str]:
    """The lines of a child that reads the store after a kill; without an end of its own, nobody may believe them."""
    answer = subprocess.run(command, input=text, text=True, capture_output=True, check=False)
    lines = answer.stdout.splitlines()
    if answer.returncode != 0 or not lines or lines[-1] != "end":
        raise SystemExit(f"the store can't be read after a kill: {answer.returncode} {answer.stderr}")
    return lines[:-1]
