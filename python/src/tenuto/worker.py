"""Running the bodies of tasks: threads for `def`, one event loop for `async def`.

The loop over a batch is in the extension module (python/bindings/worker.h), so that the interpreter is entered once per
batch and a body costs one call. Threads start when there is something to run, up to the slots of the pool.

`async def` bodies all run on one thread with an event loop. The thread that polled one passes it on and goes on polling.
"""

import asyncio
import contextlib
import os
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from tenuto import _core, _registry
from tenuto._body import DONE, TIMED_OUT, AsyncBody, Body, Failure, async_body, describe, sync_body, timed_out
from tenuto._context import Facts, TaskInfo, in_async_body
from tenuto.errors import InvalidArgument, TenutoError

if TYPE_CHECKING:
    from tenuto._registry import AnyTask

__all__ = ["Workers", "default_slots"]

#: Token, outcome and what belongs to it.
Ended: TypeAlias = tuple[int, int, bytes | Failure | None]

# How many `async def` bodies are under way at a time. Each costs some kilobytes; not critical.
_ASYNC_MAX: Final = 10_000


def default_slots() -> int:
    """Threads per pool: bodies mostly wait for others, and those that compute share the GIL anyway."""
    return min(32, 4 * (os.cpu_count() or 1))


class Workers:
    """The bodies of this process for one engine, and the threads that run them.

    Thread-safe.

    Args:
        engine: the owner of a store.
        slots: threads per pool.
        enter: called first in every thread, to make the engine the current one there.
    """

    def __init__(self, engine: _core.Engine, slots: int, enter: Callable[[], object]) -> None:
        self._engine = engine
        self._slots = slots
        self._enter = enter
        self._bodies = _core.Bodies()
        self._lock = threading.Lock()
        self._pools: dict[str, _core.Worker] = {}
        self._loop: _Loop | None = None
        self._stopped = False

    def start(self) -> None:
        """Begins to serve: the tasks that are declared, and those that will be."""
        _registry.subscribe(self.add)

    def add(self, task: "AnyTask") -> None:
        """Serves a task."""
        with self._lock:
            if self._stopped:
                return
            worker = self._pools.get(task.pool)
            if worker is None:
                worker = self._pools[task.pool] = self._engine.open_worker(task.pool, self._slots)
                worker.hire()
                self._thread(worker)
            if task.is_async:
                self._loop = self._loop or _Loop(self._enter)
                self._bodies.add(
                    self._engine, task.action, self._loop.submitter(worker, _built(task, async_body)), True
                )
            else:
                self._bodies.add(self._engine, task.action, _built(task, sync_body), False)

    def stop(self, grace: float) -> None:
        """Takes no more tasks, and gives the bodies that run some time to be recorded.

        Args:
            grace: seconds.
        """
        _registry.unsubscribe(self.add)
        with self._lock:
            if self._stopped:
                return
            self._stopped = True
            pools, loop = list(self._pools.values()), self._loop
        end = time.monotonic() + grace
        for worker in pools:
            with contextlib.suppress(TenutoError):
                worker.close()
        if loop is not None:
            loop.stop(end)
        for worker in pools:
            worker.wait_idle(_nanoseconds_to(end))

    def join(self, grace: float) -> None:
        """Waits for the threads to end, after the engine was closed; those that are stuck in a body are left behind.

        Args:
            grace: seconds.
        """
        end = time.monotonic() + grace
        for worker in self._pools.values():
            worker.join(_nanoseconds_to(end))

    def _thread(self, worker: _core.Worker) -> None:
        """Starts a thread that has been hired. A daemon: a body that never ends must not keep the process."""
        threading.Thread(target=self._serve, args=(worker,), name="tenuto-worker", daemon=True).start()

    def _serve(self, worker: _core.Worker) -> None:
        self._enter()
        worker.serve(self._bodies, describe, lambda: self._thread(worker))


def _nanoseconds_to(end: float) -> int:
    return max(0, int((end - time.monotonic()) * 1e9))


def _built(task: "AnyTask", build: Callable[[Any], Any]) -> Any:
    """The body of a task. At its first call when annotations name what is defined below the task."""
    try:
        return build(task.signature)
    except InvalidArgument:
        pass
    built: Body | AsyncBody | None = None

    def body(arguments: bytes) -> Any:
        nonlocal built
        if built is None:
            built = build(task.signature)
        return built(arguments)

    return body


class _Loop:
    """The thread with the event loop. `_arrived` and `_ended` are batched: one wake-up, one report for many bodies."""

    def __init__(self, enter: Callable[[], object]) -> None:
        self._enter = enter
        self._loop = asyncio.new_event_loop()
        self._room = threading.Semaphore(_ASYNC_MAX)
        self._tasks: set[asyncio.Task[None]] = set()
        self._lock = threading.Lock()
        self._arrived: list[Callable[[], None]] = []
        self._ended: dict[_core.Worker, list[Ended]] = {}
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="tenuto-async", daemon=True)
        self._thread.start()

    def submitter(self, worker: _core.Worker, body: AsyncBody) -> Callable[[bytes, int, Facts, int], None]:
        """What a worker calls with a task of this body, on its own thread; waits while there are too many."""

        def submit(arguments: bytes, token: int, facts: Facts, timeout_ns: int) -> None:
            self._room.acquire()
            with self._lock:
                self._arrived.append(lambda: self._begin(worker, body, arguments, token, facts, timeout_ns))
                first = len(self._arrived) == 1
            if first and not self._stopping:
                self._loop.call_soon_threadsafe(self._take)

        return submit

    def stop(self, end: float) -> None:
        """Gives the bodies until `end` on the monotonic clock, then cancels them and ends the thread."""
        self._stopping = True
        self._room.release(_ASYNC_MAX)
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(lambda: self._loop.create_task(self._finish(end)))
        self._thread.join(max(0.0, end - time.monotonic()) + 0.5)

    def _run(self) -> None:
        self._enter()
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.close()

    def _take(self) -> None:
        with self._lock:
            arrived, self._arrived = self._arrived, []
        for begin in arrived:
            begin()

    def _begin(
        self, worker: _core.Worker, body: AsyncBody, arguments: bytes, token: int, facts: Facts, timeout_ns: int
    ) -> None:
        task = self._loop.create_task(self._perform(worker, body, arguments, token, facts, timeout_ns))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _perform(
        self, worker: _core.Worker, body: AsyncBody, arguments: bytes, token: int, facts: Facts, timeout_ns: int
    ) -> None:
        in_async_body(TaskInfo(*facts))
        alarm = _Alarm(self._loop, timeout_ns)
        try:
            self._report(worker, (token, DONE, await body(arguments)))
        except asyncio.CancelledError as error:
            if self._stopping:
                raise
            # The engine has the same time-out; whichever is first, the attempt counts as timed out.
            ended = (TIMED_OUT, timed_out(timeout_ns)) if alarm.rang else describe(error)
            self._report(worker, (token, *ended))
        except BaseException as error:
            self._report(worker, (token, *describe(error)))
        finally:
            alarm.stop()
            self._room.release()

    def _report(self, worker: _core.Worker, ended: Ended) -> None:
        waiting = self._ended.setdefault(worker, [])
        waiting.append(ended)
        if len(waiting) == 1:
            self._loop.call_soon(self._flush, worker)

    def _flush(self, worker: _core.Worker) -> None:
        worker.complete(self._ended.pop(worker, []))

    async def _finish(self, end: float) -> None:
        tasks = set(self._tasks)
        if tasks:
            await asyncio.wait(tasks, timeout=max(0.0, end - time.monotonic()))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for worker in list(self._ended):
            self._flush(worker)
        self._loop.stop()


class _Alarm:
    """Cancels the current asyncio task at the time-out of its attempt."""

    def __init__(self, loop: asyncio.AbstractEventLoop, timeout_ns: int) -> None:
        self.rang = False
        self._task = asyncio.current_task()
        self._timer = loop.call_later(timeout_ns / 1e9, self._ring) if timeout_ns >= 0 else None

    def stop(self) -> None:
        """The body has ended."""
        if self._timer is not None:
            self._timer.cancel()

    def _ring(self) -> None:
        self.rang = True
        if self._task is not None:
            self._task.cancel()
