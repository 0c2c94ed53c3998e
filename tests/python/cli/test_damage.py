"""`tenuto db verify` of stores that are damaged."""

from pathlib import Path
from typing import Any


def flip(path: Path, offset: int, count: int = 64) -> None:
    """Turns some bytes around."""
    with open(path, "r+b") as file:
        file.seek(offset)
        bytes_there = file.read(count)
        file.seek(offset)
        file.write(bytes(byte ^ 0x5A for byte in bytes_there))


def data_file(store: Path) -> Path:
    (found,) = (store / "state").glob("data.mdb")
    return found


def test_damage_is_told_and_gives_1(filled: Any) -> None:
    assert filled.call("db", "verify").code == 0
    file = data_file(filled.store)
    size = file.stat().st_size
    for page in range(2, size // 4096):
        flip(file, page * 4096, 4096)
    answer = filled.tenuto("db", "verify")
    assert answer.code == 1
    assert "damaged" in answer.out + answer.err
    report = filled.tenuto("db", "verify", "-o", "json")
    assert report.code == 1
    assert report.json()["ok"] is False
    assert report.json()["problems"][0]["what"]
