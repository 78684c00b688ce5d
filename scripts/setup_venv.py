"""Make `.venv` ready, once: what build.py, serve.py and test.py share.

Standard library only, because it runs before anything is installed; and readable by Python 3.7, so that
an old Python gets one clear line, not a syntax error.

`.venv` holds a stamp, written last, that says what was installed into it. When the stamp agrees with the
lock files, the Python and the place of the project, nothing is done and no network is used. When work on
`.venv` was cut short, it is made anew: nobody can tell which of its files are whole.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
OLDEST_PYTHON = (3, 11, 5)
"""What the locked packages need."""
RUNTIME = "requirements.txt"
TESTS = "requirements-test.txt"
PROJECT = "pyproject.toml"
STAMP = "iop-guide-setup.json"
_TAIL_LINES = 12


class SetupError(Exception):
    """Why `.venv` could not be made ready and what to do, for the person who typed the command."""


def ensure(locks: Sequence[str] = (RUNTIME,), root: Path = ROOT) -> Path:
    """Make `root/.venv` hold what `locks` name and the project itself; return the path of its Python.

    Two commands started at once take turns. Raises SetupError; then no stamp calls the folder ready.
    """
    check_python()
    if _Plan(locks, root).ready:
        return venv_python(root)
    with _one_at_a_time(root / ".venv.lock"):
        return _set_up(_Plan(locks, root))  # looked at again: another command may have done it meanwhile


def check_python(version: tuple[int, ...] = tuple(sys.version_info[:3])) -> None:
    """Raise SetupError when `version` is older than the locked packages allow."""
    if version < OLDEST_PYTHON:
        raise SetupError(
            f"The guide needs Python {_dotted(OLDEST_PYTHON)} or newer, and this is {_dotted(version)}. "
            "Start it with a newer one, for example: python3.12 scripts/build.py"
        )


def venv_python(root: Path = ROOT) -> Path:
    """Return where the Python of `root/.venv` stands on this system."""
    return root / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def run_package(arguments: Sequence[str], python: Path) -> NoReturn:
    """Become `python -m iop_guide` with `arguments`.

    On Windows, where a process cannot become another one, run it and leave with its exit code.
    """
    command = [str(python), "-m", "iop_guide", *arguments]
    environment = child_environment()
    if os.name != "nt":
        sys.stdout.flush()
        os.execve(command[0], command, environment)
    try:
        raise SystemExit(subprocess.call(command, env=environment))
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def child_environment(base: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return `base` (default: ours) without what would point the Python of `.venv` or its pip elsewhere."""
    environment = dict(os.environ if base is None else base)
    for name in ("PYTHONHOME", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER", "PIP_REQUIREMENT"):
        environment.pop(name, None)
    environment.update(PYTHONUTF8="1", PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_NO_INPUT="1")
    return environment


def main(verb: str, arguments: Sequence[str]) -> NoReturn:
    """Make `.venv` ready, then become `iop_guide verb arguments`; or leave with 1 and one message."""
    try:
        python = ensure()
    except SetupError as error:
        stop(error)
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    run_package([verb, *arguments], python)


def stop(error: SetupError) -> NoReturn:
    """Print the message of `error` and leave with 1."""
    print(error, file=sys.stderr)
    raise SystemExit(1)


class _Plan:
    """What `.venv` holds, what it should hold, and so what is to be done."""

    def __init__(self, locks: Sequence[str], root: Path) -> None:
        self.root, self.folder, self.python = root, root / ".venv", venv_python(root)
        self.stamp = self.folder / STAMP
        version = platform.python_implementation() + " " + _dotted(sys.version_info[:3])
        base = {"python": version, "root": str(root)}
        hashes = {name: _sha256(root / name) for name in (RUNTIME, TESTS, PROJECT)}
        done = _read_stamp(self.stamp)
        # A changed lock means a new .venv too: then nothing is in it that the lock does not name.
        same_locks = all(done.get(name, hashes[name]) == hashes[name] for name in (RUNTIME, TESTS))
        same_base = all(done.get(key) == word for key, word in base.items())
        self.anew = not (same_base and same_locks and self.python.exists())
        kept = {} if self.anew else done
        self.missing = [name for name in locks if name not in kept]
        self.ready = not self.missing and kept.get(PROJECT) == hashes[PROJECT]
        self.result = {**kept, **base, **{name: hashes[name] for name in (*locks, PROJECT)}}


def _set_up(plan: _Plan) -> Path:
    if plan.ready:
        return plan.python
    started = time.monotonic()
    if plan.anew:
        print("Setting up .venv (once; it takes about a minute) ...", flush=True)
        _create(plan.folder)
    elif plan.missing:
        print("Adding what the tests need to .venv (once) ...", flush=True)
    # While this stands, a start that finds it knows that the work was cut short.
    _write_stamp(plan.stamp, {"unfinished": "yes"})
    pip = [str(plan.python), "-m", "pip", "install", "--quiet", "--no-input"]
    if plan.missing:
        files = [word for name in plan.missing for word in ("-r", str(plan.root / name))]
        # Only ready-made packages: building one would run, and fetch, code that no hash covers.
        _pip([*pip, "--require-hashes", "--only-binary", ":all:", *files])
    _pip([*pip, "--no-deps", "--no-build-isolation", "--no-index", "-e", str(plan.root)])
    _write_stamp(plan.stamp, plan.result)
    print(f".venv is ready ({time.monotonic() - started:.0f} s).", flush=True)
    return plan.python


def _create(folder: Path) -> None:
    if any(importlib.util.find_spec(name) is None for name in ("venv", "ensurepip")):
        raise SetupError(
            "This Python comes without venv, which the guide needs. On Debian or Ubuntu install it with: "
            "apt-get install python3-venv"
        )
    try:
        if folder.is_symlink() or folder.is_file():
            folder.unlink()
        elif folder.exists():
            shutil.rmtree(folder)
    except OSError as error:
        raise SetupError(
            f"The old .venv cannot be removed ({error}). Delete the folder {folder} yourself."
        ) from None
    done = _run([sys.executable, "-m", "venv", str(folder)])
    if done.returncode:
        raise SetupError(f"The folder .venv cannot be made:\n{_tail(done.stdout)}")


def _pip(command: Sequence[str]) -> None:
    done = _run(command)
    if done.returncode:
        raise SetupError(
            "The packages could not be installed. Most often the package index is out of reach: "
            f"check the network, then start again. The last lines of pip:\n{_tail(done.stdout)}"
        )


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env=child_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
        close_fds=False,  # the lock goes along: see _one_at_a_time
    )


def _tail(output: str) -> str:
    lines = [line.rstrip() for line in output.splitlines() if line.strip()]
    return "\n".join("    " + line for line in lines[-_TAIL_LINES:])


def _sha256(file: Path) -> str:
    try:
        # Line ends do not count: a clone on Windows may have others.
        return hashlib.sha256(file.read_bytes().replace(b"\r\n", b"\n")).hexdigest()
    except OSError as error:
        raise SetupError(
            f"{file.name} cannot be read ({error.strerror}). Is this a whole copy of the project?"
        ) from None


def _read_stamp(file: Path) -> dict[str, str]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write_stamp(file: Path, words: Mapping[str, str]) -> None:
    """Write the stamp in one step: a reader sees the old one or the new one, never half of it."""
    beside = file.with_suffix(".new")
    beside.write_text(json.dumps(words, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    os.replace(str(beside), str(file))


def _dotted(version: Sequence[int]) -> str:
    return ".".join(str(number) for number in version)


@contextlib.contextmanager
def _one_at_a_time(file: Path) -> Iterator[None]:
    """Hold a lock that the system drops by itself when this process dies. (filelock is not installed yet.)"""
    try:
        handle = open(file, "a+b")  # noqa: SIM115 (closed below, and by the system at any death)
    except OSError as error:
        raise SetupError(f"The project folder cannot be written ({error.strerror}): {file.parent}") from None
    with handle:
        waiting = False
        while not _try_lock(handle.fileno()):
            if not waiting:
                print("Another command is setting up .venv; waiting for it ...", flush=True)
                waiting = True
            time.sleep(0.2)
        if os.name != "nt":
            # venv and pip hold the lock too: should this process be killed, they may go on for a while, and
            # nobody may work on .venv before they are done.
            os.set_inheritable(handle.fileno(), True)
        yield


if os.name == "nt":

    def _try_lock(descriptor: int) -> bool:
        import msvcrt

        os.lseek(descriptor, 0, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        except OSError:
            return False
        return True

else:

    def _try_lock(descriptor: int) -> bool:
        import fcntl

        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a file system without locks: go on without one
            return True
        return True
