"""The demonstration: onboards 1,000 employees at services that fail now and then, kills the engine's process half way,
starts it again, and counts at the services what happened.

    python demo.py [--folder FOLDER]
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import services
from onboard_all import read_people
from tasks import SERVICES_VARIABLE

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
START_SECONDS_MAX = 30
RUN_SECONDS_MAX = 600


class DemoFailed(Exception):
    """The demonstration did not get to its end; the text says why."""


def start_services(folder: Path) -> subprocess.Popen[bytes]:
    """Starts the services. They end with this process: it holds the other end of their standard input."""
    process = subprocess.Popen([sys.executable, HERE / "services.py", folder], stdin=subprocess.PIPE)
    deadline = time.monotonic() + START_SECONDS_MAX
    while not (folder / "services.json").exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise DemoFailed("the services did not start")
        time.sleep(0.02)
    return process


def start_engine(store: Path, folder: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, SERVICES_VARIABLE: str(folder / "services.json")}
    return subprocess.Popen([sys.executable, HERE / "onboard_all.py", store], env=environment)


def kill_half_way(engine: subprocess.Popen[bytes], folder: Path, employees: int) -> dict[str, dict[str, int]]:
    """Kills the engine when half of the accounts are made; returns what the services have at that moment."""
    deadline = time.monotonic() + RUN_SECONDS_MAX
    while services.counts(folder)["accounts"]["records"] < employees // 2:
        if engine.poll() is not None:
            raise DemoFailed(f"the engine's process ended by itself with {engine.returncode} before it was half way")
        if time.monotonic() > deadline:
            raise DemoFailed(f"half of the accounts were not made in {RUN_SECONDS_MAX} s")
        time.sleep(0.01)
    engine.send_signal(signal.SIGKILL)
    engine.wait()
    return services.counts(folder)


def expected(people: list[dict[str, str]]) -> dict[str, int]:
    """What the services must have when everybody is onboarded once."""
    return {
        "accounts": len(people),
        "mailboxes": len(people),
        "orders": len(people),
        "repositories": sum(person["role"] == "engineer" for person in people),
        "vpn": sum(person["kind"] == "employee" for person in people),
        "mails": len(people),
    }


def report(found: dict[str, dict[str, int]], wanted: dict[str, int]) -> bool:
    """Prints the counts beside what they must be; true when all are right."""
    print(f"  {'at the services':<16}{'wanted':>8}{'made':>8}{'missing':>9}{'twice':>7}   repeated requests")
    right = True
    for name, number in wanted.items():
        count = found[name]
        missing, twice = number - count["distinct"], count["records"] - count["distinct"]
        right = right and missing == 0 and twice == 0
        print(f"  {name:<16}{number:>8}{count['records']:>8}{missing:>9}{twice:>7}   {count['repeated']}")
    return right


def show_more(store: Path) -> None:
    """Prints the metrics table and the commands that show more."""
    beside = Path(sys.executable).with_name("tenuto")
    command = str(beside) if beside.exists() else "tenuto"
    print("\nMetrics (tenuto stats):", flush=True)
    subprocess.run([command, "--db", store, "stats", "-o", "table"], check=True)
    shown = os.path.relpath(command) if beside.exists() else command
    print("\nLook further:")
    for verb in ("ls", "tree @last", "events @last", "show @last -o json"):
        print(f"  {shown} --db {os.path.relpath(store)} {verb}")


def demonstrate(folder: Path) -> bool:
    people = read_people()
    wanted = expected(people)
    store = folder / "store"
    print(
        f"Onboarding {len(people)} employees at a directory and an asset service (HTTP) and a mail server (SMTP), each"
        " failing now and then"
    )
    service_process = start_services(folder)
    try:
        began = time.monotonic()
        engine = start_engine(store, folder)
        try:
            half = kill_half_way(engine, folder, len(people))
            print(
                f"{time.monotonic() - began:6.1f} s  killed the engine's process {engine.pid} with SIGKILL:"
                f" {half['accounts']['records']} accounts, {half['mails']['records']} welcome mails so far"
            )
            engine = start_engine(store, folder)
            print(f"{time.monotonic() - began:6.1f} s  started it again", flush=True)
            if engine.wait(timeout=RUN_SECONDS_MAX) != 0:
                raise DemoFailed(f"the engine's process ended with {engine.returncode}")
        finally:
            engine.kill()
            engine.wait()
        print(f"{time.monotonic() - began:6.1f} s  all runs have ended\n")
        right = report(services.counts(folder), wanted)
    finally:
        service_process.communicate()
    if right:
        print("\nEvery employee is onboarded once: none missing, none made twice.")
    show_more(store)
    return right


def main() -> int:
    parser = argparse.ArgumentParser(description="Onboards 1,000 employees and kills the engine half way.")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "demo", help="made anew (default: build/demo)")
    folder: Path = parser.parse_args().folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        if demonstrate(folder):
            return 0
        print("\nThe counts are off: this is a bug of the engine.", file=sys.stderr)
    except (DemoFailed, subprocess.SubprocessError, OSError) as error:
        print(f"\nThe demonstration failed: {error}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
