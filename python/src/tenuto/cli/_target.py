"""TARGET: what `run`, `start`, `check` and `draw` are about.

    module:workflow     imported, with the working directory first on sys.path
    file.py:workflow    the same for a file; its tasks are named by its stem, as when Python runs it
    file.json           told by its content: a definition, or WfFormat; also gzipped

The name may be left out where there is one workflow only. A task, or a function, is run as a workflow of one task.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from tenuto import _core
from tenuto.errors import NotFound

__all__ = ["Target", "load", "load_all"]


class Target(Protocol):
    """A workflow that can be started from here."""

    @property
    def name(self) -> str:
        """Of the workflow."""

    def definition(self) -> dict[str, Any]:
        """As docs/workflow-format.md has it."""

    def compile(self, defaults: Mapping[str, Any]) -> _core.Workflow:
        """Checks it all.

        Args:
            defaults: policies for tasks that don't set them: retry, timeout, pool, pure.
        """

    def takes_text(self, parameter: str) -> bool:
        """Whether a parameter is text, so that `-p day=7` means "7"."""

    def encode(self, values: Any) -> bytes | None:
        """The input of a run; None stands for null.

        Args:
            values: None where nothing was given, else the object by parameter name.

        Raises:
            WrongUsage: a parameter is missing, or there is none of this name.
            InvalidArgument: a value does not fit.
        """

    def bring_bodies(self) -> None:
        """Makes the bodies of its tasks known, in the process that owns the store."""


def load(text: str) -> Target:
    """The workflow that TARGET names.

    Raises:
        NotFound: there is no such file, module or name.
        WrongUsage: there are several workflows, and none is named.
        BrokenTarget: importing it failed.
        InvalidArgument: the file is nothing that can be run.
    """
    return _find(text, every=False)[0]


def load_all(text: str) -> list[Target]:
    """Every workflow of TARGET where no name is given, else the one."""
    return _find(text, every=True)


def _find(text: str, *, every: bool) -> list[Target]:
    from tenuto.cli._python_target import load_python

    for path, name in _splits(text):
        if path.suffix == ".py":
            return load_python(path, name, every=every)
        if path.is_dir():
            raise NotFound(f"{path} is a directory; name a file in it, or a module")
        from tenuto.cli._file_target import load_file

        return [load_file(path)]
    module, _, name = text.partition(":")
    if "/" in module or module.endswith((".py", ".json", ".gz", ".yaml", ".yml")):
        raise NotFound(f"there is no file {module}")
    return load_python(module, name or None, every=every)


def _splits(text: str) -> list[tuple[Path, str | None]]:
    """The readings of TARGET as an existing file and a name in it; the whole text first, as a file may have a colon."""
    if Path(text).exists() and not (Path(text).is_dir() and text.isidentifier()):
        return [(Path(text), None)]
    head, colon, name = text.rpartition(":")
    return [(Path(head), name)] if colon and Path(head).is_file() else []


def search_here(*folders: Path) -> None:
    """Puts folders first on sys.path, in this order."""
    names = [str(folder.resolve()) for folder in folders]
    sys.path[:] = list(dict.fromkeys(names)) + [entry for entry in sys.path if entry not in names]
