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
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from tenuto import _core, _registry
from tenuto._body import DONE, TIMED_OUT, AsyncBody, Body, Failure, async_body, describe, sync_body, timed_out
from tenuto._context import Facts, in_async_body
from tenuto.errors import InvalidArgument, TenutoError

if TYPE_CHECKING:
    from tenuto._registry import AnyTask

__all__ = ["Workers", "default_slots"]

#: Token, outcome and what belongs to it.
Ended: TypeAlias = tuple[int, int, bytes | Failure | None]
#: Body, argument, token, facts and time-out in nanoseconds (-1: none).
Begun: TypeAlias = tuple[AsyncBody, bytes, int, Facts, int]

# So many `async def` bodies may be under way when more are taken. Each costs some kilobytes; not critical.
_ASYNC_MAX: Final = 10_000
# So many are taken in one turn of the loop: those that do not wait end in its next turn, before many more live. What lives
# is looked at by the garbage collector again and again: with all at once that took a quarter of the time.
_TAKEN_MAX: Final = 128


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
                self._bodies.add(self._engine, task.action, _built(task, async_body), self._loop.submitter(worker))
            else:
                self._bodies.add(self._engine, task.action, _built(task, sync_body), None)

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
    """The thread with the event loop. Bodies come, and are reported, many at a time: one wake-up, one call.

    Threads that submit and the loop share `_arrived` and `_under_way`, under the lock of `_room`; all else is the loop's.
    """

    def __init__(self, enter: Callable[[], object]) -> None:
        self._enter = enter
        self._loop = asyncio.new_event_loop()
        self._room = threading.Condition()
        self._arrived: deque[tuple[_core.Worker, list[Begun]]] = deque()
        self._under_way = 0
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._ended: dict[_core.Worker, list[Ended]] = {}
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="tenuto-async", daemon=True)
        self._thread.start()

    def submitter(self, worker: _core.Worker) -> Callable[[list[Begun]], None]:
        """What a worker calls with tasks that have begun, on its own thread; waits while there are too many."""

        def submit(begun: list[Begun]) -> None:
            with self._room:
                if self._stopping:
                    return  # They begin again when the store is opened again.
                if not self._arrived:
                    self._loop.call_soon_threadsafe(self._take)
                for at in range(0, len(begun), _TAKEN_MAX):
                    self._arrived.append((worker, begun[at : at + _TAKEN_MAX]))
                self._under_way += len(begun)
                while self._under_way > _ASYNC_MAX and not self._stopping:
                    self._room.wait()

        return submit

    def stop(self, end: float) -> None:
        """Gives the bodies until `end` on the monotonic clock, then cancels them and ends the thread."""
        with self._room:
            self._stopping = True
            self._room.notify_all()
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(lambda: self._loop.create_task(self._finish(end)))
        self._thread.join(max(0.0, end - time.monotonic()) + 0.5)

    def _run(self) -> None:
        self._enter()
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.close()

    def _take(self) -> None:
        with self._room:
            worker, begun = self._arrived.popleft()
            if self._arrived:
                self._loop.call_soon(self._take)
        create_task, perform, tasks = self._loop.create_task, self._perform, self._tasks
        for body, arguments, token, facts, timeout_ns in begun:
            tasks[token] = create_task(perform(worker, body, arguments, token, facts, timeout_ns))

    async def _perform(
        self, worker: _core.Worker, body: AsyncBody, arguments: bytes, token: int, facts: Facts, timeout_ns: int
    ) -> None:
        in_async_body(facts)
        alarm = _Alarm(self._loop, timeout_ns) if timeout_ns >= 0 else None
        try:
            self._report(worker, (token, DONE, await body(arguments)))
        except asyncio.CancelledError as error:
            if self._stopping:
                raise
            # The engine has the same time-out; whichever is first, the attempt counts as timed out.
            rang = alarm is not None and alarm.rang
            self._report(worker, (token, *((TIMED_OUT, timed_out(timeout_ns)) if rang else describe(error))))
        except BaseException as error:
            self._report(worker, (token, *describe(error)))
        finally:
            if alarm is not None:
                alarm.stop()
            self._tasks.pop(token, None)

    def _report(self, worker: _core.Worker, ended: Ended) -> None:
        waiting = self._ended.setdefault(worker, [])
        waiting.append(ended)
        if len(waiting) == 1:
            self._loop.call_soon(self._flush, worker)

    def _flush(self, worker: _core.Worker) -> None:
        ended = self._ended.pop(worker, [])
        worker.complete(ended)
        with self._room:
            self._under_way -= len(ended)
            self._room.notify_all()

    async def _finish(self, end: float) -> None:
        while self._arrived:  # One turn of the loop takes some.
            await asyncio.sleep(0)
        tasks = set(self._tasks.values())
        if tasks:
            await asyncio.wait(tasks, timeout=max(0.0, end - time.monotonic()))
        tasks = set(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for worker in list(self._ended):
            self._flush(worker)
        self._loop.stop()


class _Alarm:
    """Cancels the current asyncio task at the time-out of its attempt."""

    def __init__(self, loop: asyncio.AbstractEventLoop, timeout_ns: int) -> None:
        self.rang = False
        self._task = asyncio.current_task()
        self._timer = loop.call_later(timeout_ns / 1e9, self._ring)

    def stop(self) -> None:
        """The body has ended."""
        self._timer.cancel()

    def _ring(self) -> None:
        self.rang = True
        if self._task is not None:
            self._task.cancel()
