"""Work beside the main process: its result comes back, and so does what went wrong in it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import pytest

from conftest import ROOT
from iop_guide.beside import beside
from iop_guide.faults import Fault, FaultsFound

forks = pytest.mark.skipif(sys.platform != "linux" or os.cpu_count() == 1, reason="only Linux forks safely")


def alone(code: str) -> subprocess.CompletedProcess[str]:
    """Run a few lines in a process that has no other thread, as a build has none; those that run the tests do."""
    return subprocess.run(
        [sys.executable, "-c", "import os, signal\nfrom iop_guide.beside import beside\n" + code],
        env={**os.environ, "PYTHONPATH": str(ROOT / "scripts")}, capture_output=True, text=True,
    )  # fmt: skip


@forks
def test_the_work_is_done_in_another_process_on_what_was_there() -> None:
    code = (
        "seen = {'before': 1}\nwait = beside(lambda: (os.getpid(), dict(seen)))\nseen['after'] = 2\n"
        "pid, saw = wait()\nprint(pid != os.getpid(), saw)"
    )
    assert alone(code).stdout == "True {'before': 1}\n"


@forks
def test_a_process_that_is_ended_from_outside_is_told() -> None:
    done = alone("beside(lambda: os.kill(os.getpid(), signal.SIGKILL))()")
    assert done.returncode == 1 and "ended from outside" in done.stderr


@forks
def test_what_it_raised_elsewhere_is_raised_here() -> None:
    code = (
        "from iop_guide.faults import Fault, FaultsFound\ndef work(): raise FaultsFound([Fault('a.yml', 3, 'x', 'y')])\n"
        "try: beside(work)()\nexcept FaultsFound as found: print(found.faults[0])"
    )
    assert alone(code).stdout == "a.yml:3: x; y\n"


def test_with_another_thread_at_work_nothing_is_forked() -> None:
    def work() -> None:
        raise FaultsFound([Fault("a.yml", 3, "what", "mend")])

    thread = threading.Thread(target=time.sleep, args=(0.3,))
    thread.start()
    assert beside(os.getpid)() == os.getpid()
    with pytest.raises(FaultsFound):
        beside(work)
    thread.join()
