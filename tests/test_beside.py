"""Work beside the main process: its result comes back, and so does what went wrong in it."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

import pytest

from iop_guide.beside import beside
from iop_guide.faults import Fault, FaultsFound


def test_the_result_comes_back_while_this_process_went_on() -> None:
    seen = {"before": 1}
    wait = beside(lambda: (os.getpid(), dict(seen)))
    seen["after"] = 2
    pid, saw = wait()
    assert saw["before"] == 1
    if sys.platform == "linux" and (os.cpu_count() or 1) > 1:
        assert pid != os.getpid()
        assert saw == {"before": 1}


def test_what_it_raised_is_raised_here() -> None:
    def work() -> None:
        raise FaultsFound([Fault("a.yml", 3, "what", "mend")])

    with pytest.raises(FaultsFound) as raised:
        beside(work)()
    assert list(raised.value.faults) == [Fault("a.yml", 3, "what", "mend")]


@pytest.mark.skipif(sys.platform != "linux" or os.cpu_count() == 1, reason="only Linux forks safely")
def test_a_process_that_is_ended_from_outside_is_told() -> None:
    wait = beside(lambda: os.kill(os.getpid(), signal.SIGKILL))
    with pytest.raises(RuntimeError, match="ended from outside"):
        wait()


def test_with_another_thread_at_work_nothing_is_forked() -> None:
    thread = threading.Thread(target=time.sleep, args=(0.3,))
    thread.start()
    assert beside(os.getpid)() == os.getpid()
    thread.join()
