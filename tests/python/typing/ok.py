"""Code that must pass mypy --strict."""

from datetime import timedelta
from typing import Any

from tenuto import Retry, Run, info, open, otherwise, task, when, workflow


@task
def fetch(url: str, *, depth: int = 1) -> bytes:
    return url.encode() * depth


@task(retry=Retry(attempts=3), timeout=timedelta(seconds=30))
async def parse(page: bytes) -> dict[str, int]:
    return {str(page): info().attempt}


def plain(x: int) -> int:
    return x


named = task(plain, name="named", retry=3, timeout="90s", pure=True)


@workflow
def etl(url: str, limit: int = 10) -> Any:
    page = fetch(url, depth=2)
    size = parse(page)
    with when((size["n"] > limit) & ~(size["ok"] == False)):  # noqa: E712
        named(size["n"])
    with otherwise(size["n"] < 3):
        named(3, name="three", after=page)
    with otherwise():
        fetch.using(name="again", after=[page])(url)
    return size


@workflow(name="typed", description="gives an int")
def typed(x: int) -> int:
    result: int = named(x)
    return result


def main() -> int:
    with open("store.db", mode="owner", durability="relaxed", retention_age="30d") as engine:
        run: Run[Any] = etl.start("http://x", limit=3)
        chosen: Run[int] = typed.start(3, id="typed-3", engine=engine)
        number: int = chosen.result(timeout="1m") + typed.run(4)
        states: list[str] = [row.state for row in engine.runs(workflow="etl", state=["failed"], since="2h")]
        run.cancel("not needed", by="ann")
        print(run.tree(), run.status().tasks, states, engine.stats())
    return number


async def on_a_loop() -> int:
    run = await typed.start_async(3)
    return await run
