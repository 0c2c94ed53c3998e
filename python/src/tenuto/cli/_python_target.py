"""Workflows, tasks and functions of Python modules as targets."""

import functools
import importlib
import importlib.util
import inspect
import sys
import typing
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType, NoneType, UnionType
from typing import Any

import msgspec

import tenuto
from tenuto import Task, Workflow, _core
from tenuto.cli._exit import BrokenTarget, WrongUsage, place_in
from tenuto.cli._target import Target, search_here
from tenuto.errors import InvalidArgument, NotFound, TenutoError

__all__ = ["PythonTarget", "import_named", "load_python"]


class PythonTarget:
    """A drawn workflow."""

    def __init__(self, workflow: Workflow[..., Any]) -> None:
        self.workflow = workflow

    @property
    def name(self) -> str:
        return self.workflow.name

    def definition(self) -> dict[str, Any]:
        try:
            return self.workflow.to_dict()
        except TenutoError:
            raise
        except Exception as error:
            raise _broken(f"drawing {self.name}", error) from error

    def compile(self, defaults: Mapping[str, Any]) -> _core.Workflow:
        definition = self.definition()
        if not defaults:
            return self.workflow.compiled
        return _core.Workflow.compile(msgspec.json.encode(definition | {"defaults": defaults}))

    def takes_text(self, parameter: str) -> bool:
        self._refuse_unknown(parameter)
        return _is_text(self.workflow.signature.annotations[parameter])

    def encode(self, values: Any) -> bytes | None:
        given = {} if values is None else values
        if not isinstance(given, dict):
            raise WrongUsage(f"--input: {self.name} takes an object by parameter name, not {given!r}")
        for name in given:
            self._refuse_unknown(name)
        parameters = self.workflow.signature.parameters
        missing = [name for name, p in parameters.items() if p.default is inspect.Parameter.empty and name not in given]
        if missing:
            words = " ".join(f"-p {name}=…" for name in missing)
            raise WrongUsage(f"{self.name} needs {', '.join(missing)}: write {words}")
        return self.workflow._input((), given)

    def bring_bodies(self) -> None:
        """Importing has done it."""

    def _refuse_unknown(self, parameter: str) -> None:
        known = list(self.workflow.signature.parameters)
        if parameter not in known:
            takes = f"it takes {', '.join(known)}" if known else "it takes none"
            raise WrongUsage(f"{self.name} has no parameter {parameter!r}; {takes}")


def load_python(where: Path | str, name: str | None, *, every: bool) -> list[Target]:
    """Workflows of a file or a module.

    Args:
        where: a path for a file, text for a module.
        name: of the workflow, task or function; may have dots.
        every: give all workflows when there is no name.
    """
    search_here(Path.cwd(), *([where.parent] if isinstance(where, Path) else []))
    module = _import_file(where) if isinstance(where, Path) else _import_module(where)
    if name is not None:
        return [PythonTarget(_as_workflow(_attribute(module, name), f"{where}:{name}"))]
    found = _workflows(module)
    if not found:
        raise NotFound(f"{where} has no workflow; a workflow is a def below @workflow")
    if len(found) > 1 and not every:
        raise WrongUsage(f"{where} has several workflows; write {where}:NAME with one of {', '.join(found)}")
    return [PythonTarget(workflow) for workflow in found.values()]


def import_named(dotted: str) -> Any:
    """What `package.module.name` names, imported from the longest part that is a module.

    Raises:
        NotFound: there is no such thing.
        BrokenTarget: importing failed.
    """
    parts = dotted.split(".")
    for count in range(len(parts) - 1, 0, -1):
        try:
            module = _import_module(".".join(parts[:count]))
        except NotFound:
            continue
        return _attribute(module, ".".join(parts[count:]))
    raise NotFound(f"there is no module {'.'.join(parts[:-1])} in {Path.cwd()} or on the Python path")


def _import_module(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise NotFound(
                f"there is no module or file {name}; TARGET is module:workflow, file.py:workflow or a file"
            ) from error
        raise _broken(f"importing {name}", error) from error
    except (ValueError, TypeError) as error:
        # What import_module says to "" and to relative names; a module that is not its own package's raises elsewhere.
        if name.strip(".") != name or not name:
            raise NotFound(f"{name!r} is no module; TARGET is module:workflow, file.py:workflow or a file") from error
        raise _broken(f"importing {name}", error) from error
    except (Exception, SystemExit) as error:
        raise _broken(f"importing {name}", error) from error


def _import_file(path: Path) -> ModuleType:
    name = path.stem
    loaded = sys.modules.get(name)
    if loaded is not None:
        if getattr(loaded, "__file__", None) == str(path.resolve()):
            return loaded
        raise InvalidArgument(f"{path} has the name of the module {name}, which is loaded already; rename the file")
    spec = importlib.util.spec_from_file_location(name, path.resolve())
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise _broken(f"importing {path}", error) from error
    return module


def _broken(what: str, error: BaseException) -> BrokenTarget:
    if isinstance(error, SyntaxError):
        return BrokenTarget(
            f"{what} failed: {type(error).__name__}: {error.msg} ({error.filename}, line {error.lineno})"
        )
    text = str(error).partition("\n")[0]
    kind = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return BrokenTarget(f"{what} failed: {kind}{place_in(error.__traceback__)}")


def _attribute(module: ModuleType, name: str) -> Any:
    value: Any = module
    for part in name.split("."):
        try:
            value = getattr(value, part)
        except AttributeError:
            found = ", ".join(_workflows(module))
            there = f"; it has the workflows {found}" if found else ", nor any workflow"
            raise NotFound(f"{module.__name__} has no {name}{there}") from None
    return value


def _workflows(module: ModuleType) -> dict[str, Workflow[..., Any]]:
    """By name; those that the module defines, else those that it imports."""
    named = {name: value for name, value in vars(module).items() if isinstance(value, Workflow)}
    found = {id(workflow): (name, workflow) for name, workflow in reversed(named.items())}
    own = [pair for pair in found.values() if pair[1].fn.__module__ == module.__name__]
    return dict(reversed(own or list(found.values())))


def _as_workflow(value: Any, text: str) -> Workflow[..., Any]:
    if isinstance(value, Workflow):
        return value
    if not isinstance(value, Task):
        if not inspect.isfunction(value):
            raise InvalidArgument(f"{text} is {value!r}; a target is a workflow, a task or a function")
        value = tenuto.task(value)
    one = value

    @functools.wraps(one.fn)
    def alone(*args: Any, **kwargs: Any) -> Any:
        return one(*args, **kwargs)

    return tenuto.workflow(name=one.node_name)(alone)


def _is_text(annotation: Any) -> bool:
    """`str`, also with None or as a Literal of text."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _is_text(typing.get_args(annotation)[0])
    if origin in (typing.Union, UnionType):
        kinds = [kind for kind in typing.get_args(annotation) if kind is not NoneType]
        return all(_is_text(kind) for kind in kinds)
    if origin is typing.Literal:
        return all(isinstance(value, str) for value in typing.get_args(annotation))
    return annotation is str
