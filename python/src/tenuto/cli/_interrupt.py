"""Ctrl-C that always works.

Python raises KeyboardInterrupt between two bytecodes, so a call that waits in the library keeps the process. Here a thread
of its own hears the signal as well, and ends the process when it has not ended by itself in time. What was acknowledged is
durable, so nothing is lost.
"""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator

from tenuto.cli._exit import INTERRUPTED

__all__ = ["prompt_interrupts"]

# Longer than a closing engine gives its bodies (tenuto.engine), and short to a person who waits.
_GRACE_S = 1.5


@contextlib.contextmanager
def prompt_interrupts() -> Iterator[None]:
    """Bounds the time from SIGINT to the end of the process while the block runs. In other threads it does nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ear, mouth = os.pipe()
    os.set_blocking(mouth, False)
    before = signal.set_wakeup_fd(mouth, warn_on_full_buffer=False)
    threading.Thread(target=_listen, args=(ear,), name="tenuto-interrupts", daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        os.close(mouth)


def _listen(ear: int) -> None:
    """Ends with the block: the other end of the pipe is closed then."""
    with open(ear, "rb", buffering=0) as signals:
        while numbers := signals.read(16):
            if signal.SIGINT in numbers:
                time.sleep(_GRACE_S)
                os.write(2, b"tenuto: interrupted\n")
                os._exit(INTERRUPTED)
