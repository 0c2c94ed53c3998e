"""DBOS on SQLite with its own settings: each step is recorded before the next begins."""

import asyncio

import peer
from dbos import DBOS


@DBOS.step()
def noop() -> None:
    return None


@DBOS.step()
async def anoop() -> None:
    return None


@DBOS.workflow()
def five() -> None:
    for _ in range(5):
        noop()


@DBOS.workflow()
async def wide(width: int) -> None:
    await asyncio.gather(*(anoop() for _ in range(width)))


@DBOS.workflow()
def one() -> None:
    noop()


def many(runs: int) -> int:
    handles = [DBOS.start_workflow(five) for _ in range(runs)]
    for handle in handles:
        handle.get_result()
    return 5 * runs


def fan(width: int) -> int:
    async def start() -> None:
        handle = await DBOS.start_workflow_async(wide, width)
        await handle.get_result()

    asyncio.run(start())
    return width


def main() -> None:
    options = peer.options()
    DBOS(config={"name": "bench", "system_database_url": f"sqlite:///{options.dir}/dbos.sqlite", "log_level": "ERROR"})
    DBOS.launch()
    peer.tell(
        options.json,
        "dbos",
        {
            "many": peer.throughput(many, 5, 1_000, options.seconds),
            "fan": peer.throughput(fan, 20, 10_000, options.seconds),
            "step": peer.latency(one, 500, options.seconds),
        },
    )


if __name__ == "__main__":
    main()
