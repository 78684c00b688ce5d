"""The build command on a real copy of the project: bad input, same bytes, and a last good site that survives."""

from __future__ import annotations

import hashlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conftest import FRONT_MATTER, ROOT, build, tree
from iop_guide import cli


def digest(folder: Path) -> dict[str, str]:
    """Every file with its digest, so that a difference is told in a line and not in all bytes of two sites."""
    return {path: hashlib.sha256(data).hexdigest() for path, data in tree(folder).items()}


def spoil(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


PAGE = "docs/en/what-is-an-iop/index.md"


def plant(project: Path, fault: str) -> None:
    """Spoil the project in one of the ways that people do."""
    page = project / PAGE
    match fault:
        case "no front matter":
            page.write_text("Hello.\n", "utf-8")
        case "bad front matter":
            spoil(page, "audience: patient", "audience: everyone")
        case "unknown front matter key":
            spoil(page, "topic:", "topik:")
        case "front matter that is no yaml":
            spoil(page, "topic: ", "topic: [")
        case "unknown block":
            spoil(page, "/// in-short", "/// in-shrot")
        case "unknown citation":
            spoil(page, "[@medicare-iop-what; @a10]", "[@medicare-iop-wat; @a10]")
        case "broken link":
            spoil(page, "](levels-of-care.md)", "](levels-of-car.md)")
        case "broken anchor":
            spoil(page, "(../help-now.md)", "(../help-now.md#nowhere)")
        case "missing picture":
            spoil(project / "docs/en/inside-a-program/a-week.md", "week.svg", "weak.svg")
        case "no alternative text":
            shutil.copy(project / "overrides/assets/favicon.svg", page.parent)
            page.write_text(page.read_text("utf-8") + "\n![](favicon.svg)\n", "utf-8")
        case "page in no nav":
            (page.parent / "extra.md").write_text(FRONT_MATTER + "\nHello.\n", "utf-8")
        case "nav without page":
            spoil(project / "mkdocs.yml", "families/index.md", "families/index.md\n  - families/gone.md")
        case "same title":
            spoil(page, "title: What is an IOP?", "title: Group therapy")
        case "heading jump":
            spoil(page, "\n## Who is an IOP for?", "\n#### Who is an IOP for?")
        case "byte-order mark":
            page.write_bytes(b"\xef\xbb\xbf" + page.read_bytes())
        case "windows line ends":
            page.write_bytes(page.read_bytes().replace(b"\n", b"\r\n"))
        case "not utf-8":
            page.write_bytes(page.read_bytes() + b"\xff\n")
        case "empty":
            page.write_bytes(b"")
        case "five megabytes":
            page.write_bytes(page.read_bytes() + b"word " * 1_000_000)
        case "a character that nobody sees":
            page.write_text(page.read_text("utf-8") + "\nHere\ue0000\ue001.\n", "utf-8")
        case "a region in a page":
            page.write_text(page.read_text("utf-8") + "\n<!-- region -->\n", "utf-8")
        case "no nav":
            config = project / "mkdocs.yml"
            config.write_text(re.sub(r"(?ms)^nav:\n.*?(?=^theme:)", "", config.read_text("utf-8")), "utf-8")
        case "no hooks":
            spoil(project / "mkdocs.yml", "hooks:\n- scripts/hooks.py", "")
        case "claim left open":
            spoil(project / "docs/evidence/claims.yml", "open: []", "open: [a10]")
        case "evidence that does not parse":
            spoil(project / "docs/evidence/facts.yml", "facts:", "facts: {")
        case "mkdocs.yml that does not parse":
            spoil(project / "mkdocs.yml", "nav:", "nav: [")
        case "an unknown setting":
            spoil(project / "mkdocs.yml", "strict: true", "strict: true\nstrickt: true")


# Faults of bytes, front matter and evidence stop a build before anything is rendered.
FATAL = {
    "no front matter": f"{PAGE}:1: the page has no front matter",
    "bad front matter": f"{PAGE}:4: “audience”",
    "unknown front matter key": f"{PAGE}:5: the key “topik” is not known",
    "front matter that is no yaml": f"{PAGE}:6: this is not valid YAML",
    "byte-order mark": f"{PAGE}:1: the file starts with a byte-order mark",
    "windows line ends": f"{PAGE}:1: the file has Windows line ends",
    "not utf-8": ": the file is not UTF-8 text",
    "empty": f"{PAGE}: the file is empty",
    "five megabytes": " bytes; keep it under 200,000",
    "evidence that does not parse": "docs/evidence/facts.yml:",
    "mkdocs.yml that does not parse": "mkdocs.yml: the engine stopped (Error: MkDocs encountered an error parsing",
    "an unknown setting": "mkdocs.yml: Config value 'strickt': Unrecognised configuration name: strickt; see the MkDocs manual",
    "a character that nobody sees": "a character that cannot be seen stands here (U+E000)",
    "no nav": "mkdocs.yml: there is no nav; list every page",
    "no hooks": "mkdocs.yml: the engine stopped on an error of its own (jinja2.exceptions.UndefinedError",
}
# All others are told together, after everything was read.
TOGETHER = {
    "unknown block": ": there is no block “in-shrot”",
    "unknown citation": ": there is no fact “medicare-iop-wat”",
    "broken link": "levels-of-car.md” leads nowhere",
    "broken anchor": "leads to a place “#nowhere”",
    "missing picture": ": there is no picture “weak.svg”",
    "no alternative text": "has no alternative text",
    "page in no nav": "docs/en/what-is-an-iop/extra.md: the page stands nowhere in the nav",
    "nav without page": ": the nav names “families/gone.md”, which does not exist",
    "same title": "the title “Group therapy” is also that of",
    "a region in a page": f"{PAGE}: the marker “<!-- region -->” has no partner",
    "heading jump": "jumps from level 1 to level 4",
    "claim left open": "“a10” is carried, but still on the list of open claims",
}


def nothing_was_published(done: subprocess.CompletedProcess[str], folder: Path) -> None:
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    assert "Traceback" not in said
    assert "Nothing was published" in said
    assert [path.name for path in folder.iterdir() if not path.name.endswith("lock")] == []  # nothing half-written


@pytest.mark.parametrize("fault", FATAL)
def test_input_that_cannot_be_read_stops_the_build_with_a_clear_line(project: Path, tmp_path: Path, fault: str) -> None:
    plant(project, fault)
    done = build(project, tmp_path / "site")
    nothing_was_published(done, tmp_path)
    assert FATAL[fault] in done.stdout + done.stderr


def test_all_other_faults_are_told_together(project: Path, tmp_path: Path) -> None:
    for fault in TOGETHER:
        plant(project, fault)
    done = build(project, tmp_path / "site")
    nothing_was_published(done, tmp_path)
    assert [fault for fault, message in TOGETHER.items() if message not in done.stdout + done.stderr] == []


def test_a_failed_build_leaves_the_last_good_site(project: Path, site: Path, tmp_path: Path) -> None:
    out = tmp_path / "site"
    shutil.copytree(site, out)
    before = digest(out)
    plant(project, "broken link")
    assert build(project, out).returncode == 1
    assert digest(out) == before


def test_plain_mkdocs_renders_the_same_bytes(site: Path, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--site-dir", str(plain)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": ""}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert digest(plain) == digest(site)


def test_the_preview_makes_the_same_pages_from_memory(site: Path, tmp_path: Path) -> None:
    code = """if True:
        import sys
        from mkdocs.commands.build import build
        from mkdocs.config import load_config
        for turn in range(2):
            config = load_config("mkdocs.yml", site_dir=sys.argv[1], strict=False)
            if not turn:
                config.plugins.on_startup(command="serve", dirty=False)
            build(config)
        """
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "preview")], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert digest(tmp_path / "preview") == digest(site)


def test_the_same_input_gives_the_same_bytes_elsewhere(project: Path, site: Path, tmp_path: Path) -> None:
    os.utime(project / PAGE, (1, 1))
    done = build(project, tmp_path / "again")
    assert done.returncode == 0, done.stderr
    assert digest(tmp_path / "again") == digest(site)


def test_a_killed_build_leaves_the_last_good_site(project: Path, site: Path, tmp_path: Path) -> None:
    """Killed with -9 at random moments, then started again: the site is the old one or the new one, and whole."""
    out = tmp_path / "site"
    shutil.copytree(site, out)
    old = digest(out)
    spoil(project / PAGE, "Who is an IOP for?", "Who may an IOP be for?")
    chance = random.Random(20261121)
    for _ in range(6):
        running = subprocess.Popen(
            [sys.executable, "-m", "iop_guide", "build", "--out", str(out)],
            env={**os.environ, "PYTHONPATH": str(project / "scripts")}, cwd=project,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        time.sleep(chance.uniform(0.05, 3.5))
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        if out.exists():  # between two renames it may be missing; the next start repairs that
            page = (out / "what-is-an-iop/index.html").read_text("utf-8")
            assert digest(out) == old or "Who may an IOP be for?" in page
    done = build(project, out)
    assert done.returncode == 0, done.stderr
    assert "Who may an IOP be for?" in (out / "what-is-an-iop/index.html").read_text("utf-8")
    assert [path.name for path in tmp_path.iterdir() if not path.name.endswith("lock")] == ["site"]


def test_the_build_says_what_it_built(project: Path, tmp_path: Path) -> None:
    said = build(project, tmp_path / "site").stdout
    for pattern in (r"\d+ pages, [\d,]+ words", r"\d+ article claims carried, \d+ facts cited", r"first view [\d,]+ bytes",
                    r"Built .*site in [\d.]+ seconds", r"To look at it: "):  # fmt: skip
        assert re.search(pattern, said), said


def test_nothing_that_we_do_not_need_is_shipped(site: Path) -> None:
    names = [path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()]
    assert [n for n in names if n.endswith((".map", ".gz")) or "lunr" in n or "bundle" in n or n == "search/search_index.json"] == []


def test_no_page_names_this_machine(site: Path) -> None:
    for path in site.rglob("*"):
        if path.suffix in (".html", ".json", ".css", ".js", ".xml", ".txt"):
            assert str(ROOT) not in path.read_text("utf-8"), path


@pytest.mark.parametrize(
    ("out", "what"),
    [
        ("overrides/out", "this folder is part of what the guide is built from"),
        ("docs/en/out", "this folder is part of what the guide is built from"),
        ("x" * 300, "the folder cannot be looked into"),
    ],
)
def test_a_folder_that_cannot_be_built_into_is_refused_at_once(project: Path, out: str, what: str) -> None:
    done = build(project, project / out)
    assert done.returncode == 1 and what in done.stderr and "Traceback" not in done.stderr
    assert not (project / "overrides/out").exists()


@pytest.mark.parametrize("port", ["0", "65536", "many"])
def test_a_port_that_cannot_be_is_wrong_use(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main(["serve", "--port", port])
    assert "argument --port" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="links to themselves are a thing of Unix")
@pytest.mark.parametrize("words", [
    "clinic check loop", "clinic check copy --guide loop", "clinic check copy --report loop/x",
    "clinic build loop --out out", "clinic build clinic.yml --out loop", "clinic new loop/x.yml", "clinic serve loop",
    "network loop --out out", "network . --out loop",
])  # fmt: skip
def test_a_link_that_leads_to_itself_is_no_traceback(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("loop").symlink_to("loop")
    try:
        status: object = cli.main(words.split())
    except SystemExit as stop:  # from Python 3.13 on a link like this is only a file that cannot be read
        status = stop.code
    assert status in (1, 2) and capsys.readouterr().err
