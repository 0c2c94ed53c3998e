"""Whole programs: kill -9 and again, two processes on a store, leaving without close, Ctrl-C, forks.

A kill loses nothing that the kernel has: this tests that bodies are not run again, not that the disk was synced.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

TIMEOUT = 60


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    for process in started:
        if process.poll() is None:
            process.kill()
            process.wait()
    started.clear()


started: list["subprocess.Popen[str]"] = []


def start(folder: Path, program: str, *args: str, stdin: int | None = None) -> "subprocess.Popen[str]":
    (folder / "app.py").write_text(program)
    environment = {**os.environ, "TENUTO_DB": str(folder / "store")}
    process = subprocess.Popen(
        [sys.executable, "-u", "app.py", *args],
        cwd=folder,
        env=environment,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    started.append(process)
    return process


def finish(process: "subprocess.Popen[str]", code: int = 0) -> str:
    out, err = process.communicate(timeout=TIMEOUT)
    assert process.returncode == code, out + err
    return out


def line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


KILLED = """
import pathlib, sys, time, tenuto
from tenuto import task, workflow

@task
def first() -> str:
    with open("first", "a") as f:
        print(tenuto.info().idempotency_key, file=f)
    return "one"

@task
def second(x: str) -> str:
    with open("second", "a") as f:
        print(tenuto.info().idempotency_key, file=f)
    if "stuck" in sys.argv:
        print("in second", flush=True)
        time.sleep(600)
    return x + " two"

@workflow
def chain() -> str:
    return second(first())

print(chain.start(id="c").result())
"""


def test_kill_9_and_again(folder: Path) -> None:
    process = start(folder, KILLED, "stuck")
    assert line(process) == "in second"
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert finish(start(folder, KILLED)) == "one two\n"
    assert finish(start(folder, KILLED)) == "one two\n"
    assert len((folder / "first").read_text().split()) == 1
    keys = (folder / "second").read_text().split()
    assert len(keys) == 2 and len(set(keys)) == 1


def test_a_run_goes_on_when_its_tasks_are_imported(folder: Path) -> None:
    process = start(folder, KILLED, "stuck")
    assert line(process) == "in second"
    process.kill()
    process.wait()
    # `__main__` of app.py and the imported module app have the same actions.
    program = "import tenuto, app_again\nwith tenuto.open() as e: print(e.find('c').result(timeout='60s'))"
    (folder / "app.py").write_text(KILLED.replace("print(chain", "# print(chain"))
    (folder / "app_again.py").write_text("import app")
    environment = {**os.environ, "TENUTO_DB": str(folder / "store")}
    found = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, env=environment, capture_output=True, text=True, timeout=TIMEOUT
    )
    assert found.stdout == "one two\n", found.stderr


TWO = """
import os, sys, tenuto
from tenuto import task, workflow

@task
def where(n: int) -> list[int]:
    return [n, os.getpid()]

@workflow
def w(n: int) -> list[int]:
    return where(n)

run = w.start(int(sys.argv[1]))
print(tenuto.current_engine().role, os.getpid(), *run.result(), flush=True)
if sys.argv[1] == "1":
    sys.stdin = open(0)
    input()
"""


def test_a_second_process_is_a_client(folder: Path) -> None:
    (folder / "app.py").write_text(TWO)
    owner = subprocess.Popen(
        [sys.executable, "-u", "app.py", "1"],
        cwd=folder,
        env={**os.environ, "TENUTO_DB": str(folder / "store")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    started.append(owner)
    role, pid, n, ran_in = line(owner).split()
    assert (role, n, ran_in) == ("owner", "1", pid)
    role, pid, n, ran_in = finish(start(folder, TWO, "2")).split()
    assert (role, n, ran_in) == ("client", "2", str(owner.pid))
    assert owner.stdin is not None
    owner.stdin.close()
    owner.wait(TIMEOUT)


TAKEN_OVER = """
import os, sys, time, tenuto
from tenuto import task, workflow

def tell(text: str) -> None:
    sys.stdout.write(text + "\\n")  # in one piece: another thread tells something at the same time

@task
def where(n: int) -> list[int]:
    if "owner" in sys.argv:
        tell(f"in body {n}")
        time.sleep(600)
    return [n, os.getpid()]

@workflow
def w(n: int) -> list[int]:
    return where(n)

run = w.start(1 if "owner" in sys.argv else 2)
tell(tenuto.current_engine().role)
print(*run.result(), os.getpid(), tenuto.current_engine().role)
print([row.state for row in tenuto.current_engine().runs()], run.state)
"""


def test_a_waiting_client_takes_over(folder: Path) -> None:
    owner = start(folder, TAKEN_OVER, "owner")
    assert {line(owner), line(owner)} == {"in body 1", "owner"}
    client = start(folder, TAKEN_OVER)
    assert line(client) == "client"
    assert line(owner) == "in body 2"
    owner.kill()
    owner.wait()
    result, states = finish(client).splitlines()
    number, ran_in, pid, role = result.split()
    assert (number, ran_in, role) == ("2", pid, "owner")
    assert states.endswith("completed")


BETWEEN_ATTEMPTS = """
import sys, time, tenuto
from tenuto import Retry, task, workflow

@task(retry=Retry(attempts=1, backoff="1h", jitter="none"))
def fail() -> None:
    raise ValueError("not yet")

@workflow
def w() -> None:
    fail()

with tenuto.open() as engine:
    if engine.role == "owner":
        w.start(id="r")
        print("started", flush=True)
        sys.stdin.read()
    else:
        run = engine.find("r")
        while run.status().state != "waiting":
            time.sleep(0.01)
        print(run.state, [row.state for row in engine.runs()])
"""


def test_the_state_is_the_one_that_lists_show(folder: Path) -> None:
    owner = start(folder, BETWEEN_ATTEMPTS, stdin=subprocess.PIPE)
    assert line(owner) == "started"
    assert finish(start(folder, BETWEEN_ATTEMPTS)) == "waiting ['waiting']\n"
    assert owner.stdin is not None
    owner.stdin.close()
    owner.wait(TIMEOUT)


def test_leaving_without_close(folder: Path) -> None:
    assert finish(start(folder, TWO, "3")).split()[0] == "owner"


STUCK = """
import threading, time, tenuto
from tenuto import task, workflow
entered = threading.Event()

@task
def stuck() -> None:
    entered.set()
    time.sleep(600)

@task
async def stuck_async() -> None:
    import asyncio
    await asyncio.sleep(600)

@workflow
def w() -> None:
    stuck()
    stuck_async()

w.start()
entered.wait()
print("leaving", flush=True)
"""


@pytest.mark.parametrize("ending", ["", "raise ValueError", "import sys; sys.exit(1)"])
def test_leaving_while_bodies_are_stuck(folder: Path, ending: str) -> None:
    assert finish(start(folder, STUCK + ending), 1 if ending else 0) == "leaving\n"


CTRL_C = STUCK.replace("w.start()", "run = w.start()") + "run.result()\n"


def test_ctrl_c_while_waiting(folder: Path) -> None:
    process = start(folder, CTRL_C)
    assert line(process) == "leaving"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=TIMEOUT)
    assert "KeyboardInterrupt" in err


DRAINING = """
import tenuto
from tenuto import Retry, task, workflow

@task(retry=Retry(attempts=1, backoff="1h", jitter="none"))
def fail() -> None:
    raise ValueError("not yet")

@workflow
def w() -> None:
    fail()

engine = tenuto.open()
engine.start(w)
try:
    print("draining", flush=True)
    engine.close(drain=True)
finally:
    engine.close()
    print(engine.role)
"""


def test_ctrl_c_while_draining(folder: Path) -> None:
    process = start(folder, DRAINING)
    assert line(process) == "draining"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=TIMEOUT)
    assert "KeyboardInterrupt" in err
    assert out == "closed\n"


FORKING = """
import os, time, tenuto
from tenuto import task, workflow

@task
def double(n: int) -> int:
    return 2 * n

@workflow
def w(n: int) -> int:
    return double(n)

assert w.run(1) == 2
child = os.fork()
if child == 0:
    print(tenuto.current_engine().role, w.run(21), flush=True)
    os._exit(0)
while os.waitpid(child, os.WNOHANG) == (0, 0):
    time.sleep(0.01)
assert w.run(2) == 4
"""


def test_a_forked_child_is_a_client(folder: Path) -> None:
    assert finish(start(folder, FORKING)) == "client 42\n"


def test_multiprocessing_children_leave_cleanly(folder: Path) -> None:
    program = """
import multiprocessing, tenuto
from tenuto import task, workflow

@task
def double(n: int) -> int:
    return 2 * n

@workflow
def w(n: int) -> int:
    return double(n)

if __name__ == "__main__":
    assert w.run(1) == 2
    for method in ("fork", "spawn"):
        with multiprocessing.get_context(method).Pool(2) as pool:
            print(pool.map(double, [1, 2]), pool.map(w.run, [3]))
"""
    assert finish(start(folder, program)) == "[2, 4] [6]\n[2, 4] [6]\n"
