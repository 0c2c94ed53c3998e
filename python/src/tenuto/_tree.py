"""Trees of text: a definition, and a run with the states of its nodes."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import Any, Final, TypeAlias

__all__ = ["definition_tree", "run_tree"]

Json: TypeAlias = Mapping[str, Any]

#: A line and the lines below it.
Branch: TypeAlias = tuple[str, list["Branch"]]

# Of the nodes that one waits for.
_WAITS_MAX: Final = 3


def definition_tree(definition: Json) -> str:
    """A definition, one line a node.

    Args:
        definition: see docs/workflow-format.md.

    Returns:
        Lines without a trailing newline.
    """
    parameters = ", ".join(definition.get("input", {}).get("properties", {}))
    return "\n".join([f"{definition['name']}({parameters})", *_lines(_nodes(definition["tasks"]))])


def run_tree(description: Json, now: datetime | None = None) -> str:
    """A run, one line a node with its state.

    Args:
        description: what Run.describe() returns.
        now: up to when running nodes are timed; the present by default.

    Returns:
        Lines without a trailing newline.
    """
    at = now or datetime.now(timezone.utc)
    head = [
        description.get("workflow") or "?",
        f"run {description['id']}",
        description["state"],
        _took(description, at),
    ]
    nodes = description.get("nodes") or []
    width = max((len(node["name"]) for node in nodes), default=0)
    lines = [_run_line(node, width, at) for node in nodes]
    if description.get("error"):
        lines.append(f"error: {_error(description['error'])}")
    return "\n".join(["  ".join(part for part in head if part), *_lines([(line, []) for line in lines])])


def _nodes(tasks: Json) -> list[Branch]:
    return [(_definition_line(name, node), list(_arms(node))) for name, node in tasks.items()]


def _arms(node: Json) -> Iterator[Branch]:
    for arm in node.get("switch", ()):
        yield (f"if {arm['if']}" if "if" in arm else "otherwise"), _nodes(arm["tasks"])


def _definition_line(name: str, node: Json) -> str:
    facts: list[str] = []
    if node.get("needs"):
        facts.append(f"after {', '.join(node['needs'])}")
    retry = node.get("retry")
    if retry is not None:
        facts.append(f"retry {retry['attempts'] if isinstance(retry, Mapping) else retry}")
    facts += [f"{key} {node[key]}" for key in ("timeout", "pool") if key in node]
    if node.get("pure"):
        facts.append("pure")
    return f"{name}  {', '.join(facts)}" if facts else name


def _run_line(node: Json, width: int, now: datetime) -> str:
    attempts = node.get("attempts") or 0
    parts = [node["name"].ljust(width), f"{node['state']}{f' x{attempts}' if attempts > 1 else ''}".ljust(12)]
    parts.append(_took(node, now))
    if node.get("error"):
        parts.append(_error(node["error"]))
    if node.get("waits_for"):
        parts.append(f"waits for {_waits_text(node['waits_for'])}")
    return "  ".join(part for part in parts if part).rstrip()


def _error(error: Json) -> str:
    message = (error.get("message") or "").partition("\n")[0]
    return f"{error.get('type') or 'Error'}: {message}"


def _waits_text(waits: Json) -> str:
    """The nodes before it, or the action that has no body here."""
    nodes = waits.get("nodes") or []
    more = [f"{len(nodes) - _WAITS_MAX} more"] if len(nodes) > _WAITS_MAX else []
    return ", ".join([*nodes[:_WAITS_MAX], *more]) or f"a body of {waits.get('action')}"


def _took(timed: Json, now: datetime) -> str:
    if not timed.get("started"):
        return ""
    started = _time(timed["started"])
    seconds = max(0.0, ((_time(timed["ended"]) if timed.get("ended") else now) - started).total_seconds())
    if seconds < 60:
        return f"{seconds:.3f}s" if seconds < 10 else f"{seconds:.0f}s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02}m" if hours else f"{minutes}m{rest:02}s"


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _lines(branches: list[Branch], indent: str = "") -> Iterator[str]:
    for index, (line, below) in enumerate(branches):
        last = index == len(branches) - 1
        yield f"{indent}{'`- ' if last else '|- '}{line}"
        yield from _lines(below, indent + ("   " if last else "|  "))
