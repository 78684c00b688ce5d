"""Put a finished build in the place of the old one, so that a reader never meets half a site.

A build is written into a folder beside its target (same disk, so that a rename is one step), and takes the
target's place only when everything went well. These names stand beside a target called `site`, and only while
work goes on:

    .site.iop-guide-new      being written; worth nothing after a death
    .site.iop-guide-ready    whole and checked, not yet in place
    .site.iop-guide-old      the last good build, whole, out of the way for a moment
    .site.iop-guide-trash    being deleted
    .site.iop-guide-lock     held by the process at work; the file stays, and holds nothing

Each step is one rename, and each name says how far the work had come, so `repair` can mend a death at any
moment. The target is missing only between two renames. (Linux could swap two folders in one step; the plain
way serves every system, and has one path to test.)
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from .faults import Fault, FaultsFound

MARKER = ".iop-guide"
"""The file by which a folder is known as one of our builds, and so as one that the next build may replace."""
MARKER_TEXT = "This folder is a build of the IOP Guide. The next build replaces everything in it.\n"
WAIT_SECONDS = 600.0
"""How long a build waits for another one of the same target; many times what a build takes."""
_SAY_AFTER = 1.0


def say_to_stderr(sentence: str) -> None:
    """Print a sentence for the person who waits."""
    print(sentence, file=sys.stderr, flush=True)


def mark(folder: Path) -> None:
    """Write the marker file into `folder`. `staging` does it where a build has not done it by itself."""
    (folder / MARKER).write_bytes(MARKER_TEXT.encode("ascii"))


@contextmanager
def staging(target: Path, *, say: Callable[[str], None] = say_to_stderr) -> Iterator[Path]:
    """Yield an empty folder beside `target`; when the block ends well, put it in the place of `target`.

    When the block raises, `target` stays as it was, the folder is removed, and the exception goes on. An
    earlier interrupted swap is mended first. A second build of the same target waits for the first, says so
    through `say` after a second, and gives up after `WAIT_SECONDS`.

    Raises FaultsFound when `target` may not be replaced (a file, a link, a folder that is neither empty nor
    one of our builds, or one that holds a Git repository), when its parent is missing or cannot be written,
    and when the wait was too long.
    """
    place = _Place(target)
    place.check_parent()
    place.check_target()
    with place.held(say):
        sentence = place.mend()
        if sentence:
            say(sentence)
        place.check_target()  # it may have changed during the wait
        with place.faults("cannot be written"):
            place.new.mkdir()
        try:
            yield place.new
            with place.faults("cannot be replaced"):
                place.swap()
        except BaseException:
            with suppress(FaultsFound):  # the first fault is the one to tell; the next start mends again
                place.mend()
            raise


def repair(target: Path, *, say: Callable[[str], None] = say_to_stderr) -> str | None:
    """Mend a swap of `target` that was cut short; return a sentence on what was done.

    Returns None when there was nothing to mend. After that `target` is one whole build, the last or the one
    before it (or is missing, if there never was one), and nothing else is left. Waits for a build at work as
    `staging` does. Raises FaultsFound when the files cannot be moved or removed.
    """
    place = _Place(target)
    if not place.leftovers():
        return None
    with place.held(say):
        return place.mend()


class _Place:
    """A target and the names beside it."""

    def __init__(self, target: Path) -> None:
        self.shown = str(target)
        self.target = Path(os.path.abspath(target))
        if not self.target.name:
            raise self.fault("this is the top of the disk", "name a folder in it")
        self.new = self._beside("new")
        self.ready = self._beside("ready")
        self.old = self._beside("old")
        self.trash = self._beside("trash")
        self.lock = self._beside("lock")

    def _beside(self, word: str) -> Path:
        return self.target.with_name(f".{self.target.name}.iop-guide-{word}")

    def fault(self, what: str, mend: str) -> FaultsFound:
        return FaultsFound([Fault(self.shown, 0, what, mend)])

    @contextmanager
    def faults(self, what: str) -> Iterator[None]:
        """Turn an error of the file system into the one kind of message that people get."""
        try:
            yield
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise self.fault(
                f"the folder {what} ({reason})",
                f"check that {self.target.parent} can be written, and that no other program uses the folder",
            ) from error

    @contextmanager
    def held(self, say: Callable[[str], None]) -> Iterator[None]:
        """Hold the lock, so that two builds of one target never mix."""
        lock = FileLock(self.lock)
        with self.faults("cannot be locked"):
            try:
                lock.acquire(timeout=_SAY_AFTER)
            except Timeout:
                say(f"Another build is writing {self.shown}; waiting for it ...")
                try:
                    lock.acquire(timeout=WAIT_SECONDS - _SAY_AFTER)
                except Timeout:
                    raise self.fault(
                        f"another build has been writing it for {WAIT_SECONDS:.0f} seconds",
                        "wait until it is done, or end it, then start again",
                    ) from None
        try:
            yield
        finally:
            lock.release()

    def check_parent(self) -> None:
        parent = self.target.parent
        if not parent.is_dir():
            raise self.fault(f"there is no folder {parent} to put it in", "make that folder, or name another")

    def check_target(self) -> None:
        """Refuse to replace what is not ours: a wrong word after --out must never cost anyone a file."""
        target = self.target
        with self.faults("cannot be looked into"):
            target.lstat() if os.path.lexists(target) else target.exists()  # a name too long is told here
            if target.is_symlink():
                raise self.fault("this is a link", "name the folder that it points to, so that the link can stay")
            if not target.exists():
                return
            if not target.is_dir():
                raise self.fault("this is a file", "name a folder that is new, empty, or an earlier build")
            names = {entry.name for entry in os.scandir(target)}
        if not names:
            return
        if MARKER not in names:
            raise self.fault(
                f"this folder is not empty, and not a build of the guide (it has no file {MARKER})",
                "name a folder that is new, empty, or an earlier build",
            )
        if ".git" in names:
            raise self.fault(
                "this build has become a Git repository, and a new build would delete it",
                "build into another folder and copy the files over",
            )

    def leftovers(self) -> list[Path]:
        return [path for path in (self.new, self.ready, self.old, self.trash) if os.path.lexists(path)]

    def swap(self) -> None:
        """Put `new` in the place of `target`. A death between any two lines is mended by `mend`."""
        if not (self.new / MARKER).is_file():
            mark(self.new)
        os.rename(self.new, self.ready)
        if self.target.exists():
            os.rename(self.target, self.old)
        try:
            os.rename(self.ready, self.target)
        except BaseException:
            if self.old.exists() and not self.target.exists():
                os.rename(self.old, self.target)
            raise
        # The new build is in place; what cannot be deleted now, the next start deletes.
        with suppress(OSError):
            self._discard(self.old)

    def mend(self) -> str | None:
        """Bring the names beside the target to rest, from whatever state a death left; say what was done."""
        found = self.leftovers()
        if not found:
            return None
        sentence = f"A build of {self.shown} was cut short; its leftovers are removed."
        with self.faults("cannot be mended"):
            if not os.path.lexists(self.target):
                if self.ready in found:
                    os.rename(self.ready, self.target)
                    sentence = f"A build of {self.shown} was cut short when it was done; it is now in place."
                elif self.old in found:
                    os.rename(self.old, self.target)
                    sentence = f"A build of {self.shown} was cut short; the one before it is back in place."
            for path in (self.new, self.ready, self.old):
                self._discard(path)
            _remove(self.trash)
        return sentence

    def _discard(self, path: Path) -> None:
        """Delete a folder under the name `trash`: a half-deleted one must never pass for a whole one."""
        if not os.path.lexists(path):
            return
        _remove(self.trash)
        os.rename(path, self.trash)
        _remove(self.trash)


def _remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)
