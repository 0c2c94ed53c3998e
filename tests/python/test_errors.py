"""The exception tree against the table of status numbers."""

import pickle
import re
from pathlib import Path

import pytest

from tenuto import TaskFailed, TenutoError, TimedOut, _core, errors

HEADER = Path(__file__).parents[2] / "capi" / "include" / "tenuto" / "tenuto.h"


def numbers() -> dict[str, int]:
    return {name: int(number) for name, number in re.findall(r"#define TENUTO_STATUS_(\w+) (\d+)", HEADER.read_text())}


def test_every_number_has_its_class() -> None:
    for name, number in numbers().items():
        cls = errors.BY_STATUS[number]
        assert cls.__name__.upper() == name.replace("_", "") or (name, cls) == ("NO_MEMORY", MemoryError)
        assert _core.status_name(number) == name
    assert len(errors.BY_STATUS) == len(numbers())


def test_the_tree() -> None:
    for number, cls in errors.BY_STATUS.items():
        if cls is not MemoryError:
            assert issubclass(cls, TenutoError)
            assert cls.status == number  # type: ignore[attr-defined]
    assert issubclass(TimedOut, TimeoutError)
    assert issubclass(errors.InvalidArgument, ValueError)
    assert not issubclass(errors.Stop, TenutoError)


def test_a_status_becomes_an_exception() -> None:
    assert isinstance(errors.from_status(16, "x"), MemoryError)
    assert isinstance(errors.from_status(18, "x"), TaskFailed)
    unknown = errors.from_status(99, "x")
    assert isinstance(unknown, errors.InternalError) and "status 99: x" in str(unknown)


@pytest.mark.parametrize("status", [18, 19, 20, 21])
def test_the_end_of_a_run_becomes_an_exception(status: int) -> None:
    facts = {"type": "ValueError", "message": "bad", "task": "t", "attempt": 3, "traceback": "Traceback …"}
    error = errors.from_outcome(status, "r1", facts)
    assert type(error) is errors.BY_STATUS[status]
    assert (error.run_id, error.type, error.message, error.task, error.attempt, error.traceback) == (
        "r1",
        "ValueError",
        "bad",
        "t",
        3,
        "Traceback …",
    )
    assert "r1" in str(error) and "bad" in str(error)
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error) and copy.__dict__ == error.__dict__
    assert str(errors.from_outcome(status, "r1", None)).startswith("run r1 ")


def test_the_traceback_stands_in_the_text() -> None:
    error = TaskFailed("r1", "bad", type="ValueError", task="t", attempt=1, traceback="Traceback (most recent …")
    assert str(error) == "run r1 failed: task t, attempt 1: ValueError: bad\n\nTraceback (most recent …"
