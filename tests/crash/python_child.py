"""A Python program to be killed: as crash_child.cpp, with its bodies in Python.

usage: python_child.py work STORE EFFECTS LIFE closes
"""

from __future__ import annotations

import ctypes
import os
import select
import sys

import tenuto
from tenuto import task, workflow

_, _, store, effects_path, life, _ = sys.argv
effects = os.open(effects_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def enter(phase: str) -> None:
    """Tells a library that is preloaded to kill us where we are."""
    function = getattr(ctypes.CDLL(None), "tenuto_kill_phase", None)
    if function is not None:
        function(phase.encode())


def say(word: str, run: str) -> None:
    os.write(1, f"{word} {run}\n".encode())


def note() -> None:
    """One line, one write: a killed process leaves whole lines."""
    info = tenuto.info()
    os.write(effects, f"{life} {info.run_id} {info.path} {info.attempt} {info.idempotency_key}\n".encode())


@task
def a() -> int:
    note()
    return 1


@task
def b(x: int) -> int:
    note()
    return x + 1


@task(retry=2)
def d(x: int) -> int:
    note()
    if tenuto.info().attempt == 1:
        raise ValueError("not this time")
    return x


@task
def e(x: int, y: int) -> int:
    note()
    return x + y


@workflow
def killed() -> int:
    first = a()
    return e(b(first), d(first))


enter("opening")
with tenuto.open(store) as engine:
    enter("working")
    say("open", life)
    wave = 0
    while not select.select([0], [], [], 0)[0]:
        runs = []
        for i in range(4):
            run = killed.start(id=f"run-{life}-{wave}-{i}")
            say("started", run.id)
            runs.append(run)
        for run in runs:
            run.result()
            say("ended", run.id)
        wave += 1
    enter("closing")
