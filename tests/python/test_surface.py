"""What the package shows, and that importing it does nothing else."""

import inspect
import subprocess
import sys

import tenuto

SURFACE = """
    Cancelled Closed Conflict Damaged Engine Forked Full InternalError InvalidArgument NewerFormat NotFound Owned Poisoned
    Rejected Retry Run RunRow RunStatus RunTimedOut Stop StorageError Task TaskFailed TaskInfo TenutoError TimedOut
    TooLarge VersionMismatch Workflow WrongState __version__ current_engine in_ info log not_ open otherwise task when
    workflow
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
