"""Makes a small store with something of everything, as a killed process leaves it, and packs it: a fixture for later versions.

usage: make_store.py ARCHIVE.tar.gz   with the Python of build/venv

The archive of a format that was released never changes; a new format gets one of its own.
"""

import gzip
import io
import os
import signal
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

CHILD = """\
import os
import signal
import sys

import tenuto
from tenuto import Retry, Stop, otherwise, task, when, workflow


@task
def add(a: int, b: int) -> int:
    return a + b


@task(retry=Retry(attempts=2, backoff="10ms", jitter="none"))
def flaky(n: int) -> int:
    if tenuto.info().attempt == 1:
        raise ValueError("not yet")
    return n


@task
def fail(text: str) -> str:
    raise Stop(text)


@task
def large(n: int) -> str:
    return "ab" * n


@task
def gate(n: int) -> int:
    if len(sys.argv) < 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return n * 10


@workflow
def etl(n: int):
    total = add(n, 2)
    with when(total > 10):
        flaky(total)
    with otherwise():
        flaky.using(name="few")(n)
    return {"total": total}


@workflow
def broken(text: str = "no luck"):
    return fail(text)


@workflow
def long(n: int):
    return large(n)


@workflow
def gated(n: int):
    return gate(add(n, 1))


if __name__ == "__main__":
    with tenuto.open(sys.argv[1], mode="owner") as engine:
        for number in (1, 20):
            etl.run(number, id=f"etl-{number}")
        long.run(150_000, id="large")
        try:
            broken.run(id="broken")
        except tenuto.TaskFailed:
            pass
        for _ in range(3):
            etl.run(5)
    with tenuto.open(sys.argv[1], mode="owner") as engine:
        # In the journal only, and then the process dies in the middle of a run.
        etl.run(7, id="etl-7")
        gated.run(3, id="gated")
"""


def main(archive: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder, "compat_flows.py")
        program.write_text(CHILD)
        child = subprocess.run([sys.executable, str(program), "store"], cwd=folder, check=False)
        if child.returncode != -signal.SIGKILL:
            raise SystemExit(f"the child was to be killed, and ended with {child.returncode}")
        raw = io.BytesIO()
        with tarfile.open(fileobj=raw, mode="w") as packed:
            packed.add(program, "compat_flows.py")
            for path in sorted(Path(folder, "store").rglob("*")):
                if path.name not in ("lock.mdb", "shared", "owner.lock"):
                    packed.add(path, os.path.relpath(path, folder), recursive=False)
        archive.write_bytes(gzip.compress(raw.getvalue(), 9, mtime=0))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
