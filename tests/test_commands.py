"""The commands a newcomer types: what they do before anything is installed. No test here uses a network."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import find_browser
import setup_venv
from setup_venv import PROJECT, ROOT, RUNTIME, STAMP, TESTS, SetupError, ensure, venv_python

posix = pytest.mark.skipif(os.name == "nt", reason="the stand-ins are shell scripts")


# Locks.


def pins(name: str) -> dict[str, str]:
    """Return the packages of a lock file and their exact versions; fail on a line that pins nothing."""
    found = {}
    for entry in re.split(r"\n(?=[^\s#])", (ROOT / name).read_text("utf-8").strip()):
        match = re.match(r"([a-z0-9-]+)==([0-9][\w.]*)( ;[^\\]+)? \\\n", entry)
        assert match, f"{name}: not an exact version: {entry[:80]}"
        assert re.search(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$", entry, re.MULTILINE), (
            f"{name}: no hash: {entry}"
        )
        found[match[1]] = match[2]
    return found


@pytest.mark.parametrize("name", [RUNTIME, TESTS])
def test_a_lock_names_versions_and_hashes_and_no_host_or_path(name: str) -> None:
    assert len(pins(name)) > 30
    text = (ROOT / name).read_text("utf-8")
    assert "://" not in text and "--index" not in text and "--find-links" not in text
    words = text.replace("-r requirements.in", "").replace("-r requirements-test.in", "")
    assert not re.search(r"(^|\s)[\w.]*/\w", words), "a path"


def test_both_locks_agree() -> None:
    runtime, tests = pins(RUNTIME), pins(TESTS)
    assert {name: tests.get(name) for name in runtime} == runtime


@pytest.mark.parametrize("name", ["requirements.in", "requirements-test.in"])
def test_each_requirement_has_its_reason_and_is_locked(name: str) -> None:
    lines = (ROOT / name).read_text("utf-8").splitlines()
    locked = pins(name.replace(".in", ".txt"))
    wanted = [number for number, line in enumerate(lines) if re.match("[a-z]", line)]
    assert wanted
    for number in wanted:
        reason = lines[number - 1]
        assert re.match(r"# \S.{10,}\.$", reason), (
            f"{name}:{number + 1}: {lines[number]} has no reason above it"
        )
        package = re.split("[=<>]", lines[number])[0]
        assert package in locked, f"{name}:{number + 1}: {package} is not in the lock; compile it again"


def test_ci_calls_the_test_command_and_nothing_else() -> None:
    file = ROOT / ".ci" / "run"
    lines = [line for line in file.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    assert lines == ["set -eu", 'cd "$(dirname "$0")/.."', "exec python3 scripts/test.py"]
    assert os.name == "nt" or file.stat().st_mode & stat.S_IXUSR


# The first start.


def test_an_old_python_gets_one_clear_line() -> None:
    for version in ((3, 8, 10), (3, 11, 4)):
        with pytest.raises(SetupError, match=r"needs Python 3\.11\.5 or newer, and this is 3\.") as caught:
            setup_venv.check_python(version)
        assert "\n" not in str(caught.value)
    for version in ((3, 11, 5), (3, 12, 0), (4, 0, 0)):
        setup_venv.check_python(version)


@pytest.mark.parametrize("name", ["build.py", "serve.py", "test.py", "setup_venv.py", "find_browser.py"])
def test_an_old_python_can_read_the_commands_and_they_need_nothing_installed(name: str) -> None:
    tree = ast.parse((ROOT / "scripts" / name).read_text("utf-8"), feature_version=(3, 7))
    for node in ast.walk(tree):
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for module in modules:
            assert module.split(".")[0] in sys.stdlib_module_names | {"setup_venv", "find_browser"}


class Stand:
    """A small project folder, and a stand-in for the two programs that setting up runs: venv and pip."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.calls: list[str] = []
        self.fail: str | None = None
        for name in (RUNTIME, TESTS, PROJECT):
            (root / name).write_text(f"{name} 1\n")
        monkeypatch.setattr(setup_venv, "_run", self.run)

    def run(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        if command[1:3] == ["-m", "venv"]:
            word = "venv"
            python = venv_python(self.root)
            python.parent.mkdir(parents=True)
            python.write_text("")
        else:
            assert command[:4] == [str(venv_python(self.root)), "-m", "pip", "install"]
            word = "install " + " ".join(Path(part).name for part in command if part.endswith(".txt"))
            if "-e" in command:
                assert {"--no-deps", "--no-build-isolation", "--no-index"} < set(command)
                word = "project"
            else:
                assert "--require-hashes" in command
        self.calls.append(word)
        if self.fail == word:
            return subprocess.CompletedProcess(command, 1, "Collecting\n\nERROR: no route to host\n")
        if self.fail == "die in " + word:
            raise KeyboardInterrupt
        return subprocess.CompletedProcess(command, 0, "")

    def ensure(self, *locks: str) -> list[str]:
        """Run the setup; return the calls it made."""
        self.calls = []
        assert ensure(locks or (RUNTIME,), self.root) == venv_python(self.root)
        return self.calls

    def change(self, name: str) -> None:
        with (self.root / name).open("a") as file:
            file.write("changed\n")


@pytest.fixture
def stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stand:
    return Stand(tmp_path, monkeypatch)


RUN = ["venv", "install requirements.txt", "project"]


def test_the_second_start_does_nothing(stand: Stand) -> None:
    assert stand.ensure() == RUN
    assert stand.ensure() == []


def test_a_ready_venv_is_used_where_the_project_cannot_be_written(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand.ensure()
    monkeypatch.setattr("builtins.open", lambda *a, **k: pytest.fail("nothing may be opened for writing"))
    assert stand.ensure() == []


def test_the_tests_are_added_once_and_do_not_disturb_the_build(stand: Stand) -> None:
    stand.ensure()
    assert stand.ensure(RUNTIME, TESTS) == ["install requirements-test.txt", "project"]
    assert stand.ensure(RUNTIME, TESTS) == []
    assert stand.ensure() == []


def test_with_nothing_there_both_are_installed_in_one_go(stand: Stand) -> None:
    assert stand.ensure(RUNTIME, TESTS) == [
        "venv",
        "install requirements.txt requirements-test.txt",
        "project",
    ]


@pytest.mark.parametrize("name", [RUNTIME, TESTS])
def test_a_changed_lock_makes_a_new_venv(stand: Stand, name: str) -> None:
    stand.ensure(RUNTIME, TESTS)
    left_over = stand.root / ".venv" / "left-over"
    left_over.write_text("")
    stand.change(name)
    assert stand.ensure() == RUN
    assert not left_over.exists()


def test_a_changed_test_lock_is_nothing_to_one_who_only_builds(stand: Stand) -> None:
    stand.ensure()
    stand.change(TESTS)
    assert stand.ensure() == []


def test_line_ends_are_no_change(stand: Stand) -> None:
    stand.ensure()
    (stand.root / RUNTIME).write_bytes((stand.root / RUNTIME).read_bytes().replace(b"\n", b"\r\n"))
    assert stand.ensure() == []


def test_a_changed_project_file_installs_the_project_only(stand: Stand) -> None:
    stand.ensure()
    stand.change(PROJECT)
    assert stand.ensure() == ["project"]


@pytest.mark.parametrize(
    "spoil",
    [
        {"python": "CPython 3.11.0"},
        {"root": "/somewhere/else"},
        {"unfinished": "yes", "root": ""},
    ],
)
def test_another_python_or_a_moved_folder_makes_a_new_venv(stand: Stand, spoil: dict[str, str]) -> None:
    stand.ensure()
    stamp = stand.root / ".venv" / STAMP
    stamp.write_text(json.dumps({**json.loads(stamp.read_text()), **spoil}))
    assert stand.ensure() == RUN


@pytest.mark.parametrize("text", ["", "{", "[]", "\x00"])
def test_a_broken_stamp_makes_a_new_venv(stand: Stand, text: str) -> None:
    stand.ensure()
    (stand.root / ".venv" / STAMP).write_text(text)
    assert stand.ensure() == RUN


def test_a_python_that_is_gone_makes_a_new_venv(stand: Stand) -> None:
    stand.ensure()
    venv_python(stand.root).unlink()
    assert stand.ensure() == RUN


@pytest.mark.parametrize("step", RUN)
def test_a_start_that_was_cut_short_is_mended_by_the_next(stand: Stand, step: str) -> None:
    stand.fail = "die in " + step
    with pytest.raises(KeyboardInterrupt):
        stand.ensure()
    stand.fail = None
    assert stand.ensure() == RUN


def test_adding_the_tests_that_was_cut_short_is_mended_by_the_next(stand: Stand) -> None:
    stand.ensure()
    stand.fail = "die in install requirements-test.txt"
    with pytest.raises(KeyboardInterrupt):
        stand.ensure(RUNTIME, TESTS)
    stand.fail = None
    assert stand.ensure() == RUN


@pytest.mark.parametrize("step", RUN)
def test_a_failure_gives_one_message_and_leaves_no_stamp(stand: Stand, step: str) -> None:
    stand.fail = step
    with pytest.raises(SetupError) as caught:
        stand.ensure()
    message = str(caught.value)
    assert message.endswith("    Collecting\n    ERROR: no route to host")
    assert "Traceback" not in message
    stamp = stand.root / ".venv" / STAMP
    assert not stamp.exists() or "unfinished" in stamp.read_text()
    stand.fail = None
    assert stand.ensure() == RUN


def test_a_python_without_venv_gets_the_remedy(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ensurepip" else find(name))
    with pytest.raises(SetupError, match="apt-get install python3-venv") as caught:
        stand.ensure()
    assert "\n" not in str(caught.value)


def test_half_a_project_gets_one_line(stand: Stand) -> None:
    (stand.root / RUNTIME).unlink()
    with pytest.raises(SetupError, match=r"requirements\.txt cannot be read .* whole copy"):
        stand.ensure()


def test_a_child_is_not_led_astray_by_the_settings_of_another_python() -> None:
    astray = {
        "PYTHONHOME": "/x",
        "PIP_TARGET": "/x",
        "PIP_USER": "1",
        "HOME": "/home/a",
        "PIP_INDEX_URL": "kept",
    }
    environment = setup_venv.child_environment(astray)
    assert not {"PYTHONHOME", "PIP_TARGET", "PIP_USER"} & set(environment)
    assert environment["HOME"] == "/home/a" and environment["PIP_INDEX_URL"] == "kept"


@posix
def test_the_second_of_two_commands_waits(stand: Stand) -> None:
    script = (
        "import sys, time, pathlib, setup_venv\n"
        "with setup_venv._one_at_a_time(pathlib.Path(sys.argv[1])):\n"
        "    print('in', flush=True); time.sleep(float(sys.argv[2]))\n"
    )
    command = [sys.executable, "-c", script, str(stand.root / ".venv.lock")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    with subprocess.Popen([*command, "60"], env=environment, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout and first.stdout.readline() == "in\n"
        with subprocess.Popen([*command, "0"], env=environment, stdout=subprocess.PIPE, text=True) as second:
            assert second.stdout
            assert second.stdout.readline() == "Another command is setting up .venv; waiting for it ...\n"
            first.kill()  # a dead process holds nothing
            assert second.stdout.readline() == "in\n"
            assert second.wait() == 0


@posix
def test_a_command_ends_with_one_line_and_1(tmp_path: Path) -> None:
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    for name in ("build.py", "setup_venv.py"):
        (scripts / name).write_bytes((ROOT / "scripts" / name).read_bytes())
    done = subprocess.run(
        [sys.executable, "-B", str(scripts / "build.py")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and "Is this a whole copy of the project?" in done.stderr


def test_help_of_the_test_command() -> None:
    done = subprocess.run(
        [sys.executable, "-B", str(ROOT / "scripts" / "test.py"), "--help"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert all(word in done.stdout for word in ("ruff", "mypy", "pytest", "IOP_GUIDE_BROWSER"))


# The browser.


def program(folder: Path, name: str, script: str = "exit 0") -> Path:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return file


@posix
def test_the_first_browser_on_the_path_that_starts(tmp_path: Path) -> None:
    environment = {"PATH": str(tmp_path)}
    assert find_browser.installed(environment, "linux") is None
    chrome = program(tmp_path, "google-chrome")
    assert find_browser.installed(environment, "linux") == str(chrome)
    program(tmp_path, "chromium", "echo install me first; exit 1")
    assert find_browser.installed(environment, "linux") == str(chrome)
    chromium = program(tmp_path, "chromium")
    assert find_browser.installed(environment, "linux") == str(chromium)


@posix
def test_a_browser_that_someone_chose(tmp_path: Path) -> None:
    program(tmp_path, "chromium")
    mine = program(tmp_path, "mine")
    environment = {"PATH": str(tmp_path), "IOP_GUIDE_BROWSER": str(mine)}
    assert find_browser.installed(environment, "linux") == str(mine)
    mine.unlink()
    with pytest.raises(SetupError, match="names a browser that does not start"):
        find_browser.installed(environment, "linux")


def test_a_browser_in_its_usual_place_on_windows(tmp_path: Path) -> None:
    chrome = tmp_path / "Google" / "Chrome" / "Application" / "chrome.exe"
    chrome.parent.mkdir(parents=True)
    chrome.write_text("")
    environment = {"PATH": "", "PROGRAMFILES": str(tmp_path)}
    assert find_browser.installed(environment, "win32") == str(chrome)


@posix
def test_a_browser_in_its_usual_place_on_a_mac(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chrome = program(tmp_path, "Google Chrome")
    monkeypatch.setattr(find_browser, "MAC_PLACES", (str(chrome),))
    assert find_browser.installed({"PATH": ""}, "darwin") == str(chrome)
    assert find_browser.installed({"PATH": ""}, "linux") is None


@posix
@pytest.mark.skipif(sys.platform != "linux", reason="apt-get is looked for on Linux only")
@pytest.mark.parametrize("root", [True, False])
def test_the_package_of_the_system_is_installed_where_it_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "log"
    browser = tmp_path / "chromium"
    makes = f'case "$*" in *chromium) printf "#!/bin/sh\\n" > {browser}; /bin/chmod 755 {browser};; esac'
    program(tmp_path, "apt-get", f'echo "$DEBIAN_FRONTEND $*" >> {log}\n{makes}')
    program(tmp_path, "env", '/usr/bin/env "$@"')
    program(tmp_path, "sudo", 'shift; exec "$@"')
    program(tmp_path, "true")
    python = program(tmp_path, "python", "exit 1")  # has no Playwright
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(find_browser.VARIABLE, raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 0 if root else 1000)
    assert find_browser.find_browser(python) == str(browser)
    assert log.read_text().splitlines() == [
        "noninteractive -qq update",
        "noninteractive -qq install -y chromium",
    ]
    assert "Installing the system's Chromium" in capsys.readouterr().out


@posix
@pytest.mark.parametrize("works", [True, False])
def test_the_last_resort_is_the_download_of_playwright(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, works: bool
) -> None:
    browser = tmp_path / "downloaded"
    program(tmp_path, "sudo", "exit 1")  # wants a password
    program(tmp_path, "apt-get", "exit 1")
    make = f'printf "#!/bin/sh\\n" > {browser}; /bin/chmod 755 {browser}' if works else "exit 1"
    python = program(tmp_path, "python", f'case "$*" in *install*) {make};; *) echo {browser};; esac')
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(find_browser.VARIABLE, raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    if works:
        assert find_browser.find_browser(python) == str(browser)
    else:
        with pytest.raises(
            SetupError, match="Install Chromium or Chrome, or set IOP_GUIDE_BROWSER"
        ) as caught:
            find_browser.find_browser(python)
        assert "\n" not in str(caught.value)
