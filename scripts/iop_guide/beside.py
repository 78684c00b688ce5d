"""Work in a process of its own, while this one goes on with something else."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import TypeVar

T = TypeVar("T")


def beside(work: Callable[[], T]) -> Callable[[], T]:
    """Begin `work` on another core; return a function that waits for its result, or raises what it raised.

    The process is forked, so `work` sees everything as it now is, and nothing but its result is handed over. Only Linux
    forks safely, and only where no other thread is at work; elsewhere the work is done at once.
    """
    if sys.platform != "linux" or threading.active_count() > 1 or (os.cpu_count() or 1) == 1:
        result = work()
        return lambda: result
    here, there = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=_work, args=(work, here, there), daemon=True)
    process.start()
    there.close()  # so that the end of the process is the end of the pipe

    def wait() -> T:
        try:
            good, found = here.recv()
        except EOFError:
            raise RuntimeError("a process that worked beside this one was ended from outside") from None
        finally:
            process.join()
            here.close()
        if not good:
            raise found
        result: T = found
        return result

    return wait


def _work(work: Callable[[], object], here: Connection, there: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that the person started decides, and says so once
    here.close()
    try:
        answer: tuple[bool, object] = True, work()
    except Exception as error:
        answer = False, error
    there.send(answer)
