"""Values as people read them, and the formats of programs."""

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from tenuto import Cancelled, Conflict, NotFound, Owned, Rejected, RunTimedOut, TaskFailed, TimedOut
from tenuto.cli import _exit, _output, _text
from tenuto.cli._options import Format
from tenuto.cli._output import Column, Output


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 µs"),
        (0.000_25, "250 µs"),
        (0.012, "12 ms"),
        (0.9, "900 ms"),
        (3.44, "3.4s"),
        (59.99, "1m00s"),
        (134, "2m14s"),
        (3599.7, "1h00m"),
        (18120, "5h02m"),
        (273600, "3d04h"),
        (None, "-"),
    ],
)
def test_durations(seconds: float | None, text: str) -> None:
    assert _text.duration_text(seconds) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (1, "100 %"),
        (0, "0 %"),
        (0.5, "50 %"),
        (2 / 3, "66.67 %"),
        (0.99999, "99.99 %"),
        (0.00001, "< 0.01 %"),
        (None, "-"),
    ],
)
def test_shares(share: float | None, text: str) -> None:
    assert _text.share_text(share) == text


def test_text_of_strangers_cannot_speak_to_the_terminal() -> None:
    assert _text.one_line("plain täxt 漢") == "plain täxt 漢"
    assert _text.one_line("a\nb\tc\x1b[31m\u202e\x00") == "a\\nb\\tc\\x1b[31m\\u202e\\x00"


def test_moments() -> None:
    now = datetime.now(timezone.utc)
    ago = _text.moment("--since", "1h30m")
    assert ago is not None
    assert timedelta(minutes=89) < now - ago < timedelta(minutes=91)
    assert _text.moment("--since", "2026-01-31T08:00:00Z") == datetime(2026, 1, 31, 8, tzinfo=timezone.utc)
    local = _text.moment("--since", "2026-01-31")
    assert local is not None
    assert local.tzinfo is not None
    assert _text.moment("--since", None) is None
    for wrong in ("", "yesterday", "5", "5x", "2026-13-01", "99999999999d"):
        with pytest.raises(_exit.WrongUsage, match="--since"):
            _text.moment("--since", wrong)


def test_exit_codes() -> None:
    assert [
        _exit.code_of(error)
        for error in (
            Conflict("x"),
            _exit.WrongUsage("x"),
            TaskFailed("r", "x"),
            RunTimedOut("r", "x"),
            Rejected("r", "x"),
            Cancelled("r", "x"),
            TimedOut("x"),
            NotFound("x"),
            Owned("x"),
            ZeroDivisionError("x"),
        )
    ] == [1, 2, 3, 3, 4, 4, 5, 6, 7, 1]


def test_errors_as_one_line() -> None:
    failed = TaskFailed("r1", "bad\nvery", type="ValueError", task="charge", attempt=2, traceback="Traceback …\n  line")
    assert _exit.text_of(failed) == (
        "run r1 failed: task charge, attempt 2: ValueError: bad; `tenuto show r1` tells more"
    )
    assert _exit.text_of(FileNotFoundError(2, "No such file", "x.json")) == "No such file: x.json"
    try:
        raise KeyError("x")
    except KeyError as error:
        assert "this is a bug of tenuto's command" in _exit.text_of(error)


ROWS: list[dict[str, Any]] = [
    {"id": "a|b", "n": 1, "deep": {"x": [1, {"y": None}], "": "ü", "on": True}},
    {"id": "c\nd", "n": None, "deep": {}},
]
COLUMNS = [Column.of("id"), Column.of("n"), Column.of("deep")]


def printed(capsys: pytest.CaptureFixture[str], format: Format) -> str:
    Output(format).rows(ROWS, COLUMNS, keys=("id", "n", "deep"), nothing="none")
    return capsys.readouterr().out


def test_formats(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, Format.tsv) == ('a|b\t1\t{"x":[1,{"y":null}],"":"ü","on":true}\nc\\nd\t\t{}\n')
    assert printed(capsys, Format.name) == "a|b\nc\\nd\n"
    assert json.loads(printed(capsys, Format.json)) == ROWS
    assert [json.loads(line) for line in printed(capsys, Format.jsonl).splitlines()] == ROWS
    assert printed(capsys, Format.md).splitlines()[2].startswith("| a\\|b | 1 |")
    assert printed(capsys, Format.csv).splitlines()[0] == "id,n,deep"
    assert printed(capsys, Format.yaml).splitlines() == [
        "-",
        '  id: "a|b"',
        '  "n": 1',
        "  deep:",
        "    x:",
        "      - 1",
        "      -",
        '        "y": null',
        '    "": "ü"',
        '    "on": true',
        "-",
        '  id: "c\\nd"',
        '  "n": null',
        "  deep: {}",
    ]


def test_an_empty_list(capsys: pytest.CaptureFixture[str]) -> None:
    Output(Format.json).rows([], COLUMNS, keys=("id",), nothing="none")
    assert capsys.readouterr() == ("[]\n", "")
    Output(Format.table).rows([], COLUMNS, keys=("id",), nothing="none")
    assert capsys.readouterr() == ("", "none\n")


def test_colour_is_for_terminals_only(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    rows = [{"state": "failed"}]
    Output(Format.table).rows(rows, [Column.of("state")], keys=("state",), nothing="")
    assert capsys.readouterr().out == "state\nfailed\n"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    Output(None).rows(rows, [Column.of("state")], keys=("state",), nothing="")
    coloured = capsys.readouterr().out
    assert "failed" in coloured
    assert "\x1b[" in coloured
    _output.print_text("x  failed", _text.STATE_STYLES)
    assert "\x1b[" in capsys.readouterr().out
