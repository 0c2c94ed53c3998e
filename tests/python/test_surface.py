"""What the package shows, and that importing it does nothing else."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import tenuto
from tenuto import _core

SURFACE = """
    Cancelled Closed Conflict Damaged Engine Forked Full InternalError InvalidArgument NewerFormat NotFound Owned Poisoned
    Rejected Retry Run RunRow RunStatus RunTimedOut Stop StorageError Task TaskFailed TaskInfo TenutoError TimedOut
    TooLarge VersionMismatch Workflow WrongState __version__ compact current_engine in_ info log not_ open otherwise
    restore task when workflow
"""


def test_the_names_are_pinned() -> None:
    assert tenuto.__all__ == SURFACE.split()
    for name in tenuto.__all__:
        assert hasattr(tenuto, name)


def test_importing_opens_nothing() -> None:
    program = """
import os, sys, threading
class Environment(dict):
    def __getitem__(self, key): raise SystemExit(f"environment read: {key}")
    get = __getitem__
import msgspec, asyncio, logging, json, inspect, atexit
os.environ = Environment()
before = set(os.listdir("."))
sys.addaudithook(lambda event, args: sys.exit(f"{event}: {args}") if event == "open" and args[1] and
                 set(args[1]) & set("wax+") and not str(args[0]).endswith((".pyc", "__pycache__")) and
                 "__pycache__" not in str(args[0]) else None)
import tenuto
assert threading.active_count() == 1, threading.enumerate()
assert set(os.listdir(".")) == before
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_every_public_thing_has_a_docstring_of_one_summary_line() -> None:
    for name in tenuto.__all__:
        thing = getattr(tenuto, name)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            members = [
                (f"{name}.{key}", member)
                for key, member in vars(thing).items()
                if inspect.isclass(thing)
                and not key.startswith("_")
                and (callable(member) or isinstance(member, property))
            ]
            for path, each in [(name, thing), *members]:
                summary = (inspect.getdoc(each) or "").partition("\n")[0]
                assert summary, f"{path} has no docstring"
                assert summary.endswith((".", "?", ")", "`")), f"{path}: {summary}"


def test_the_stub_tells_what_the_extension_module_has() -> None:
    def public(thing: object) -> set[str]:
        return {name for name in vars(thing) if not name.startswith("_")}

    declared: dict[str, set[str]] = {}
    tree = ast.parse((Path(tenuto.__file__).parent / "_core.pyi").read_text())
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            declared[node.name] = {each.name for each in node.body if isinstance(each, ast.FunctionDef)} - {"__init__"}
        elif isinstance(node, ast.FunctionDef):
            declared[node.name] = set()
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is None:
            declared[node.target.id] = set()
    assert set(declared) == public(_core)
    for name, members in declared.items():
        if members:
            assert members == public(getattr(_core, name)), name
