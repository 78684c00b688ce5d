"""Many copies at once: a folder of profiles and one finished guide in, a folder of copies out.

The guide is read once. Each copy is its pages cut at their regions, with the clinic's words in between, and hard links
to the files that are the same in every copy. Every copy takes its place by `publish.staging`, so a run that is
killed leaves each copy as a whole one, the new or the one before it, and the next run goes on from there.

In SITES stand the copies, `index.html` with the locations, and what only we need, under names that begin with a dot:

    .iop-guide-network        the marker by which the folder is known as ours
    .iop-guide-network-lock   held by the run at work
    .iop-guide-shared/        the files that all copies share, each named by its digest
    .iop-guide-done.jsonl     what each copy was made from; a copy whose line still holds is skipped
"""

from __future__ import annotations

import gc
import hashlib
import json
import multiprocessing
import os
import pickle
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import jinja2
import pydantic
from filelock import FileLock, Timeout

from . import fields, share, stamp
from .faults import Fault, FaultsFound
from .profile import Profile, load_profile
from .publish import repair, staging

MARKER = ".iop-guide-network"
MARKER_TEXT = "This folder holds copies of the IOP Guide, made by `iop-guide network`. The next run may replace them.\n"
SHARED = ".iop-guide-shared"
DONE = ".iop-guide-done.jsonl"
_LOCK = ".iop-guide-network-lock"
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
"""What may be a folder on every system, and a word in an address."""
_DEVICE = re.compile(r"con|prn|aux|nul|(?:com|lpt)[1-9]")
"""What Windows takes for a device, and makes no folder of."""
_PROFILES = ("clinic.yml", "clinic.yaml")
_CHUNK = 4
"""Copies handed to a process at a time: few enough for an even load, enough to keep the hand-over cheap."""


@dataclass(frozen=True)
class Place:
    """One line of the page of locations: text as the profile gives it, to be escaped where it is shown."""

    name: str
    """Of the copy, its folder."""
    clinic: str
    lines: tuple[tuple[str, str, str, str], ...]
    """Each location: its name where it has one, its address in one line, its phone, and that as a link says it."""
    site: str | None


@dataclass(frozen=True)
class Result:
    """What became of one profile."""

    name: str
    site: str | None = None
    place: Place | None = None
    faults: tuple[Fault, ...] = ()
    kept: bool = False
    """The copy from an earlier run is still right."""
    line: str = ""
    """For the file of what is done."""
    written: int = 0
    stopped: bool = False
    """The disk, not the profile, is at fault: the others would fare no better."""


@dataclass
class Report:
    """What a run did, for people, for benchmarks and for the exit status."""

    made: int = 0
    kept: int = 0
    not_made: int = 0
    written: int = 0
    seconds: float = 0.0
    left_over: list[str] = field(default_factory=list)
    """Copies whose profile is gone."""
    faults: list[Fault] = field(default_factory=list)

    def refuse(self, faults: Iterable[Fault]) -> bool:
        """Take in the faults of a profile; returns whether there are any."""
        faults = list(faults)
        self.faults += faults
        self.not_made += bool(faults)
        return bool(faults)

    def add(self, result: Result) -> None:
        """Take in what became of a copy."""
        refused = self.refuse(result.faults)
        self.kept += result.kept
        self.made += not result.kept and not refused
        self.written += result.written

    def lines(self) -> list[str]:
        """The report as sentences, one a line."""
        made = f"{_copies(self.made)} made" + (f" ({self.written / 1e6:,.0f} MB written)" if self.made else "")
        lines = [f"{made}, {self.kept} unchanged and kept, {self.not_made} not made, in {self.seconds:.1f} seconds."]
        if self.left_over:
            shown = ", ".join(self.left_over[:10]) + (" and others" if len(self.left_over) > 10 else "")
            lines.append(f"{_copies(len(self.left_over))} without a profile: {shown}. Delete them if they have closed.")
        return lines


def find_profiles(folder: Path) -> tuple[dict[str, Path], list[Fault]]:
    """The profiles in a folder by the name of their copy: `NAME.yml`, or `NAME/clinic.yml` with its pictures beside it
    (both end in `.yml` or in `.yaml`).

    Returns them with a fault for each whose name cannot be a folder, or stands twice. Raises FaultsFound when the
    folder cannot be read or holds no profile.
    """
    shown = str(folder)
    found: dict[str, Path] = {}
    faults: list[Fault] = []
    try:
        entries = sorted(folder.iterdir())
        files = [e for e in entries if e.suffix in (".yml", ".yaml") and (e.is_file() or e.is_symlink())]
        files += [e / name for e in entries if e.is_dir() for name in _PROFILES if (e / name).is_file()]
    except OSError as error:
        what, mend = f"the folder cannot be read ({error.strerror})", "name the folder that holds your profiles"
        raise FaultsFound([Fault(shown, 0, what, mend)]) from None
    for file in files:
        name = file.parent.name if file.parent != folder else file.stem
        if not _NAME.fullmatch(name):
            what = f"the name “{name[:80]}” cannot be the name of a copy"
            faults.append(Fault(str(file), 0, what, "rename it: a-z, 0-9 and “-” only, 63 letters at most"))
        elif _DEVICE.fullmatch(name):
            what = f"Windows can make no folder of the name “{name}”"
            faults.append(Fault(str(file), 0, what, "rename it, so that the copy can be brought to any computer"))
        elif name in found:
            what = f"the copy “{name}” has another profile, {found[name]}"
            faults.append(Fault(str(file), 0, what, "keep one of them, or rename one"))
        else:
            found[name] = file
    if not found and not faults:
        mend = "put files NAME.yml or NAME/clinic.yml there, one for each clinic"
        raise FaultsFound([Fault(shown, 0, "there is no profile in this folder", mend)])
    return found, faults


class Work:
    """What every copy needs, read once: the guide, and the digests of the files that are the same in every copy."""

    def __init__(self, site: stamp.Site, out: Path) -> None:
        self.site, self.out = site, out
        self.digest = hashlib.sha256(f"{_code()}\n{site.digest}".encode()).hexdigest()
        self.shared: dict[str, str] = {}
        for path in site.shared:
            with (site.folder / path).open("rb") as file:
                self.shared[path] = hashlib.file_digest(file, "sha256").hexdigest()
        paths = (*self.shared, *(page.path for page in site.pages))
        self.folders = sorted({above for path in paths for above in _above(os.path.dirname(path))})
        """Those of every copy, each after the one that it stands in."""

    def store(self) -> None:
        """Put the shared files into SITES, so that the copies need nothing outside it; remove those of older guides."""
        folder = self.out / SHARED
        folder.mkdir(exist_ok=True)
        for path, digest in self.shared.items():
            target = folder / digest
            if target.is_file():
                with target.open("rb") as file:
                    if hashlib.file_digest(file, "sha256").hexdigest() == digest:
                        continue
            beside = folder / f"{digest}.new"
            shutil.copyfile(self.site.folder / path, beside)
            os.replace(beside, target)
        for name in {entry.name for entry in os.scandir(folder)} - set(self.shared.values()):
            (folder / name).unlink()  # copies that still link to it keep it

    def write(self, profile: Profile, folder: Path) -> int:
        """Write a clinic's copy into an empty folder; returns the bytes that it takes on the disk."""
        top, store, written = str(folder), str(self.out / SHARED), 0
        for path in self.folders:
            os.mkdir(f"{top}/{path}")
        there = {"", *self.folders}
        for path, digest in self.shared.items():
            written += _link(f"{store}/{digest}", f"{top}/{path}")
        for path, data in self.site.made(profile):
            if (parent := path.rpartition("/")[0]) not in there:
                for above in sorted(set(_above(parent)) - there):
                    os.mkdir(f"{top}/{above}")
                    there.add(above)
            written += _write(f"{top}/{path}", data)
        return written


def build(
    profiles: Path,
    site: Path,
    out: Path,
    *,
    jobs: int | None = None,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Report:
    """Make a copy of the finished guide in `site` for every profile in `profiles`, as folders of `out`.

    A bad profile stops only its own copy; its faults are in the report. `jobs` is the number of processes (default: one
    for each core), `progress` is told how many copies are done. Raises FaultsFound when nothing can be made at all:
    `site` is no finished guide, `out` is not ours, there are no profiles, or the disk is full (then what is finished
    stays, and a second run goes on from there).
    """
    started = time.monotonic()
    found, faults = find_profiles(profiles)
    report = Report(faults=faults, not_made=len(faults))
    _check_out(out, site, profiles)
    work = Work(stamp.Site.read(site), Path(os.path.abspath(out)))
    with _at_work(out):
        try:
            (out / MARKER).write_text(MARKER_TEXT, "ascii")
            work.store()
        except OSError as error:
            raise FaultsFound([_full(out, error)]) from error
        try:
            places = _all_copies(work, found, report, jobs or os.cpu_count() or 1, progress)
            (out / "index.html.new").write_bytes(_index(places))
            os.replace(out / "index.html.new", out / "index.html")
        except OSError as error:
            raise FaultsFound([_full(out, error)]) from error
        finally:
            for name in found:
                repair(out / name)
        report.left_over = sorted(
            entry.name for entry in os.scandir(out)
            if entry.is_dir() and not entry.name.startswith(".") and entry.name not in found
        )  # fmt: skip
    report.faults.sort()
    report.seconds = time.monotonic() - started
    return report


def _all_copies(
    work: Work, found: dict[str, Path], report: Report, jobs: int, progress: Callable[[int, int], None]
) -> list[Place]:
    """Read every profile, then make or keep every copy; the report is filled on the way."""
    global _work
    before = _done_before(work.out)
    places: list[Place] = []
    _work = work  # a forked process has it already; any other one reads it anew in _begin
    # Forking shares the guide's pages between the processes and saves each its start. Only Linux does it safely.
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else None)
    with (
        tempfile.TemporaryDirectory() as scratch,
        ProcessPoolExecutor(jobs, context, _begin, (work.site.folder, work.out)) as pool,
        (work.out / DONE).open("a", encoding="utf-8") as journal,
    ):
        try:
            read = list(pool.map(partial(_read, scratch), found.items(), chunksize=16))
            good = [name for name, faults in _check_addresses(read, found).items() if not report.refuse(faults)]
            tasks = [(name, before.get(name, "")) for name in good]
            for number, result in enumerate(pool.map(partial(_copy, scratch), tasks, chunksize=_CHUNK), 1):
                if result.stopped:
                    raise FaultsFound(result.faults)
                report.add(result)
                if result.place:
                    places.append(result.place)
                if result.line:
                    journal.write(result.line + "\n")
                    journal.flush()
                progress(number, len(good))
        except BrokenProcessPool:
            what, mend = "a process was ended from outside", "start again: every finished copy is kept"
            raise FaultsFound([Fault(str(work.out), 0, what, mend)]) from None
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
        finally:
            _work = None
    _shorten(work.out, set(found))
    return places


_work: Work | None = None


def _begin(site: Path, out: Path) -> None:
    global _work
    # What a copy needs is freed when it is done; looking for cycles after every few hundred objects finds nothing.
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that the person started decides, and says so once
    if _work is None:
        _work = Work(stamp.Site.read(site), out)


def _read(scratch: str, item: tuple[str, Path]) -> Result:
    """Read one profile. What is read waits on the disk, so that memory does not grow with the number of clinics."""
    name, file = item
    try:
        profile = load_profile(file)
    except FaultsFound as found:
        return Result(name, faults=tuple(found.faults))
    Path(scratch, name).write_bytes(pickle.dumps(profile))
    return Result(name, profile.site)


def _copy(scratch: str, task: tuple[str, str]) -> Result:
    """Make one copy in a process of the pool, or find that the one that stands there is right."""
    assert _work is not None
    name, before = task
    profile: Profile = pickle.loads(Path(scratch, name).read_bytes())  # our own, in a folder that only we can read
    target = _work.out / name
    made_from = hashlib.sha256(f"{_work.digest}\n{profile.key}".encode()).hexdigest()
    try:
        repair(target, say=_nothing)
        if before and before == _line(name, made_from, target):
            return Result(name, place=_place(name, profile), kept=True)
        with staging(target, say=_nothing) as folder:
            written = _work.write(profile, folder)
        return Result(name, place=_place(name, profile), line=_line(name, made_from, target), written=written)
    except OSError as error:
        return Result(name, faults=(_full(_work.out, error),), stopped=True)
    except FaultsFound as found:
        return Result(name, faults=tuple(found.faults))


def _nothing(sentence: str) -> None:
    """A thousand copies are mended in silence; the summary counts them."""


def _place(name: str, profile: Profile) -> Place:
    at = [(place.name, place.address, place.phone or profile.phone) for place in profile.locations]
    at = at or [("", profile.address, profile.phone)]
    lines = tuple((where, ", ".join(address), phone, fields.tel(phone)) for where, address, phone in at)
    return Place(name, profile.name, lines, profile.site)


def _line(name: str, made_from: str, target: Path) -> str:
    """What is known of a finished copy: what it was made from, and the names, sizes and times of its files."""
    look = hashlib.sha256()
    for path, size, changed in sorted(_files(str(target), "")):
        look.update(f"{path}\0{size}\0{changed}\n".encode())
    return json.dumps({"copy": name, "from": made_from, "files": look.hexdigest()})


def _files(folder: str, under: str) -> Iterator[tuple[str, int, int]]:
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _files(entry.path, f"{under}{entry.name}/")
        else:
            status = entry.stat(follow_symlinks=False)
            yield f"{under}{entry.name}", status.st_size, status.st_mtime_ns


def _done_before(out: Path) -> dict[str, str]:
    """The last line of each copy; a line that a killed run left half-written counts for nothing."""
    lines: dict[str, str] = {}
    try:
        for line in (out / DONE).read_text("utf-8", "replace").split("\n"):
            try:
                lines[str(json.loads(line)["copy"])] = line
            except (ValueError, KeyError, TypeError):
                continue
    except FileNotFoundError:
        pass
    return lines


def _shorten(out: Path, names: set[str]) -> None:
    """Keep one line a copy in the file of what is done."""
    lines = [line for name, line in sorted(_done_before(out).items()) if name in names]
    (out / f"{DONE}.new").write_text("".join(f"{line}\n" for line in lines), "utf-8")
    os.replace(out / f"{DONE}.new", out / DONE)


def _check_addresses(read: Iterable[Result], files: dict[str, Path]) -> dict[str, tuple[Fault, ...]]:
    """The faults of each profile by its name, and that of standing at another one's address.

    A search engine, and the person who uploads them, would take two copies with one address for each other.
    """
    first: dict[str, str] = {}
    faults = {}
    for result in read:
        faults[result.name] = result.faults
        if result.site is not None and (other := first.setdefault(result.site, result.name)) != result.name:
            what = f"its site {result.site} is also that of {files[other]}"
            fault = Fault(str(files[result.name]), 0, what, "give each copy an address of its own")
            faults[result.name] = (fault,)
    return faults


def _check_out(out: Path, site: Path, profiles: Path) -> None:
    """Refuse a folder that is not ours, or that would stand in the way of what is read."""

    def stop(what: str, mend: str) -> FaultsFound:
        return FaultsFound([Fault(str(out), 0, what, mend)])

    target = out.resolve()
    for other in (site.resolve(), profiles.resolve()):
        if target == other or other in target.parents or target in other.parents:
            raise stop(f"the copies would stand in the way of {other}", "name a folder neither inside it nor around it")
    try:
        if out.is_symlink():
            raise stop("this is a link", "name the folder that it points to")
        if out.exists() and not out.is_dir():
            raise stop("this is a file", "name a folder that is new, empty, or holds copies of an earlier run")
        out.mkdir(exist_ok=True)
        names = {entry.name for entry in os.scandir(out)} - {_LOCK}
    except OSError as error:
        mend = "check that its parent folder exists and can be written"
        raise stop(f"the folder cannot be made or read ({error.strerror})", mend) from None
    if names and MARKER not in names:
        mend = "name a folder that is new, empty, or holds copies of an earlier run"
        raise stop(f"this folder is not empty, and not one of ours (it has no file {MARKER})", mend)


@contextmanager
def _at_work(out: Path) -> Iterator[None]:
    """Hold the folder, so that two runs never mix."""
    lock = FileLock(out / _LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        mend = "wait until it is done, or end it, then start again"
        raise FaultsFound([Fault(str(out), 0, "another run is writing these copies", mend)]) from None
    except OSError as error:
        raise FaultsFound([_full(out, error)]) from error
    try:
        yield
    finally:
        lock.release()


def _full(out: Path, error: OSError) -> Fault:
    what = f"the copies cannot be written ({error.strerror or type(error).__name__})"
    return Fault(str(out), 0, what, "check that there is room on the disk, then start again: finished copies are kept")


def _index(places: Iterable[Place]) -> bytes:
    """The page of all locations. It links to the copies beside it, or to where each says it is found."""
    rows = sorted(places, key=lambda place: (place.clinic.casefold(), place.name))
    # Copies that will stand side by side are linked side by side, so that the page works before it is published too.
    beside = len({place.site and place.site.removesuffix(f"{place.name}/") for place in rows}) == 1
    links = {place.name: f"./{place.name}/" if beside or not place.site else place.site for place in rows}
    return share.page("network.html", places=rows, links=links).encode("utf-8")


def _code() -> str:
    """A digest of everything but guide and profile that the bytes of a copy depend on."""
    digest = hashlib.sha256(f"{sys.version}{jinja2.__version__}{pydantic.VERSION}".encode())
    ours = [*Path(__file__).parent.iterdir(), *share.TEMPLATES.rglob("*")]
    for file in sorted(path for path in ours if path.is_file()):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _above(path: str) -> Iterator[str]:
    """A folder and those it stands in: "a/b" → "a/b", "a"."""
    while path:
        yield path
        path = os.path.dirname(path)


def _link(source: str, target: str) -> int:
    """One more name for a shared file; a copy of it where the system has no links, or no more of them."""
    try:
        os.link(source, target)
        return 0
    except (OSError, NotImplementedError):
        shutil.copyfile(source, target)
        return os.path.getsize(target)


def _write(path: str, data: bytes) -> int:
    """Write a new file with as few calls of the system as there can be; a copy has more than a hundred."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    finally:
        os.close(descriptor)
    return len(data)


def _copies(number: int) -> str:
    return f"{number:,} cop" + ("y" if number == 1 else "ies")
