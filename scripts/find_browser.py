"""Find a Chromium or Chrome for the tests, or install one. Standard library only."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from setup_venv import SetupError, child_environment

VARIABLE = "IOP_GUIDE_BROWSER"
"""The environment variable that names the browser: read first, and set for the tests."""
NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
)
MAC_PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
WINDOWS_PLACES = (
    "Google/Chrome/Application/chrome.exe",
    "Chromium/Application/chrome.exe",
    "Microsoft/Edge/Application/msedge.exe",
)
_PLAYWRIGHT_PLACE = (
    "from playwright.sync_api import sync_playwright as start\n"
    "with start() as playwright: print(playwright.chromium.executable_path)"
)


def find_browser(python: Path) -> str:
    """Return the path of a browser that starts, installing one when there is none.

    In this order: what IOP_GUIDE_BROWSER names, what is installed, what Playwright (of `python`) has
    downloaded, the system's package where we may install it, Playwright's own download. Raises SetupError
    when all fail.
    """
    found = installed(os.environ, sys.platform) or _of_playwright(python)
    if found:
        return found
    if _install_with_apt():
        found = installed(os.environ, sys.platform)
        if found:
            return found
    print("Downloading Playwright's Chromium for the tests (once) ...", flush=True)
    _quiet([str(python), "-m", "playwright", "install", "chromium"])
    found = _of_playwright(python)
    if found:
        return found
    raise SetupError(
        "The tests need a browser, and none was found or could be installed. "
        f"Install Chromium or Chrome, or set {VARIABLE} to the path of one."
    )


def installed(environment: Mapping[str, str], system: str) -> str | None:
    """Return a browser that is already there and starts; None when there is none.

    `system` is what sys.platform says. Raises SetupError when `environment` names a browser that does not
    start: someone chose it, so another one in its place would be a surprise.
    """
    chosen = environment.get(VARIABLE)
    if chosen:
        path = shutil.which(chosen, path=environment.get("PATH"))
        if path and starts(path, system):
            return path
        raise SetupError(f"{VARIABLE} names a browser that does not start: {chosen}. Mend it, or unset it.")
    candidates = [shutil.which(name, path=environment.get("PATH", "")) for name in NAMES]
    if system == "darwin":
        candidates += MAC_PLACES
    elif system == "win32":
        tops = [environment.get(name) for name in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")]
        candidates += [str(Path(top, place)) for top in tops if top for place in WINDOWS_PLACES]
    return next((path for path in candidates if path and starts(path, system)), None)


def starts(path: str, system: str) -> bool:
    """Tell whether the file is a browser that runs: some systems ship one that only says "install me"."""
    if not Path(path).is_file():
        return False
    if system == "win32":  # there, chrome --version opens a window
        return True
    return _quiet([path, "--version"], seconds=60)


def _of_playwright(python: Path) -> str | None:
    done = subprocess.run(
        [str(python), "-c", _PLAYWRIGHT_PLACE],
        env=child_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    path = done.stdout.strip()
    return path if path and starts(path, sys.platform) else None


def _install_with_apt() -> bool:
    """Install the system's Chromium where that needs no password; tell whether it went well."""
    if sys.platform != "linux" or not shutil.which("apt-get"):
        return False
    first: list[str] = []
    if os.geteuid() != 0:
        if not shutil.which("sudo") or not _quiet(["sudo", "-n", "true"]):
            return False
        first = ["sudo", "-n"]
    print("Installing the system's Chromium for the tests (once) ...", flush=True)
    first += ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    _quiet([*first, "update"])  # an old list may still do
    return _quiet([*first, "install", "-y", "chromium"])


def _quiet(command: Sequence[str], seconds: float = 900) -> bool:
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
