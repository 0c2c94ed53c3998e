"""Durations and retries."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenuto import InvalidArgument, Retry, task
from tenuto.policy import duration_ns, duration_text, retry_json


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("10ms", 10_000_000),
        ("90s", 90 * 10**9),
        ("1h30m", 5400 * 10**9),
        ("2d", 2 * 86400 * 10**9),
        ("1d1h1m1s1ms", 90061001 * 10**6),
        (timedelta(seconds=1.5), 1_500_000_000),
    ],
)
def test_durations(text: Any, ns: int) -> None:
    assert duration_ns(text) == ns


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (30, 'timeout: a bare number has no unit; write "30s"'),
        (1.5, "timeout: a bare number has no unit"),
        (True, "timeout: expected text such as"),
        (None, "timeout: expected text such as"),
        ("", "timeout: '' is no duration"),
        ("30", "timeout: '30' is no duration"),
        ("s", "timeout: 's' is no duration"),
        ("1.5s", "timeout: '1.5s' is no duration"),
        ("-1s", "timeout: '-1s' is no duration"),
        ("1 s", "timeout: '1 s' is no duration"),
        ("1y", "timeout: '1y' is no duration"),
        ("٣s", "timeout: '٣s' is no duration"),
        ("0s", "timeout: '0s' is not above 0"),
        (timedelta(seconds=-1), "is not above 0"),
        ("999999999999d", "longer than 292 years"),
    ],
)
def test_what_is_no_duration(value: Any, problem: str) -> None:
    with pytest.raises(InvalidArgument) as raised:
        duration_ns(value, "timeout")
    assert problem in str(raised.value)


@given(st.integers(min_value=1, max_value=10**12))
def test_a_timedelta_as_text(milliseconds: int) -> None:
    value = timedelta(milliseconds=milliseconds)
    assert duration_ns(duration_text(value)) == duration_ns(value)


def test_a_timedelta_below_a_millisecond() -> None:
    with pytest.raises(InvalidArgument, match="the smallest unit is ms"):
        duration_text(timedelta(microseconds=1500))


def test_retries() -> None:
    assert retry_json(3) == 3
    assert retry_json(Retry(attempts=3)) == {"attempts": 3}
    assert retry_json(Retry(attempts=3, backoff="1000ms", max=timedelta(hours=1))) == {"attempts": 3}
    assert retry_json(Retry(attempts=3, factor=1.5, jitter="none")) == {"attempts": 3, "factor": 1.5, "jitter": "none"}


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: Retry(attempts=-1), "Retry.attempts: -1 is not between 0 and 65000"),
        (lambda: Retry(attempts=1.5), "Retry.attempts: expected a whole number"),
        (lambda: Retry(attempts=1, backoff=3), "Retry.backoff: a bare number has no unit"),
        (lambda: Retry(attempts=1, max="x"), "Retry.max: 'x' is no duration"),
        (lambda: Retry(attempts=1, factor=0.5), "Retry.factor: 0.5 is not a number from 1"),
        (lambda: Retry(attempts=1, factor=float("nan")), "Retry.factor: nan is not a number from 1"),
        (lambda: Retry(attempts=1, jitter="some"), "Retry.jitter: 'some' is neither"),
        (lambda: task(print, retry=True), "retry: expected a whole number or Retry(…), not bool"),
        (lambda: task(print, retry=70_000), "retry: 70000 is not between"),
        (lambda: task(print, timeout=30), 'timeout: a bare number has no unit; write "30s"'),
        (lambda: task(print, pool=3), "pool: expected text, not 3"),
        (lambda: task(print, pure="yes"), "pure: expected True or False, not 'yes'"),
        (lambda: task(print, name="a/b"), "name: 'a/b' is no name for a task"),
    ],
)
def test_policies_out_of_range(make: Any, problem: str) -> None:
    with pytest.raises(InvalidArgument) as raised:
        make()
    assert problem in str(raised.value)
