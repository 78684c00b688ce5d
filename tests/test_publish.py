"""The swap: whatever happens, the target is one whole build, and nobody's own files are touched."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from iop_guide import publish
from iop_guide.faults import FaultsFound
from iop_guide.publish import MARKER, MARKER_TEXT, mark, repair, staging

SCRIPTS = Path(__file__).resolve().parent.parent / "scripts"
FILES = 12

# What the child processes run. A build is whole when its sums.txt names every file with its content.
CHILD = f"""
import hashlib, os, sys, time
from pathlib import Path
from iop_guide.publish import staging

def build(target, version):
    with staging(target) as folder:
        sums = []
        for number in range({FILES}):
            content = (str(version) + " ") * 500
            (folder / "pages").mkdir(exist_ok=True)
            (folder / "pages" / f"{{number}}.html").write_text(content)
            sums.append(hashlib.sha256(content.encode()).hexdigest())
        (folder / "sums.txt").write_text("\\n".join([str(version), *sums]))

target = Path(sys.argv[1])
"""


def child(script: str, *arguments: object) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(SCRIPTS)}
    command = [sys.executable, "-c", CHILD + script, *map(str, arguments)]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )


def run(script: str, *arguments: object) -> int:
    """Run a child to its end; return its exit code: 0, or 9 if it died as it was told to."""
    process = child(script, *arguments)
    _, errors = process.communicate(timeout=60)
    assert process.returncode in (0, 9), errors
    return process.returncode


def version_of(target: Path) -> str:
    """Return the version of the build in `target`; fail if it is not whole, or if anything else is there."""
    version, *sums = (target / "sums.txt").read_text().split("\n")
    pages = sorted((target / "pages").iterdir(), key=lambda page: int(page.stem))
    assert [hashlib.sha256(page.read_bytes()).hexdigest() for page in pages] == sums
    assert len(sums) == FILES
    assert all(set(page.read_text().split()) == {version} for page in pages)
    assert sorted(path.name for path in target.iterdir()) == [MARKER, "pages", "sums.txt"]
    return version


def beside(target: Path) -> list[str]:
    """Return the names beside the target, without the lock file, which stays and holds nothing."""
    return sorted(path.name for path in target.parent.iterdir() if not path.name.endswith("-lock"))


def write(folder: Path, word: str) -> None:
    (folder / "index.html").write_text(word)


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "site"


def refusal(target: Path) -> str:
    """Return the one fault that stops a build of `target`, having checked that the block never ran."""
    with pytest.raises(FaultsFound) as caught, staging(target):
        raise AssertionError("the block must not run")
    [fault] = caught.value.faults
    assert fault.what and fault.mend and fault.file == str(target)
    return str(fault)


def test_first_build_and_the_next(target: Path) -> None:
    for word in ("first", "second"):
        with staging(target) as folder:
            assert folder.parent == target.parent and folder.name.startswith(".site.")
            assert list(folder.iterdir()) == []
            write(folder, word)
        assert (target / "index.html").read_text() == word
        assert (target / MARKER).read_text() == MARKER_TEXT
        assert beside(target) == ["site"]


def test_files_that_are_gone_from_the_new_build_are_gone_from_the_target(target: Path) -> None:
    with staging(target) as folder:
        (folder / "gone.html").write_text("x")
    with staging(target) as folder:
        write(folder, "x")
    assert not (target / "gone.html").exists()


def test_a_relative_target_stays_the_same_when_the_block_moves_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    with staging(Path("site")) as folder:
        write(folder, "x")
        monkeypatch.chdir(tmp_path / "elsewhere")
    assert (tmp_path / "site" / "index.html").exists()


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), SystemExit(1)])
def test_a_block_that_raises_leaves_the_target(target: Path, error: BaseException) -> None:
    with staging(target) as folder:
        write(folder, "good")
    with pytest.raises(type(error)), staging(target) as folder:
        write(folder, "bad")
        raise error
    assert (target / "index.html").read_text() == "good"
    assert beside(target) == ["site"]


def test_a_failed_first_build_leaves_nothing(target: Path) -> None:
    with pytest.raises(ValueError), staging(target):
        raise ValueError
    assert beside(target) == []


@pytest.mark.parametrize("failing", [1, 2, 3])
def test_a_rename_that_fails_brings_the_last_build_back(
    target: Path, failing: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with staging(target) as folder:
        write(folder, "good")
    rename, calls = os.rename, 0

    def fails_once(source: Path, to: Path) -> None:
        nonlocal calls
        calls += 1
        if calls == failing:
            raise PermissionError(13, "Permission denied")
        rename(source, to)

    monkeypatch.setattr(os, "rename", fails_once)
    with pytest.raises(FaultsFound, match="cannot be replaced"), staging(target) as folder:
        write(folder, "new")
    assert (target / "index.html").read_text() == "good"
    assert beside(target) == ["site"]


def test_an_old_build_that_cannot_be_deleted_does_not_spoil_the_new_one(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with staging(target) as folder:
        write(folder, "old")

    def fails(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", fails)
        with staging(target) as folder:
            write(folder, "new")
    assert (target / "index.html").read_text() == "new"
    assert beside(target) == [".site.iop-guide-trash", "site"]
    assert repair(target) is not None
    assert beside(target) == ["site"]


# Refusals: what stands there belongs to someone.


def test_refuses_a_folder_that_is_not_a_build(target: Path) -> None:
    target.mkdir()
    (target / "thesis.odt").write_text("years of work")
    assert "not a build of the guide" in refusal(target)
    assert (target / "thesis.odt").read_text() == "years of work"
    assert beside(target) == ["site"]


def test_takes_an_empty_folder_and_a_plain_build_that_was_marked(target: Path) -> None:
    target.mkdir()
    with staging(target) as folder:
        write(folder, "x")
    shutil.rmtree(target)
    target.mkdir()
    write(target, "made without the swap")
    mark(target)
    with staging(target) as folder:
        write(folder, "new")
    assert (target / "index.html").read_text() == "new"


def test_refuses_a_build_that_became_a_git_repository(target: Path) -> None:
    with staging(target) as folder:
        write(folder, "x")
    (target / ".git").mkdir()
    assert "Git repository" in refusal(target)


def test_refuses_a_file(target: Path) -> None:
    target.write_text("mine")
    assert "this is a file" in refusal(target)
    assert target.read_text() == "mine"


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
@pytest.mark.parametrize("exists", [True, False])
def test_refuses_a_link(target: Path, tmp_path: Path, exists: bool) -> None:
    if exists:
        (tmp_path / "real").mkdir()
    target.symlink_to(tmp_path / "real")
    assert "this is a link" in refusal(target)
    assert target.is_symlink()


def test_refuses_a_missing_parent_and_a_parent_that_is_a_file(tmp_path: Path) -> None:
    assert "there is no folder" in refusal(tmp_path / "nowhere" / "site")
    (tmp_path / "file").write_text("")
    assert "there is no folder" in refusal(tmp_path / "file" / "site")
    assert not (tmp_path / "nowhere").exists()


def test_refuses_the_top_of_the_disk(tmp_path: Path) -> None:
    assert "top of the disk" in refusal(Path(tmp_path.anchor))


def test_one_fault_when_the_parent_cannot_be_written(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(path: Path, *arguments: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", fails)
    assert "(Permission denied); check that" in refusal(target)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root and Windows may write there")
def test_one_fault_when_the_parent_is_read_only(target: Path) -> None:
    target.parent.chmod(0o500)
    try:
        assert "Permission denied" in refusal(target)
        assert repair(target) is None
    finally:
        target.parent.chmod(0o700)


def test_one_fault_for_a_name_that_the_system_refuses(tmp_path: Path) -> None:
    assert "cannot be" in refusal(tmp_path / ("x" * 250))


# Two at once.


def test_the_second_build_waits_says_so_and_gives_up(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish, "WAIT_SECONDS", 1.3)
    script = "with staging(target):\n    print('in', flush=True)\n    time.sleep(60)\n"
    holder = child(script, target)
    try:
        assert holder.stdout and holder.stdout.readline() == "in\n"
        said: list[str] = []
        with (
            pytest.raises(FaultsFound, match="another build has been writing"),
            staging(target, say=said.append),
        ):
            raise AssertionError("the block must not run")
        assert said == [f"Another build is writing {target}; waiting for it ..."]
    finally:
        holder.kill()
        holder.communicate()
    # A dead process holds nothing, and its leftovers are removed.
    said = []
    with staging(target, say=said.append) as folder:
        write(folder, "x")
    assert said == [f"A build of {target} was cut short; its leftovers are removed."]
    assert beside(target) == ["site"]


def test_two_processes_never_mix(target: Path) -> None:
    script = "for round in range(15): build(target, sys.argv[2] + str(round))\n"
    both = [child(script, target, name) for name in ("a", "b")]
    for process in both:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    assert version_of(target) in ("a14", "b14")
    assert beside(target) == ["site"]


# Deaths.


def test_nothing_to_mend(target: Path) -> None:
    assert repair(target) is None
    assert repair(target / "no" / "such" / "place") is None
    with staging(target) as folder:
        write(folder, "x")
    assert repair(target) is None


DYING = """
step, when, calls = int(sys.argv[2]), sys.argv[3], 0
def dying(real):
    def call(*arguments, **options):
        global calls
        calls += 1
        if calls == step and when == "before": os._exit(9)
        result = real(*arguments, **options)
        if calls == step and when == "after": os._exit(9)
        return result
    return call
for name in ("rename", "rmdir", "unlink"): setattr(os, name, dying(getattr(os, name)))
build(target, "new")
"""
# 4 renames (new > ready, target > old, ready > target, old > trash), then 16 deletions: 12 pages and their
# folder, the sums, the marker, the folder.
RENAMES, DELETIONS = 4, FILES + 4
EXPECTED = {(1, "before"): "old", (1, "after"): "old", (2, "before"): "old"}
DEADLY = (*range(1, RENAMES + 3), RENAMES + DELETIONS)
STEPS = [(step, when) for step in DEADLY for when in ("before", "after")]


@pytest.mark.parametrize(("step", "when"), STEPS)
def test_a_death_at_every_step(target: Path, step: int, when: str) -> None:
    assert run("build(target, 'old')", target) == 0
    assert run(DYING, target, step, when) == 9
    sentence = repair(target)
    assert version_of(target) == EXPECTED.get((step, when), "new")
    assert beside(target) == ["site"]
    assert sentence is not None or (step, when) == (RENAMES + DELETIONS, "after")
    assert repair(target) is None


def test_there_are_no_more_steps_than_those(target: Path) -> None:
    assert run("build(target, 'old')", target) == 0
    assert run(DYING, target, RENAMES + DELETIONS + 1, "before") == 0
    assert version_of(target) == "new"


def test_the_one_before_comes_back_when_the_new_one_is_lost(target: Path) -> None:
    assert run("build(target, 'old')", target) == 0
    assert run(DYING, target, 2, "after") == 9
    shutil.rmtree(target.with_name(".site.iop-guide-ready"))
    assert repair(target) == f"A build of {target} was cut short; the one before it is back in place."
    assert version_of(target) == "old"


def test_a_death_in_the_first_build(target: Path) -> None:
    assert run(DYING, target, 1, "after") == 9
    assert repair(target) == f"A build of {target} was cut short when it was done; it is now in place."
    assert version_of(target) == "new"


def test_a_build_put_there_by_hand_meanwhile_is_kept(target: Path) -> None:
    assert run("build(target, 'old')", target) == 0
    assert run(DYING, target, 2, "after") == 9
    target.mkdir()
    write(target, "by hand")
    assert repair(target) is not None
    assert (target / "index.html").read_text() == "by hand"
    assert beside(target) == ["site"]


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is a signal")
def test_kill_9_at_random_moments(target: Path) -> None:
    """Forty processes that build on and on, each killed at a moment nobody chose."""
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    assert run("build(target, 0)", target) == 0
    last, mended, kills = 0, 0, 40
    script = """
build(target, int(sys.argv[2]))
print("in", flush=True)
for version in range(int(sys.argv[2]) + 1, 10**9): build(target, version)
"""
    for _ in range(kills):
        process = child(script, target, last + 1)
        assert process.stdout and process.stdout.readline() == "in\n"
        time.sleep(chance.uniform(0, 0.04))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        mended += repair(target) is not None
        version = int(version_of(target))
        assert version > last, f"seed {seed}: an older build came back"
        assert beside(target) == ["site"], f"seed {seed}"
        last = version
    # Were nothing ever cut short, the test would prove nothing.
    assert mended > kills // 8, f"seed {seed}: {mended} mended, {last} builds"
    print(f"seed {seed}: {kills} kills, {mended} of them in the middle of a build, {last} builds")
