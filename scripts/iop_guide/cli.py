"""The `iop-guide` command: parsing and printing only."""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from .faults import Fault, FaultsFound
from .publish import repair, staging

ROOT = Path(__file__).resolve().parents[2]
ENGINE = (sys.executable, "-m", "mkdocs")
"""What renders the site. To change engines, change this word and scripts/hooks.py."""
_OURS = ("docs", "overrides", "scripts", "tests")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status: 0 done, 1 something to mend, 2 wrong use."""
    parser = argparse.ArgumentParser(
        prog="iop-guide", description="Build the IOP Guide, preview it, or stamp a clinic's copy."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    build = commands.add_parser("build", help="render and check the guide, then put it in place of the last one")
    build.add_argument("--out", type=Path, default=ROOT / "site", help="the folder to build (default: site)")
    build.set_defaults(run=lambda given: _build(given.out))
    serve = commands.add_parser("serve", help="show the guide in a browser and follow every change")
    serve.add_argument("--port", type=_port, default=8000, help="the port to listen on (default: 8000)")
    serve.set_defaults(run=lambda given: _serve(given.port))
    clinic = commands.add_parser("clinic", help="a clinic's own copy").add_subparsers(
        dest="clinic_command", required=True
    )
    copy = clinic.add_parser("build", help="stamp a clinic's profile onto the finished guide")
    copy.add_argument("profile", type=Path, help="the clinic's file, clinic.yml")
    copy.add_argument("--out", type=Path, required=True, help="the folder for the copy")
    copy.add_argument("--site", type=Path, default=ROOT / "site", help="the finished guide (default: site)")
    copy.set_defaults(run=lambda given: _clinic_build(given.profile, given.out, given.site))
    given = parser.parse_args(arguments)
    try:
        status: int = given.run(given)
    except FaultsFound as found:
        return _tell(found.faults)
    except KeyboardInterrupt:
        print("\nStopped. The last good copy is still in place.", file=sys.stderr)
        return 130
    return status


def _tell(faults: Sequence[Fault]) -> int:
    for fault in faults:
        print(fault, file=sys.stderr)
    print(
        f"\n{len(faults)} to mend. Nothing was published; the last good copy, if there is one, is still in place.",
        file=sys.stderr,
    )
    return 1


def _port(text: str) -> int:
    if not 0 < int(text) < 65_536:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return int(text)


def _build(out: Path) -> int:
    started = time.monotonic()
    if any(ROOT / name in (out.resolve(), *out.resolve().parents) for name in _OURS):
        # The next build would take this one for pictures and pages of the guide, and publish it inside itself.
        what = "this folder is part of what the guide is built from"
        raise FaultsFound([Fault(str(out), 0, what, "name a folder outside docs, overrides, scripts and tests")])
    if done := repair(out):
        print(done)
    with staging(out) as folder, tempfile.TemporaryDirectory() as scratch:
        report_path = Path(scratch) / "report.json"
        engine = subprocess.run(
            [*ENGINE, "build", "--config-file", str(ROOT / "mkdocs.yml"), "--site-dir", str(folder)],
            env={**_environment(), "IOP_GUIDE_REPORT": str(report_path)}, capture_output=True, cwd=ROOT,
            text=True, encoding="utf-8", errors="replace",
        )  # fmt: skip
        if not report_path.exists():
            raise FaultsFound([_stopped(engine.stderr)])
        report = json.loads(report_path.read_text("utf-8"))
        if report["faults"]:
            raise FaultsFound(Fault(**fault) for fault in report["faults"])
        if engine.returncode:
            raise FaultsFound(_engine_faults(engine.stderr))
    for line in report["lines"]:
        print(line)
    shown = shlex.quote(os.path.relpath(out))
    print(f"Built {shown} in {time.monotonic() - started:.1f} seconds.")
    print(f"To look at it: python3 -m http.server -d {shown} 8000, then open http://localhost:8000")
    return 0


def _environment() -> dict[str, str]:
    # The theme prints an advertisement for its successor on every start; nobody here needs to read it.
    return {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONUTF8": "1"}


def _engine_faults(output: str) -> list[Fault]:
    """What the engine itself complains of (a bad mkdocs.yml, a warning in strict mode), as faults."""
    said = [line.partition("-")[2].strip() for line in output.split("\n") if line.startswith(("WARNING", "ERROR"))]
    faults = [Fault("mkdocs.yml", 0, line, "see the MkDocs manual for this setting") for line in said]
    return faults or [_stopped(output)]


def _stopped(output: str) -> Fault:
    """What an engine that died said last; of a traceback only the error itself, for nobody here can mend the rest."""
    output = output.strip()
    if "Traceback (most recent call last)" in output:
        what, mend = "the engine stopped on an error of its own", "look for it in what was changed last"
        said = next((line for line in reversed(output.split("\n")) if re.match(r"[A-Za-z_][\w.]*(?::|$)", line)), "")
        return Fault("mkdocs.yml", 0, f"{what} ({said})" if said else what, mend)
    return Fault("mkdocs.yml", 0, "the engine stopped", output[-2000:] or "no word why")


def _serve(port: int) -> int:
    return subprocess.run(
        [*ENGINE, "serve", "--no-strict", "--config-file", str(ROOT / "mkdocs.yml"), "--dev-addr", f"localhost:{port}"],
        env=_environment(), cwd=ROOT,
    ).returncode  # fmt: skip


def _clinic_build(profile_path: Path, out: Path, site: Path) -> int:
    from .profile import load_profile  # pydantic and Jinja are not needed to build the guide from here
    from .stamp import stamp_site

    print(stamp_site(site, load_profile(profile_path), out))
    return 0
