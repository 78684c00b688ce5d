"""Copies of the whole guide for 10, 100 and 1,000 clinics, beside plain MkDocs started once for each clinic, in one run.

    .venv/bin/python tests/benchmarks/network.py [--sizes 10 100 1000] [--where FOLDER] [--mkdocs 3] [--jobs N]

For each size it prints the seconds of the first run and of a second one, when nothing changed; the room on the disk;
the most memory that all its processes held at once (Linux); and how many times longer plain MkDocs would take: `mkdocs
build` of the same Markdown with stock Material, measured --mkdocs times between the other runs, multiplied by the number
of clinics and divided by the cores, as if one ran on each. It also checks three copies of the largest size, byte for
byte, against single builds. --where chooses the disk: a folder in memory (Linux: /dev/shm) shows what the disk costs.
"""

from __future__ import annotations

import argparse
import filecmp
import os
import random
import re
import shutil
import statistics
import sys
import tempfile
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
sys.path.insert(0, str(ROOT / "tests"))

from benchmarks.beside_stock_material import STOCK, build  # noqa: E402 (the paths are set above)
from iop_guide import stamp  # noqa: E402
from iop_guide.profile import load_profile  # noqa: E402

SAMPLE = ROOT / "samples" / "maple-street"


def write_profiles(folder: Path, count: int) -> None:
    """The fullest sample, under as many names and addresses."""
    text = (SAMPLE / "clinic.yml").read_text("utf-8")
    for number in range(count):
        place = folder / f"clinic-{number:04}"
        shutil.copytree(SAMPLE, place)
        mine = text.replace("Maple Street Counseling", f"Maple Street Counseling {number}")
        mine = re.sub(r"(?m)^site: .*", f"site: https://health.example.org/clinic-{number:04}/", mine)
        (place / "clinic.yml").write_text(mine, "utf-8")


class Watch:
    """The most memory that a run and its processes hold at once, shared pages counted once (Linux only)."""

    def __init__(self) -> None:
        self.most, self._stop = 0.0, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stop.wait(0.1):
            self.most = max(self.most, sum(_held(pid) for pid in _below(os.getpid())))


def _below(pid: int) -> list[int]:
    """All processes that a process started, and those that they started."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(word) for word in task.read_text().split()]
        except OSError:
            continue
        for child in children:
            found += [child, *_below(child)]
    return found


def _held(pid: int) -> float:
    """Megabytes of a process, its share of what it shares with others."""
    try:
        return int(re.search(r"Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text())[1]) / 1024  # type: ignore[index]
    except (OSError, TypeError):
        return 0.0


def same(one: Path, other: Path) -> bool:
    """Whether two folders hold the same files with the same bytes."""
    names = [sorted(p.relative_to(top).as_posix() for p in top.rglob("*") if p.is_file()) for top in (one, other)]
    return names[0] == names[1] and not any(filecmp.cmpfiles(one, other, names[0], shallow=False)[1:])


def room(folder: Path) -> float:
    """Megabytes that a folder takes, files with several names counted once."""
    seen: dict[tuple[int, int], int] = {}
    for top, _, names in os.walk(folder):
        for name in names:
            status = os.stat(os.path.join(top, name))
            seen[status.st_dev, status.st_ino] = status.st_blocks * 512
    return sum(seen.values()) / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 100, 1000])
    parser.add_argument("--where", type=Path, help="where the copies go (default: the temporary folder)")
    parser.add_argument("--mkdocs", type=int, default=3, help="how often plain MkDocs is measured")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.where) as name:
        scratch = Path(name)
        stock, site = scratch / "stock", scratch / "site"
        shutil.copytree(ROOT / "docs" / "en", stock / "docs")
        for path in (stock / "docs").rglob("*.md"):  # our own templates are not there
            path.write_text(re.sub(r"^template: .*\n", "", path.read_text("utf-8"), flags=re.M), "utf-8")
        (stock / "mkdocs.yml").write_text(STOCK, "utf-8")
        once = build(ROOT, [sys.executable, "-m", "iop_guide", "build", "--out", str(site)])
        pages = len(list(site.rglob("*.html")))
        print(f"The guide: {pages} pages, built once in {once:.1f} s. {given.jobs} processes; copies in {scratch.parent}")
        plain: list[float] = []
        rows = []
        for size in given.sizes:
            profiles, out = scratch / f"profiles-{size}", scratch / f"sites-{size}"
            profiles.mkdir()
            write_profiles(profiles, size)
            command = [sys.executable, "-m", "iop_guide", "network", str(profiles), "--out", str(out)]
            command += ["--site", str(site), "--jobs", str(given.jobs)]
            with Watch() as watch:
                first, second = build(ROOT, command), build(ROOT, command)
            rows.append((size, first, second, room(out), watch.most))
            if len(plain) < given.mkdocs:
                plain.append(build(stock, [sys.executable, "-m", "mkdocs", "build", "-q"]))
            if size != max(given.sizes):
                shutil.rmtree(out)
        while len(plain) < given.mkdocs:
            plain.append(build(stock, [sys.executable, "-m", "mkdocs", "build", "-q"]))
        each = statistics.median(plain)
        print(f"Plain MkDocs, stock Material, the same Markdown: {each:.2f} s a clinic (middle of {len(plain)}).")
        print(" copies    seconds   ms a copy   again    disk MB   memory MB   plain MkDocs would take")
        for size, first, second, megabytes, memory in rows:
            would = each * size / min(given.jobs, size)
            print(
                f"{size:7,} {first:10.2f} {first / size * 1000:11.1f} {second:7.2f} {megabytes:10,.0f} {memory:11,.0f}   "
                f"{would:,.0f} s, {would / first:,.0f} times as long"
            )
        largest = max(given.sizes)
        for number in random.sample(range(largest), min(3, largest)):
            copy = f"clinic-{number:04}"
            single = scratch / "single"
            stamp.copy(site, load_profile(scratch / f"profiles-{largest}" / copy / "clinic.yml"), single)
            if not same(single, scratch / f"sites-{largest}" / copy):
                sys.exit(f"{copy} is not what a single build makes")
            print(f"{copy} is byte for byte a single build.")


if __name__ == "__main__":
    main()
