"""Prefect with a server of its own that lives as long as this program, on SQLite."""

import logging
import os

import peer

_OPTIONS = peer.options()
# Read when prefect is imported.
os.environ |= {
    "PREFECT_HOME": str(_OPTIONS.dir),
    "PREFECT_API_URL": "",
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "true",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "60",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_TO_API_ENABLED": "false",
    "DO_NOT_TRACK": "1",
}

from prefect import flow, task  # noqa: E402
from prefect.task_runners import ThreadPoolTaskRunner  # noqa: E402


@task
def noop(_n: int = 0) -> None:
    return None


@flow
def five() -> None:
    for _ in range(5):
        noop()


@flow(task_runner=ThreadPoolTaskRunner(max_workers=2))
def wide(width: int) -> None:
    noop.map(range(width)).wait()


@flow
def one() -> None:
    noop()


def many(runs: int) -> int:
    for _ in range(runs):
        five()
    return 5 * runs


def fan(width: int) -> int:
    wide(width)
    return width


def main() -> None:
    logging.disable()
    one()  # Starts the server.
    peer.tell(
        _OPTIONS.json,
        "prefect",
        {
            "many": peer.throughput(many, 1, 1_000, _OPTIONS.seconds),
            "fan": peer.throughput(fan, 5, 10_000, _OPTIONS.seconds),
            "step": peer.latency(one, 100, _OPTIONS.seconds),
        },
    )


if __name__ == "__main__":
    main()
