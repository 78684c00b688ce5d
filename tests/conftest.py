"""What every test file may use: a small evidence folder, a Markdown renderer on it, and the one built site."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from markdown import Markdown
from markdown.extensions import Extension

from iop_guide.blocks import GuideBlocks
from iop_guide.citations import CitationsExtension, PageText
from iop_guide.evidence import Evidence, read_evidence
from iop_guide.faults import Fault
from iop_guide.lint import Read, check_page
from iop_guide.pages import read_page

ROOT = Path(__file__).resolve().parent.parent

SMALL_EVIDENCE = {
    "sources.yml": """\
sources:
- id: agency
  title: Hours of care
  publisher: An agency
  year: 2024
  url: https://agency.example.org/hours
  kind: agency-page
  read: true
  link: true
- id: trial
  title: A trial of two programs
  publisher: A journal
  year: 1998
  url: https://journal.example.org/trial
  kind: trial
  read: true
  link: false
- id: copy
  title: A copy of the agency's page
  publisher: Someone else
  year: 2024
  url: https://copy.example.org/hours
  kind: nonprofit-page
  read: true
  link: false
  official: agency
  title_exact: false
""",
    "facts.yml": """\
facts:
- id: nine-hours
  topic: structure
  fact: The agency asks for at least 9 hours a week.
  sources: [agency, copy]
  confirmed: read
- id: one-in-five
  topic: evidence
  fact: Of 447 people, 20% left before the end of a 12-week program.
  sources: [trial]
  confirmed: read
- id: from-memory
  topic: structure
  fact: Programs have about 10 people in a group.
  sources: [trial]
  confirmed: recalled
- id: dated
  topic: cost
  fact: The deductible is $1,736.
  sources: [agency]
  confirmed: read
  as_of: 2026
  expires: 2026-12-31
""",
    "claims.yml": """\
articles:
  a: {title: An article, kind: blog post}
claims:
  a01: {topic: definition, verdict: carry, claim: people live at home}
  a02: {topic: benefits, verdict: qualify, claim: people keep their jobs}
  a03: {topic: benefits, verdict: evidence, claim: people get better}
  a04: {topic: structure, verdict: carry, claim: there are groups}
  a05: {topic: promotion, verdict: drop, claim: buy now, why: it is advertising}
open: []
""",
    "help-lines.yml": """\
groups:
- crisis
lines:
- id: "988"
  name: 988 Lifeline
  group: crisis
  for: Anyone in distress.
  happens: A counselor listens.
  ways:
  - {kind: call, number: "988", label: Call 988}
  - {kind: text, number: "988", label: Text 988}
  facts: [nine-hours]
  checked: 2026-11-21
  check_again: 2027-05-21
""",
    "terms.yml": """\
terms:
- {term: step down, also: [stepping down], meaning: To move to care with fewer hours., page: index.md}
""",
    "words.yml": """\
synonyms: []
danger: [suicide]
exempt_figures: ["988", "911"]
hedges: [many programs, may]
law_names: [Family and Medical Leave Act]
banned: {addict: a person with a substance use disorder}
""",
}
PICTURE = '<svg viewBox="0 0 10 10" role="img"><title>Steps</title><path d="M0 0h10"/></svg>'
FRONT_MATTER = """\
---
title: A page
description: A page that stands for all the others in a test.
audience: patient
topic: structure
checked: 2026-11-21
check_again: 2027-05-21
---
"""


def write_evidence(folder: Path, **changed: str) -> Path:
    """Write the small evidence folder, with some of its files changed: `facts_yml="..."`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in SMALL_EVIDENCE.items():
        (folder / name).write_text(changed.get(name.replace(".", "_").replace("-", "_"), text), "utf-8")
    return folder


@pytest.fixture(scope="session")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    return read_evidence(write_evidence(tmp_path_factory.mktemp("evidence")))


@dataclass
class Rendered:
    """What a piece of Markdown became."""

    html: str
    text: PageText


Render = Callable[[str], Rendered]
Check = Callable[[str], list[Fault]]


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    (folder / "steps.svg").write_text(PICTURE, "utf-8")
    (folder / "bare.svg").write_text("<svg></svg>", "utf-8")
    (folder / "raw.svg").write_bytes(b"\xff\xfe<title>x</title>")
    return folder


@pytest.fixture(scope="session")
def render(evidence: Evidence, pictures: Path) -> Render:
    """Render Markdown as the guide does, on the small evidence."""

    def run(markdown: str) -> Rendered:
        citations = CitationsExtension(evidence)
        extensions: list[str | Extension] = [
            "tables",
            "attr_list",
            "md_in_html",
            "toc",
            "footnotes",
            "admonition",
            citations,
            GuideBlocks(evidence, pictures),
        ]
        return Rendered(Markdown(extensions=extensions).convert(markdown), citations.page_text)

    return run


@pytest.fixture
def check(tmp_path: Path, evidence: Evidence, render: Render) -> Check:
    """Every fault of one page, given its body (or the whole file, if it begins with ---)."""

    def run(body: str) -> list[Fault]:
        path = tmp_path / "page.md"
        path.write_text(body if body.startswith("---") else FRONT_MATTER + body, "utf-8")
        page = read_page(path, "page.md", "docs/en/page.md")
        return check_page(Read(page, render(page.body).text, evidence))

    return run


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder: path → content."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def build(root: Path, out: Path) -> subprocess.CompletedProcess[str]:
    """Run the real build command of the project at `root`."""
    return subprocess.run(
        [sys.executable, "-m", "iop_guide", "build", "--out", str(out)],
        env={**os.environ, "PYTHONPATH": str(root / "scripts")}, cwd=root, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The guide, built once for the whole run, whichever process asks first."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    out = base / "built" / "site"
    with FileLock(base / "built.lock"):
        if not out.exists():
            out.parent.mkdir()
            done = build(ROOT, out)
            assert done.returncode == 0, done.stdout + done.stderr
    return out


@pytest.fixture(scope="session")
def copied_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project that tests may spoil; see `project`."""
    root = tmp_path_factory.mktemp("project")
    for name in ("docs", "overrides", "scripts"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    shutil.copy(ROOT / "mkdocs.yml", root)
    return root


@pytest.fixture
def project(copied_project: Path) -> Iterator[Path]:
    """The copied project; whatever a test changes in docs and mkdocs.yml is put back after it."""
    yield copied_project
    shutil.rmtree(copied_project / "docs")
    shutil.copytree(ROOT / "docs", copied_project / "docs")
    shutil.copy(ROOT / "mkdocs.yml", copied_project)


_IN_THE_BROWSER: list[str] = []


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand what the browser checks counted to the process that prints the summary."""
    checks = sys.modules.get("browser_checks")
    lines = list(checks.COUNTS) if checks else []
    getattr(session.config, "workeroutput", {})["in the browser"] = lines
    _IN_THE_BROWSER.extend(lines)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """One of several processes is done (pytest-xdist)."""
    _IN_THE_BROWSER.extend(getattr(node, "workeroutput", {}).get("in the browser", []))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many pages were looked at, and what for."""
    if _IN_THE_BROWSER:
        terminalreporter.section("in the browser")
        for line in _IN_THE_BROWSER:
            terminalreporter.write_line(line)
