"""A network of copies: each equals a single build, a bad profile stops only itself, and a death costs nothing finished."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conftest import ROOT, tree
from iop_guide import network, stamp
from iop_guide.cli import main
from iop_guide.faults import FaultsFound
from iop_guide.profile import load_profile
from iop_guide.publish import mark
from iop_guide.view import Here, View

MAPLE = ROOT / "samples" / "maple-street"


def profile(name: str, site: str | None = None) -> str:
    lines = [f"name: {name}", "phone: (217) 555-0142", "address: [1 Main Street, 'Exampleton, IL 00000']"]
    return "\n".join([*lines, *([f"site: {site}"] if site else []), ""])


def copies(out: Path) -> list[str]:
    return sorted(entry.name for entry in out.iterdir() if entry.is_dir() and not entry.name.startswith("."))


@pytest.fixture
def profiles(tmp_path: Path) -> Path:
    """Two files and a folder with pictures: every shape of a profile."""
    folder = tmp_path / "profiles"
    folder.mkdir()
    (folder / "north.yml").write_text(profile("North <b>Clinic</b>", "https://health.example.org/north/"))
    (folder / "south.yml").write_text(profile("South Clinic", "https://health.example.org/south/"))
    shutil.copytree(MAPLE, folder / "maple")
    return folder


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A guide of a few pages, for the tests that make many copies."""
    folder = tmp_path / "site"
    frame = (
        '<!doctype html><html lang="en"><head><meta name="description" content="x"><title>{0} – IOP Guide</title>'
        '<meta name="text-checksum" content="sha256-0"></head><body><!--region brand--><!--/region-->'
        '<main class="wrap" id="main"><h1>{0}</h1><!--region contact--><!--/region--></main></body></html>'
    )
    for path in ("index.html", "help-now/index.html", "families/index.html"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(stamp.fill(frame.format(path), None, path), "utf-8")
    (folder / "assets").mkdir()
    (folder / "assets" / "guide.js").write_bytes(b"'use strict'" * 4000)
    (folder / "robots.txt").write_text("User-agent: *\nAllow: /\n")
    mark(folder)
    return folder


def test_each_copy_of_the_whole_guide_is_byte_for_byte_a_single_build(site: Path, profiles: Path, tmp_path: Path) -> None:
    out = tmp_path / "sites"
    report = network.build(profiles, site, out)
    assert (report.made, report.kept, report.not_made, report.faults) == (3, 0, 0, [])
    assert copies(out) == ["maple", "north", "south"]
    for name, file in (("maple", profiles / "maple" / "clinic.yml"), ("north", profiles / "north.yml")):
        stamp.copy(site, load_profile(file), tmp_path / name)
        assert tree(out / name) == tree(tmp_path / name)


@pytest.mark.parametrize("sample", ["maple-street", "open-door-online", "neutral"])
def test_pages_rendered_together_are_those_rendered_one_by_one(site: Path, sample: str) -> None:
    """A fragment is rendered once for all pages of a shape; nothing may differ from rendering it for each page."""
    guide = stamp.Site.read(site)
    file = ROOT / "samples" / sample / "clinic.yml"
    view = View(load_profile(file)) if sample != "neutral" else None
    done = stamp.Rendered()
    for page in guide.pages:
        root = "../" * page.path.count("/") or "./"
        here = Here(view, page.path, page.facts)
        clinic = view.profile if view else None
        parts = [page.fixed[0]]
        for name, after in zip(page.regions, page.fixed[1:], strict=True):
            template = stamp._fragment(name).template
            parts += (template.render(clinic=clinic, view=view, root=root, here=here).strip(), after)
        assert page.fill(view, done).decode() == "".join(parts), page.path
    assert len(guide.pages) > 100 and len(done) < 80


@pytest.mark.skipif(os.name == "nt", reason="links are not counted there")
def test_shared_files_stand_on_the_disk_once(small: Path, profiles: Path, tmp_path: Path) -> None:
    out = tmp_path / "sites"
    network.build(profiles, small, out)
    assert (out / "north/assets/guide.js").stat().st_nlink == 4  # three copies, and the one they link to
    assert (out / "north/index.html").stat().st_nlink == 1
    assert (small / "assets/guide.js").stat().st_nlink == 1, "the guide itself is nobody's other name"


def test_without_links_the_files_are_copied(
    small: Path, profiles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    network.build(profiles, small, tmp_path / "sites")
    assert (tmp_path / "sites/north/assets/guide.js").read_bytes() == (small / "assets/guide.js").read_bytes()


def test_what_is_unchanged_is_skipped(small: Path, profiles: Path, tmp_path: Path) -> None:
    out = tmp_path / "sites"
    network.build(profiles, small, out)
    before = {name: (out / name / "index.html").stat().st_mtime_ns for name in copies(out)}
    again = network.build(profiles, small, out)
    assert (again.made, again.kept) == (0, 3)
    assert {name: (out / name / "index.html").stat().st_mtime_ns for name in copies(out)} == before
    # A changed profile, a copy that someone spoiled, one that is gone: only what is not right any more is made.
    (profiles / "south.yml").write_text(profile("South Clinic, renamed", "https://health.example.org/south/"))
    assert (network.build(profiles, small, out).made, "renamed" in (out / "south/index.html").read_text()) == (1, True)
    (out / "north/index.html").write_text("spoiled")
    shutil.rmtree(out / "maple/families")
    (out / "south/left-here.txt").write_text("x")
    assert network.build(profiles, small, out).made == 3
    assert "spoiled" not in (out / "north/index.html").read_text() and (out / "maple/families/index.html").exists()
    assert not (out / "south/left-here.txt").exists()
    # A changed guide changes every copy, and its shared files.
    (small / "assets/guide.js").write_bytes(b"new")
    assert network.build(profiles, small, out).made == 3
    assert (out / "north/assets/guide.js").read_bytes() == b"new"
    assert len(list((out / network.SHARED).iterdir())) == 2, "the script, and the marker of a build"


def test_a_changed_logo_is_a_changed_profile(small: Path, profiles: Path, tmp_path: Path) -> None:
    out = tmp_path / "sites"
    network.build(profiles, small, out)
    logo = profiles / "maple" / "logo.svg"
    logo.write_text(logo.read_text("utf-8").replace("</svg>", "<title>New</title></svg>"), "utf-8")
    report = network.build(profiles, small, out)
    assert (report.made, report.kept) == (1, 2) or report.faults


def test_a_bad_profile_stops_only_itself(
    small: Path, profiles: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (profiles / "bad.yml").write_text("name: Bad\nphone: 911\n")
    (profiles / "Not a name.yml").write_text(profile("Named wrong"))
    (profiles / "north").mkdir()
    (profiles / "north" / "clinic.yml").write_text(profile("A second north"))
    (profiles / "twin.yml").write_text(profile("Twin", "https://health.example.org/south/"))
    (profiles / "notes.txt").write_text("not a profile")
    for name in ("con", "lpt9"):
        (profiles / f"{name}.yml").write_text(profile("A device"))
    (profiles / "aux").mkdir()
    (profiles / "aux" / "clinic.yml").write_text(profile("A device"))
    (profiles / "both").mkdir()
    for name in ("clinic.yml", "clinic.yaml"):
        (profiles / "both" / name).write_text(profile("Twice"))
    (profiles / "other").mkdir()
    (profiles / "other" / "clinic.yaml").write_text(profile("Other"))
    (profiles / "console.yaml").write_text(profile("Console"))
    (profiles / "gone.yml").symlink_to("moved-away.yml")
    (profiles / "loop.yml").symlink_to("loop.yml")
    status = main(["network", str(profiles), "--out", str(tmp_path / "sites"), "--site", str(small)])
    said = capsys.readouterr()
    assert status == 1
    assert copies(tmp_path / "sites") == ["both", "console", "maple", "north", "other", "south"]
    assert "6 copies made" in said.out and "10 not made" in said.out
    for words in (
        "bad.yml:2: “phone”: 911 is an emergency number",
        "“address” is missing",
        "Not a name.yml: the name “Not a name” cannot be the name of a copy",
        "the copy “north” has another profile",
        f"clinic.yaml: the copy “both” has another profile, {profiles / 'both' / 'clinic.yml'}",
        "con.yml: Windows can make no folder of the name “con”",
        "lpt9.yml: Windows can make no folder",
        f"{profiles / 'aux' / 'clinic.yml'}: Windows can make no folder",
        "gone.yml: there is no such file",
        "loop.yml: the file cannot be read",
        "twin.yml: its site https://health.example.org/south/ is also that of",
    ):
        assert words in said.err
    assert "Traceback" not in said.err and said.err.rstrip().endswith(f"All other copies are in {tmp_path / 'sites'}.")


def test_a_copy_whose_profile_went_bad_or_away_stays_as_it_was(small: Path, profiles: Path, tmp_path: Path) -> None:
    out = tmp_path / "sites"
    network.build(profiles, small, out)
    good = tree(out / "south")
    (profiles / "south.yml").write_text("name: [")
    (profiles / "north.yml").unlink()
    report = network.build(profiles, small, out)
    assert tree(out / "south") == good and (out / "north/index.html").exists()
    assert report.left_over == ["north"] and report.not_made == 1
    assert "1 copy without a profile: north" in "\n".join(report.lines())
    index = (out / "index.html").read_text("utf-8")
    assert "North" not in index and "Maple" in index


def test_the_page_of_locations(small: Path, profiles: Path, tmp_path: Path) -> None:
    shutil.rmtree(profiles / "maple")
    network.build(profiles, small, tmp_path / "sites")
    index = (tmp_path / "sites/index.html").read_text("utf-8")
    assert '<a href="./north/">North &lt;b&gt;Clinic&lt;/b&gt;</a>' in index
    assert '1 Main Street, Exampleton, IL 00000 · <a href="tel:+12175550142">(217) 555-0142</a>' in index
    assert index.index("tel:988") < index.index("<h1>") and "<script" not in index
    # Copies that will not stand side by side are linked where each says it is.
    (profiles / "far.yml").write_text(profile("Far", "https://far.example.org/guide/"))
    network.build(profiles, small, tmp_path / "sites")
    index = (tmp_path / "sites/index.html").read_text("utf-8")
    assert '<a href="https://far.example.org/guide/">Far</a>' in index
    assert '<a href="https://health.example.org/north/">' in index


@pytest.mark.parametrize("what", ["no folder", "no profiles", "a file", "not ours", "inside the guide", "the profiles", "no guide"])
def test_what_cannot_be_done_is_said_and_nothing_is_touched(what: str, small: Path, profiles: Path, tmp_path: Path) -> None:
    out = {"inside the guide": small / "sites", "the profiles": profiles}.get(what, tmp_path / "sites")
    guide, source = small, profiles
    if what == "no folder":
        source = tmp_path / "nowhere"
    elif what == "no profiles":
        source = tmp_path / "empty"
        source.mkdir()
    elif what == "a file":
        out.write_text("mine")
    elif what == "not ours":
        out.mkdir()
        (out / "thesis.txt").write_text("mine")
    elif what == "no guide":
        guide = tmp_path / "nowhere"
    before = tree(tmp_path)
    with pytest.raises(FaultsFound) as caught:
        network.build(source, guide, out)
    assert len(caught.value.faults) == 1
    assert tree(tmp_path) == before


def test_a_full_disk_is_one_fault(
    small: Path, profiles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: network.Work, profile: object, folder: Path) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(network.Work, "write", full)  # the processes are forked, so they have it too
    if sys.platform != "linux":
        pytest.skip("only forked processes see the change")
    with pytest.raises(FaultsFound) as caught:
        network.build(profiles, small, tmp_path / "sites")
    [fault] = caught.value.faults
    assert "No space left" in fault.what and "finished copies are kept" in fault.mend
    assert copies(tmp_path / "sites") == []


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is a signal")
def test_killed_runs_leave_every_copy_whole(small: Path, tmp_path: Path) -> None:
    """Runs killed at moments nobody chose; after each, every copy is a whole one, and the last run ends the work."""
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    folder, out = tmp_path / "profiles", tmp_path / "sites"
    folder.mkdir()
    command = [sys.executable, "-m", "iop_guide", "network", str(folder), "--out", str(out), "--site", str(small)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    cut_short = 0
    for version in range(6):
        for number in range(60):
            site = f"https://health.example.org/clinic-{number}/"
            (folder / f"clinic-{number}.yml").write_text(profile(f"Clinic {number} of version {version}", site))
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
        )
        wanted = chance.randrange(60)
        deadline = time.monotonic() + 30
        while process.poll() is None and time.monotonic() < deadline:
            done = out / network.DONE
            if done.exists() and done.read_text("utf-8").count(f"clinic-{wanted}"):
                break
            time.sleep(0.002)
        cut_short += process.poll() is None
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        for name in copies(out):
            pages = [(out / name / path).read_text("utf-8") for path in ("index.html", "families/index.html", "help-now/index.html")]
            versions = {page.split("of version ")[1][0] for page in pages}
            assert len(versions) == 1, f"seed {seed}: {name} is mixed"
    assert subprocess.run(command, env=environment, capture_output=True).returncode == 0
    assert len(copies(out)) == 60
    assert all("of version 5" in (out / name / "index.html").read_text("utf-8") for name in copies(out))
    left = [path.name for path in out.iterdir() if path.name.endswith(("-new", "-ready", "-old", "-trash"))]
    assert left == [], f"seed {seed}"
    assert cut_short, f"seed {seed}: no run was ever cut short"
    assert all(json.loads(line) for line in (out / network.DONE).read_text("utf-8").splitlines())


def test_two_runs_never_mix(small: Path, profiles: Path, tmp_path: Path) -> None:
    out = tmp_path / "sites"
    out.mkdir()
    with network._at_work(out), pytest.raises(FaultsFound, match="another run is writing"):
        network.build(profiles, small, out)
