"""Copies of the whole guide for 10, 100 and 1,000 clinics, beside plain MkDocs started once for each clinic, in one run.

    .venv/bin/python tests/benchmarks/network.py [--sizes 10 100 1000] [--where FOLDER] [--mkdocs 3] [--jobs N]

For each size it prints the seconds of the first run (and of a second one, when nothing changed), the most memory that any
process held, the room on the disk, and how many times longer plain MkDocs would take: `mkdocs build` of the same Markdown
with stock Material, measured --mkdocs times between the other runs and multiplied by the number of clinics, divided by the
cores (as if one ran on each). It also checks three copies of the largest size, byte for byte, against single builds.
--where chooses the disk: a folder in memory (Linux: /dev/shm) shows what the disk costs.
"""

from __future__ import annotations

import argparse
import filecmp
import os
import random
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
sys.path.insert(0, str(ROOT / "tests" / "benchmarks"))

from beside_stock_material import STOCK, build  # noqa: E402 (the paths are set above)

from iop_guide import network, stamp  # noqa: E402
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
    parser.add_argument("--where", type=Path, help="where the copies are written (default: the system's temporary folder)")
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
        print(f"The guide: {pages} pages, built once in {once:.1f} s. {given.jobs} processes; copies in {scratch.parent}.")
        plain: list[float] = []
        rows = []
        for size in given.sizes:
            profiles, out = scratch / f"profiles-{size}", scratch / f"sites-{size}"
            profiles.mkdir()
            write_profiles(profiles, size)
            command = [sys.executable, "-m", "iop_guide", "network", str(profiles), "--out", str(out)]
            command += ["--site", str(site), "--jobs", str(given.jobs)]
            first, second = build(ROOT, command), build(ROOT, command)
            rows.append((size, first, second, room(out)))
            if len(plain) < given.mkdocs:
                plain.append(build(stock, [sys.executable, "-m", "mkdocs", "build", "-q"]))
            if size != max(given.sizes):
                shutil.rmtree(out)
        while len(plain) < given.mkdocs:
            plain.append(build(stock, [sys.executable, "-m", "mkdocs", "build", "-q"]))
        each = statistics.median(plain)
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / (1e6 if sys.platform == "darwin" else 1024)
        print(f"Plain MkDocs, stock Material, the same Markdown: {each:.2f} s a clinic (middle of {len(plain)}).")
        print(" copies    seconds   ms a copy   again    disk MB   plain MkDocs would take")
        for size, first, second, megabytes in rows:
            would = each * size / min(given.jobs, size)
            print(
                f"{size:7,} {first:10.2f} {first / size * 1000:11.1f} {second:7.2f} {megabytes:10,.0f}   "
                f"{would:,.0f} s, {would / first:,.0f} times as long"
            )
        print(f"Most memory of any one process, the builds of the guide and of MkDocs included: {memory:,.0f} MB.")
        largest = max(given.sizes)
        for number in random.sample(range(largest), min(3, largest)):
            copy = f"clinic-{number:04}"
            single = scratch / "single"
            stamp.stamp_site(site, load_profile(scratch / f"profiles-{largest}" / copy / "clinic.yml"), single)
            if not same(single, scratch / f"sites-{largest}" / copy):
                sys.exit(f"{copy} is not what a single build makes")
            print(f"{copy} is byte for byte a single build.")


if __name__ == "__main__":
    main()
