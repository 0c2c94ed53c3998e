"""Code that mypy must refuse: each line with a comment, and no other. The comment is the error's code."""

from tenuto import Retry, open, task, when, workflow


@task
def fetch(url: str, depth: int = 1) -> bytes:
    return url.encode() * depth


@workflow
def etl(url: str) -> bytes:
    page: bytes = fetch(url)
    fetch(3)  # expect: call-overload
    fetch()  # expect: call-overload
    fetch(url, deep=2)  # expect: call-overload
    fetch(url, depth="2")  # expect: call-overload
    fetch.using(retries=3)  # expect: call-arg
    fetch.using(retry="3")  # expect: arg-type
    with when(page, label="x"):  # expect: call-arg
        pass
    return page


task(len, retry="3")  # expect: call-overload
task(len, timeout=30)  # expect: call-overload
Retry(3)  # expect: call-arg
Retry(attempts=3, jitter="some")  # expect: arg-type
etl.run(3)  # expect: call-overload
etl.start("x", "y")  # expect: call-overload
etl.start("x").result(30)  # expect: arg-type
number: int = etl.run("x")  # expect: assignment
open(mode="both")  # expect: arg-type
