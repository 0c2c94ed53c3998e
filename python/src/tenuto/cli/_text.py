"""Values as people read them, each on one line."""

import json
import re
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, Final

from tenuto.cli._exit import WrongUsage
from tenuto.errors import InvalidArgument
from tenuto.policy import duration_ns

__all__ = [
    "STATE_STYLES",
    "bytes_text",
    "counts_text",
    "duration_text",
    "error_text",
    "json_text",
    "local_time",
    "moment",
    "one_line",
    "seconds_between",
    "share_text",
    "shortened",
]

#: How the states of runs and tasks are coloured. The word is always there too.
STATE_STYLES: Final[Mapping[str, str]] = {
    "queued": "cyan",
    "pending": "bright_black",
    "ready": "cyan",
    "running": "blue",
    "waiting": "yellow",
    "paused": "yellow",
    "cancelling": "magenta",
    "completed": "green",
    "done": "green",
    "failed": "bold red",
    "timed_out": "bold red",
    "rejected": "magenta",
    "cancelled": "magenta",
    "skipped": "bright_black",
    "not_reached": "bright_black",
}

_UNITS: Final = ("B", "KiB", "MiB", "GiB", "TiB")
_MILLISECOND: Final = 0.001
_MICROSECOND: Final = 0.000001


def one_line(text: str) -> str:
    """Text that neither breaks a line nor speaks to the terminal: what is not printable is written as an escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def shortened(text: str, most: int) -> str:
    """The beginning of a text, when it is longer than `most` characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def json_text(value: object) -> str:
    """A value as JSON on one line; text by itself, and nothing for null."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def error_text(error: Mapping[str, Any] | None) -> str:
    """A recorded error in a few words: type, and the first line of its message."""
    if not error:
        return ""
    message = (error.get("message") or "").strip().partition("\n")[0]
    return ": ".join(part for part in (error.get("type"), message) if part)


def counts_text(counts: Mapping[str, int]) -> str:
    """Numbers of tasks by state: `3 done, 1 skipped`."""
    return ", ".join(f"{count} {state}" for state, count in counts.items())


def bytes_text(count: int) -> str:
    """A size in the unit that fits: `3.4 MiB`."""
    size = float(count)
    for unit in _UNITS:
        if size < 1024 or unit == _UNITS[-1]:
            break
        size /= 1024
    return f"{size:.4g} {unit}"


def share_text(share: float | None) -> str:
    """A part of one in per cent. Only the whole is 100 %, and only nothing is 0 %."""
    if share is None:
        return "-"
    if 0 < share < 0.0001:
        return "< 0.01 %"
    per_cent = share * 100 if share >= 1 else min(share * 100, 99.99)
    return f"{per_cent:.2f}".rstrip("0").rstrip(".") + " %"


def duration_text(seconds: float | None) -> str:
    """A duration in the units that fit: `12 ms`, `3.4s`, `2m14s`, `5h02m`, `3d04h`."""
    if seconds is None:
        return "-"
    if seconds < _MILLISECOND:
        return f"{seconds / _MICROSECOND:.0f} µs"
    if seconds < 1:
        return f"{seconds / _MILLISECOND:.3g} ms"
    if seconds < 59.95:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days}d{hours:02}h"
    return f"{hours}h{minutes:02}m" if hours else f"{minutes}m{rest:02}s"


def local_time(text: str | None) -> str:
    """A recorded time in the time zone of this machine."""
    if text is None:
        return ""
    return _parsed(text).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def seconds_between(started: str | None, ended: str | None) -> float | None:
    """From one recorded time to another; to now where there is no end, and None where there is no start."""
    if started is None:
        return None
    end = datetime.now(timezone.utc) if ended is None else _parsed(ended)
    return max(0.0, (end - _parsed(started)).total_seconds())


def moment(option: str, text: str | None) -> datetime | None:
    """What `--since` and `--until` mean.

    Args:
        option: named in errors.
        text: so long ago ("2h"), or a time (RFC 3339; without a zone it is local).

    Returns:
        The time, with its zone.

    Raises:
        WrongUsage: it is neither.
    """
    if text is None:
        return None
    if re.fullmatch(r"(\d+[a-z]+)+", text):
        try:
            ago = duration_ns(text, option) / 1e9
            return datetime.fromtimestamp(datetime.now(timezone.utc).timestamp() - ago, timezone.utc)
        except (InvalidArgument, OverflowError, ValueError, OSError) as error:
            raise WrongUsage(f"{option}: {error}" if not isinstance(error, InvalidArgument) else str(error)) from error
    try:
        parsed = _parsed(text)
        return parsed if parsed.tzinfo is not None else parsed.astimezone()
    except (ValueError, OverflowError) as error:
        raise WrongUsage(f"{option}: {text!r} is no time; write 2h, 1d or 2026-01-31T08:00:00Z") from error


def _parsed(text: str) -> datetime:
    """RFC 3339, as far as Python 3.10 takes it by itself."""
    return datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", text))
