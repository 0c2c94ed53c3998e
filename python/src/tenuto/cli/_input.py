"""What `-p`, `--input` and `--with` say."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from tenuto.cli._exit import WrongUsage
from tenuto.cli._store import pairs
from tenuto.cli._target import Target
from tenuto.errors import InvalidArgument
from tenuto.policy import duration_text

__all__ = ["defaults_from", "input_from"]


def input_from(target: Target, parameters: Sequence[str] | None, text: str | None) -> Any:
    """The input of a run.

    Args:
        target: knows which parameters are text.
        parameters: NAME=VALUE words; they go over what `text` has.
        text: JSON, or @FILE with it, or @- for the standard input.

    Returns:
        None when nothing was given.

    Raises:
        WrongUsage: it is not so.
    """
    whole = None if text is None else _json(text)
    given = pairs("-p", parameters)
    if not given:
        return whole
    if whole is not None and not isinstance(whole, dict):
        raise WrongUsage("--input: -p adds to an object, and this is none")
    values: dict[str, Any] = dict(whole or {})
    for name, value in given.items():
        values[name] = value if target.takes_text(name) else _json_or_text(value)
    return values


def defaults_from(words: Sequence[str] | None) -> dict[str, Any]:
    """Policies for tasks that don't set them: retry=3,timeout=30s,pool=NAME,pure=true.

    Raises:
        WrongUsage: there is no such word, or not with such a value.
    """
    found: dict[str, Any] = {}
    for key, value in pairs("--with", [word for text in words or () for word in text.split(",")]).items():
        if key == "retry" and value.isdecimal():
            found[key] = int(value)
        elif key == "pure" and value in ("true", "false"):
            found[key] = value == "true"
        elif key == "timeout":
            found[key] = _duration(value)
        elif key == "pool" and value:
            found[key] = value
        else:
            raise WrongUsage(f"--with: {key}={value} is none of retry=3, timeout=30s, pool=NAME, pure=true")
    return found


def _duration(text: str) -> str:
    try:
        return duration_text(text, "--with timeout")
    except InvalidArgument as error:
        raise WrongUsage(str(error)) from error


def _json(text: str) -> Any:
    source = "--input"
    if text.startswith("@"):
        source = f"--input {text}"
        try:
            text = sys.stdin.read() if text == "@-" else Path(text[1:]).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise WrongUsage(f"{source}: {error}") from error
    try:
        return msgspec.json.decode(text.encode())
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise WrongUsage(f"{source}: no JSON: {error}") from error


def _json_or_text(text: str) -> Any:
    try:
        return msgspec.json.decode(text.encode())
    except (msgspec.DecodeError, UnicodeEncodeError):
        return text
