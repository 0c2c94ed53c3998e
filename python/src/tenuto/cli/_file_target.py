"""Files as targets, told by their content: definitions, and WfFormat, the traces of scientific workflows."""

import gzip
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from tenuto import _core, _registry, serialize, task
from tenuto.cli._exit import WrongUsage
from tenuto.cli._target import Target, search_here
from tenuto.errors import InvalidArgument, NotFound, TooLarge

__all__ = ["NOOP", "load_file"]

#: The action of tasks that do nothing.
NOOP: Final = "noop"
_GZIP_MAGIC: Final = b"\x1f\x8b"
# Of an unpacked file: a plan of a million tasks is a tenth of it.
_BYTES_MAX: Final = 1 << 30


class DefinitionTarget:
    """A definition in its JSON form. Actions `py:module.function` are imported, `noop` is there."""

    def __init__(self, text: bytes, definition: dict[str, Any]) -> None:
        self._text = text
        self._definition = definition

    @property
    def name(self) -> str:
        return str(self._definition.get("name"))

    def definition(self) -> dict[str, Any]:
        self.compile({})
        return self._definition

    def compile(self, defaults: Mapping[str, Any]) -> _core.Workflow:
        # With the text as it is written, so that problems have the lines of the file.
        compiled = _core.Workflow.compile(self._text)
        return _with_defaults(self._definition, defaults) if defaults else compiled

    def takes_text(self, parameter: str) -> bool:
        described = self._properties().get(parameter)
        return isinstance(described, dict) and described.get("type") == "string"

    def encode(self, values: Any) -> bytes | None:
        schema = self._definition.get("input")
        if schema is None and values is None:
            return None
        given = {} if values is None else values
        if isinstance(given, dict):
            given = {k: p["default"] for k, p in self._properties().items() if "default" in p} | given
            required = schema.get("required", []) if isinstance(schema, dict) else []
            missing = [name for name in required if name not in given]
            if missing:
                words = " ".join(f"-p {name}=…" for name in missing)
                raise WrongUsage(f"{self.name} needs {', '.join(missing)}: write {words}")
        return serialize.encode(given, path="input")

    def bring_bodies(self) -> None:
        search_here(Path.cwd())
        for name, action in _actions(self._definition["tasks"]):
            if action not in _declared():
                _declare(name, action)

    def _properties(self) -> dict[str, Any]:
        schema = self._definition.get("input")
        properties = schema.get("properties") if isinstance(schema, dict) else None
        return properties if isinstance(properties, dict) else {}


class TraceTarget:
    """A WfFormat document: its tasks do nothing, each after all its parents."""

    def __init__(self, text: bytes) -> None:
        self._compiled = _core.Workflow.from_wfformat(text, NOOP)

    @property
    def name(self) -> str:
        return self._compiled.name

    def definition(self) -> dict[str, Any]:
        definition: dict[str, Any] = msgspec.json.decode(self._compiled.definition())
        return definition

    def compile(self, defaults: Mapping[str, Any]) -> _core.Workflow:
        return _with_defaults(self.definition(), defaults) if defaults else self._compiled

    def takes_text(self, parameter: str) -> bool:
        return False

    def encode(self, values: Any) -> bytes | None:
        return None if values is None else serialize.encode(values, path="input")

    def bring_bodies(self) -> None:
        _declare_noop()


def load_file(path: Path) -> Target:
    """The workflow that a file holds.

    Raises:
        InvalidArgument: it holds none.
        OSError: it can't be read.
    """
    text = _unpacked(path)
    try:
        content = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise InvalidArgument(
            f"{path} is no JSON: {error}; a file is a definition in its JSON form, or WfFormat"
        ) from error
    keys = content.keys() if isinstance(content, dict) else ()
    if "tenuto" in keys:
        return DefinitionTarget(text, content)
    if "schemaVersion" in keys or "workflow" in keys:
        return TraceTarget(text)
    if "StartAt" in keys:
        raise InvalidArgument(f"{path} is in the Amazon States Language, which this version does not read")
    raise InvalidArgument(
        f"{path} is neither a definition (it has no `tenuto`) nor WfFormat (it has no `schemaVersion` and `workflow`)"
    )


def _unpacked(path: Path) -> bytes:
    text = path.read_bytes()
    if not text.startswith(_GZIP_MAGIC):
        return text
    try:
        with gzip.open(path) as packed:
            text = packed.read(_BYTES_MAX + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InvalidArgument(f"{path} is damaged: {error}") from error
    if len(text) > _BYTES_MAX:
        raise TooLarge(f"{path} is longer than {_BYTES_MAX} bytes when it is unpacked")
    return text


def _with_defaults(definition: dict[str, Any], defaults: Mapping[str, Any]) -> _core.Workflow:
    merged = {**definition.get("defaults", {}), **defaults}
    return _core.Workflow.compile(msgspec.json.encode(definition | {"defaults": merged}))


def _actions(tasks: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Names and actions of all tasks, those in arms included."""
    for name, node in tasks.items():
        if "use" in node:
            yield name, node["use"]
        for arm in node.get("switch", ()):
            yield from _actions(arm["tasks"])


def _declared() -> set[str]:
    found: set[str] = set()

    def see(known: Any) -> None:
        found.add(known.action)

    _registry.subscribe(see)
    _registry.unsubscribe(see)
    return found


def _declare(name: str, action: str) -> None:
    if action == NOOP:
        _declare_noop()
        return
    if not action.startswith("py:"):
        raise InvalidArgument(
            f"task {name} uses {action}, which has no body here; there are py:module.function and {NOOP}"
        )
    from tenuto.cli._python_target import import_named

    try:
        found = import_named(action.removeprefix("py:"))
    except NotFound as error:
        raise InvalidArgument(f"task {name} uses {action}, which has no body here: {error}") from error
    if action not in _declared():
        if not callable(found):
            raise InvalidArgument(f"task {name} uses {action}, which is {found!r} and no function")
        task(found)


def _nothing() -> None:
    """The body of a task that does nothing; arguments are not looked at."""


def _declare_noop() -> None:
    body = task(_nothing)
    body.action = NOOP
    _registry.add(body)
