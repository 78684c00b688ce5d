"""The `iop-guide` command: parsing and printing only."""

from __future__ import annotations

import argparse
import http.server
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path

from .faults import Fault, FaultsFound, brief, printable
from .publish import MARKER, staging

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
    build.add_argument("--out", type=_path, help="the folder to build (default: site; with --clinic: clinic-site)")
    build.add_argument("--clinic", type=_path, metavar="PROFILE", help="then stamp this clinic.yml onto it")
    build.set_defaults(run=lambda given: _build_all(given.clinic, given.out))
    serve = commands.add_parser("serve", help="show the guide in a browser and follow every change")
    serve.add_argument("--port", type=_port, default=8000, help="the port to listen on (default: 8000)")
    serve.set_defaults(run=lambda given: _serve(given.port))
    clinic = commands.add_parser("clinic", help="a clinic's own copy").add_subparsers(
        dest="clinic_command", required=True
    )
    copy = clinic.add_parser("build", help="stamp a clinic's profile onto the finished guide")
    copy.add_argument("profile", type=_path, help="the clinic's file, clinic.yml")
    copy.add_argument("--out", type=_path, required=True, help="the folder for the copy")
    copy.add_argument("--site", type=_path, default=ROOT / "site", help="the finished guide (default: site)")
    copy.set_defaults(run=lambda given: _clinic_build(given.profile, given.out, given.site))
    new = clinic.add_parser("new", help="write a profile to fill in")
    new.add_argument("profile", type=_path, nargs="?", default=Path("clinic.yml"), help="default: clinic.yml")
    new.set_defaults(run=_clinic_new)
    look = clinic.add_parser("serve", help="show a clinic's copy in a browser and follow every change of its profile")
    look.add_argument("profile", type=_path, help="the clinic's file, clinic.yml")
    look.add_argument("--site", type=_path, default=ROOT / "site", help="the finished guide (default: site)")
    look.add_argument("--port", type=_port, default=8001, help="the port to listen on (default: 8001)")
    look.set_defaults(run=_clinic_serve)
    check = clinic.add_parser("check", help="read a finished copy as an auditor would")
    check.add_argument("site", type=_path, help="the finished copy")
    check.add_argument("--guide", type=_path, help="the finished guide to compare with (default: site, if there)")
    check.add_argument("--profile", type=_path, help="its clinic.yml: make the copy again, compare every byte")
    check.add_argument("--report", type=_path, help="a folder for the report, audit.html and audit.json")
    check.add_argument("--at", help="the address where the copy stands, to be compared with the one it was made for")
    check.add_argument("--day", type=_day, help="the day to judge dates by, as 2027-01-31 (default: today)")
    check.add_argument("--strict", action="store_true", help="dates that have passed count for the exit status, too")
    check.set_defaults(run=_clinic_check)
    network = commands.add_parser("network", help="a copy for every profile in a folder")
    network.add_argument("profiles", type=_path, help="the folder of profiles, NAME.yml or NAME/clinic.yml")
    network.add_argument("--out", type=_path, required=True, help="the folder for the copies")
    network.add_argument("--site", type=_path, default=ROOT / "site", help="the finished guide (default: site)")
    network.add_argument("--jobs", type=_jobs, help="how many processes work at once (default: one a core)")
    network.set_defaults(run=_network)
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
    for fault in brief(faults):
        print(fault, file=sys.stderr)
    _annotate(faults)
    print(
        f"\n{len(faults):,} to mend. Nothing was published; the last good copy, if there is one, is still in place.",
        file=sys.stderr,
    )
    return 1


def _annotate(faults: Iterable[Fault], kind: str = "error") -> None:
    """In a GitHub workflow, put each fault on its line of the file, where the person who edited it sees it.

    Source of the form and of its escapes: "Workflow commands for GitHub Actions", and GitHub's own toolkit.
    """
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return
    for fault in brief(faults):
        file = printable(fault.file).replace("%", "%25").replace(",", "%2C").replace(":", "%3A")
        said = printable(f"{fault.what}; {fault.mend}").replace("%", "%25")
        print(f"::{kind} file={file},line={max(fault.line, 1)}::{said}")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("a day is written 2027-01-31") from None


def _path(text: str) -> Path:
    try:
        Path(text).resolve()  # what is asked of a path later would end in a traceback
    except RuntimeError:
        raise argparse.ArgumentTypeError(f"“{printable(text)}” is a link that leads to itself") from None
    return Path(text)


def _jobs(text: str) -> int:
    return _number(text, 1_000, "a number of processes")


def _port(text: str) -> int:
    return _number(text, 65_535, "a port")


def _number(text: str, most: int, what: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"{what} from 1 to {most} was expected")
    return int(text)


def _build_all(profile_path: Path | None, out: Path | None) -> int:
    """The guide, and with a profile the clinic's copy of it."""
    if profile_path is None:
        return _build(out or ROOT / "site")
    from .profile import load_profile

    copy = out or ROOT / "clinic-site"
    _check_apart(profile_path, copy)
    load_profile(profile_path)  # its faults are told before anybody waits for the guide
    _build(ROOT / "site")
    _clinic_build(profile_path, copy, ROOT / "site")
    print(f"To look at it: .venv/bin/iop-guide clinic serve {shlex.quote(os.path.relpath(profile_path))}")
    return 0


def _build(out: Path) -> int:
    started = time.monotonic()
    if any(ROOT / name in (out.resolve(), *out.resolve().parents) for name in _OURS):
        # The next build would take this one for pictures and pages of the guide, and publish it inside itself.
        what = "this folder is part of what the guide is built from"
        raise FaultsFound([Fault(str(out), 0, what, "name a folder outside docs, overrides, scripts and tests")])
    with staging(out) as folder, tempfile.TemporaryDirectory() as scratch:
        report_path = Path(scratch) / "report.json"
        engine = subprocess.run(
            [*ENGINE, "build", "--config-file", str(ROOT / "mkdocs.yml"), "--site-dir", str(folder)],
            env={**_environment(), "IOP_GUIDE_REPORT": str(report_path)}, capture_output=True, cwd=ROOT,
            text=True, encoding="utf-8", errors="replace",
        )  # fmt: skip
        report = json.loads(report_path.read_text("utf-8")) if report_path.exists() else None
        if report and report["faults"]:
            raise FaultsFound(Fault(**fault) for fault in report["faults"])
        if engine.returncode or not report:
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
    """What the engine itself complains of (a bad mkdocs.yml, a warning in strict mode, an error of its own), as faults.

    Of a traceback only the error itself is told, for nobody here can mend the rest.
    """
    lines = output.strip().split("\n")
    changed = "look for it in what was changed last"
    if "Traceback (most recent call last)" in output:
        said = next((line for line in reversed(lines) if re.match(r"[A-Za-z_][\w.]*(?::|$)", line)), "no word why")
        return [Fault("mkdocs.yml", 0, f"the engine stopped on an error of its own ({said})", changed)]
    told = [line.partition("-")[2].strip() for line in lines if line.startswith(("WARNING", "ERROR"))]
    if told:
        return [Fault("mkdocs.yml", 0, line, "see the MkDocs manual for this setting") for line in told]
    return [Fault("mkdocs.yml", 0, f"the engine stopped ({output.strip()[-2000:] or 'no word why'})", changed)]


def _serve(port: int) -> int:
    from .clinic import listen

    listen(port, http.server.SimpleHTTPRequestHandler).server_close()  # the engine would end in a traceback
    command = [*ENGINE, "serve", "--no-strict", "--config-file", str(ROOT / "mkdocs.yml"), "--dev-addr"]
    with suppress(KeyboardInterrupt):  # the usual end of a preview
        return subprocess.run([*command, f"localhost:{port}"], env=_environment(), cwd=ROOT).returncode
    return 0


def _clinic_new(given: argparse.Namespace) -> int:
    from .clinic import new

    print(new(given.profile))
    print(f"Then: python3 scripts/build.py --clinic {shlex.quote(str(given.profile))}")
    return 0


def _clinic_serve(given: argparse.Namespace) -> int:
    from .clinic import serve

    with suppress(KeyboardInterrupt):  # the usual end of a preview
        serve(given.profile, given.site, given.port, lambda line: print(line, flush=True))
    return 0


def _clinic_build(profile_path: Path, out: Path, site: Path) -> int:
    from .profile import load_profile  # pydantic and Jinja are not needed to build the guide from here
    from .stamp import copy

    _check_apart(profile_path, out)
    print(copy(site, load_profile(profile_path), out))
    return 0


def _check_apart(profile_path: Path, out: Path) -> None:
    """Refuse a copy that would replace the folder in which its own profile stands."""
    if out.resolve() in profile_path.resolve().parents:
        what = f"the profile {profile_path} stands inside this folder, and the copy would replace it"
        raise FaultsFound([Fault(str(out), 0, what, "name another folder, or move the profile out of it")])


def _clinic_check(given: argparse.Namespace) -> int:
    from . import audit, audit_report

    guide = given.guide
    if guide is None and (ROOT / "site" / MARKER).is_file() and given.site.resolve() != (ROOT / "site").resolve():
        guide = ROOT / "site"
    found = audit.audit(given.site, guide=guide, profile=given.profile, today=given.day, at=given.at)
    for check in found.checks:
        print(f"{check.state:13} {check.title}")
        for fault in brief(check.findings):
            print(f"    {fault}")
        _annotate(check.findings, "error" if check.must else "warning")
    if given.report:
        html, data = audit_report.write(found, given.report)
        print(f"The report is in {html}, and as data in {data}.")
    print(found.verdict)
    return 0 if found.passed(given.strict) else 1


def _network(given: argparse.Namespace) -> int:
    from . import network

    report = network.build(given.profiles, given.site, given.out, jobs=given.jobs, progress=_progress)
    for line in report.lines():
        print(line)
    if not report.faults:
        return 0
    for fault in brief(report.faults):
        print(fault, file=sys.stderr)
    _annotate(report.faults)
    print(f"\n{len(report.faults):,} to mend. All other copies are in {given.out}.", file=sys.stderr)
    return 1


def _progress(done: int, of: int) -> None:
    """Show how far a network has come: one line that grows on a terminal, a line for each tenth elsewhere."""
    if sys.stderr.isatty():
        full = 30 * done // of
        bar = "█" * full + "·" * (30 - full)
        print(f"\r{bar} copies: {done:,} of {of:,}", end="\n" if done == of else "", file=sys.stderr, flush=True)
    elif done == of or done % max(1, of // 10) == 0:
        print(f"copies: {done:,} of {of:,}", file=sys.stderr, flush=True)
