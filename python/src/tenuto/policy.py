"""How a task is treated: retries, time-outs, durations."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal, TypeAlias

from tenuto.errors import InvalidArgument

__all__ = ["Duration", "Retry", "duration_ns", "duration_text", "retry_json"]

#: A duration: text with units ("90s", "1h30m", "10ms") or a timedelta.
Duration: TypeAlias = str | timedelta

_UNIT_NS: Final = {"ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9, "d": 86400 * 10**9}
_PART: Final = re.compile(r"(\d+)(ms|[smhd])")
_NS_MAX: Final = 2**63 - 1
_ATTEMPTS_MAX: Final = 65_000


def duration_ns(value: Duration, name: str = "duration") -> int:
    """Nanoseconds of a duration.

    Args:
        value: text with units, or a timedelta. Bare numbers are refused: nobody can tell seconds from milliseconds.
        name: what the duration is for, named in errors.

    Returns:
        A number above 0.

    Raises:
        InvalidArgument: it is no duration, not above 0, or beyond 292 years.

    Example:
        >>> duration_ns("1h30m")
        5400000000000
        >>> duration_ns(30, "timeout")
        Traceback (most recent call last):
        tenuto.errors.InvalidArgument: timeout: a bare number has no unit; write "30s" (units: ms, s, m, h, d)
    """
    if isinstance(value, timedelta):
        total = (value.days * 86400 + value.seconds) * 10**9 + value.microseconds * 1000
        shown = f"timedelta {value}"
    elif isinstance(value, str):
        parts = _PART.findall(value)
        if not parts or "".join(number + unit for number, unit in parts) != value or not value.isascii():
            raise InvalidArgument(
                f'{name}: {value!r} is no duration; write a number and a unit, such as "90s", "1h30m" or "10ms" '
                "(units: ms, s, m, h, d)"
            )
        total = sum(int(number) * _UNIT_NS[unit] for number, unit in parts)
        shown = repr(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        raise InvalidArgument(f'{name}: a bare number has no unit; write "{value}s" (units: ms, s, m, h, d)')
    else:
        raise InvalidArgument(f'{name}: expected text such as "90s" or a timedelta, not {type(value).__name__}')
    if total <= 0:
        raise InvalidArgument(f"{name}: {shown} is not above 0")
    if total > _NS_MAX:
        raise InvalidArgument(f"{name}: {shown} is longer than 292 years")
    return total


def duration_text(value: Duration, name: str = "duration") -> str:
    """The duration as a definition holds it: text as it was written, a timedelta in units.

    Args:
        value: see duration_ns.
        name: what the duration is for, named in errors.

    Returns:
        Text such as "1h30m".

    Raises:
        InvalidArgument: see duration_ns; also a timedelta with fractions of a millisecond.

    Example:
        >>> duration_text(timedelta(minutes=90))
        '1h30m'
    """
    total = duration_ns(value, name)
    if isinstance(value, str):
        return value
    if total % _UNIT_NS["ms"]:
        raise InvalidArgument(f"{name}: timedelta {value} has fractions of a millisecond, the smallest unit is ms")
    text = ""
    for unit in ("d", "h", "m", "s", "ms"):
        count, total = divmod(total, _UNIT_NS[unit])
        text += f"{count}{unit}" if count else ""
    return text


@dataclass(frozen=True, kw_only=True, slots=True)
class Retry:
    """What happens after an exception: how many further tries, and how long to wait before each.

    Args:
        attempts: further tries after the first.
        backoff: wait before the first of them.
        factor: each further wait is so many times longer.
        max: no wait is longer.
        jitter: "full": a random time up to the wait; "none": the wait itself.

    Raises:
        InvalidArgument: a value is out of its range.

    Example:
        >>> Retry(attempts=5, backoff="200ms", max="1m").factor
        2.0
    """

    attempts: int
    backoff: Duration = "1s"
    factor: float = 2.0
    max: Duration = "1h"
    jitter: Literal["full", "none"] = "full"

    def __post_init__(self) -> None:
        _check_attempts(self.attempts, "Retry.attempts")
        duration_text(self.backoff, "Retry.backoff")
        duration_text(self.max, "Retry.max")
        if isinstance(self.factor, bool) or not isinstance(self.factor, int | float) or not 1 <= self.factor < 1e9:
            raise InvalidArgument(f"Retry.factor: {self.factor!r} is not a number from 1")
        if self.jitter not in ("full", "none"):
            raise InvalidArgument(f'Retry.jitter: {self.jitter!r} is neither "full" nor "none"')


def retry_json(retry: int | Retry) -> int | dict[str, Any]:
    """The retry policy as a definition holds it.

    Args:
        retry: a number of further tries, or a Retry.

    Returns:
        The number, or an object with what differs from the defaults beside `attempts`.

    Raises:
        InvalidArgument: it is neither, or negative.

    Example:
        >>> retry_json(Retry(attempts=3, backoff="5s"))
        {'attempts': 3, 'backoff': '5s'}
    """
    if not isinstance(retry, Retry):
        return _check_attempts(retry, "retry")
    written: dict[str, Any] = {"attempts": retry.attempts}
    if duration_ns(retry.backoff) != duration_ns("1s"):
        written["backoff"] = duration_text(retry.backoff)
    if retry.factor != 2:
        written["factor"] = retry.factor
    if duration_ns(retry.max) != duration_ns("1h"):
        written["max"] = duration_text(retry.max)
    if retry.jitter != "full":
        written["jitter"] = retry.jitter
    return written


def _check_attempts(count: object, name: str) -> int:
    if isinstance(count, bool) or not isinstance(count, int):
        raise InvalidArgument(f"{name}: expected a whole number or Retry(…), not {type(count).__name__}")
    if not 0 <= count <= _ATTEMPTS_MAX:
        raise InvalidArgument(f"{name}: {count} is not between 0 and {_ATTEMPTS_MAX}")
    return count
