"""The audit of a finished copy: a right one passes, and every planted fault is found, at its place."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from justhtml import JustHTML

from iop_guide import audit, audit_report, stamp
from iop_guide.audit_report import Audit, Check
from iop_guide.cli import main
from iop_guide.faults import FaultsFound
from iop_guide.profile import load_profile

ROOT = Path(__file__).resolve().parents[1]
MAPLE = ROOT / "samples" / "maple-street" / "clinic.yml"
DAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def copy(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A right copy; tests only read it."""
    out = tmp_path_factory.mktemp("copy") / "maple"
    stamp.copy(site, load_profile(MAPLE), out)
    return out


def find(result: Audit, check: str) -> Check:
    return next(c for c in result.checks if c.id == check)


def test_a_right_copy_passes_every_check(copy: Path, site: Path) -> None:
    result = audit.audit(copy, guide=site, profile=MAPLE, today=DAY, at="https://maple-street.example.org/iop-guide/")
    assert [(c.id, c.findings) for c in result.checks if c.findings] == []
    assert result.passed(strict=True) and all(check.done and check.looked_at for check in result.checks)
    assert result.clinic == "Maple Street Counseling (sample)"


def test_the_neutral_guide_passes_and_says_what_was_not_checked(site: Path) -> None:
    result = audit.audit(site, today=DAY)
    assert result.passed(strict=True)
    assert [check.id for check in result.checks if not check.done] == ["own", "address", "notices"]
    assert "no guide was named" in find(result, "text").looked_at


# Planted faults. Each on a page or file of its own, so that one audit finds them all.


def put(before: str, new: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert before in text
        return text.replace(before, new + before, 1)

    return change


def swap(old: str, new: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        changed = re.sub(old, lambda _: new, text, count=1, flags=re.S)
        assert changed != text
        return changed

    return change


def write(new: str) -> Callable[[str], str]:
    return lambda text: new


IN_SCHOOL, IN_HEAD, IN_BODY = "teens/school/index.html", "</head>", "</main>"
PLANTED: list[tuple[str, str, Callable[[str], str], str]] = [
    ("foreign", "about/index.html", put(IN_HEAD, '<script src="https://tag.example.com/t.js"></script>'), "loads “https://tag.example.com/t.js”"),
    ("foreign", "help-now/index.html", put(IN_BODY, '<img src="//pixel.example.com/p.gif" alt="">'), "loads “//pixel.example.com/p.gif”"),
    ("foreign", "families/index.html", put(IN_HEAD, '<link rel="preconnect" href="https://fonts.example.com">'), "fonts.example.com"),
    ("foreign", "teens/index.html", put(IN_BODY, '<iframe src="https://book.example.com/"></iframe>'), "a frame, <iframe>"),
    ("foreign", "groups/your-first-group/index.html", put(IN_HEAD, '<meta http-equiv="refresh" content="0;url=https://x.example.com">'), "sends its reader on"),
    ("foreign", "assets/clinic.css", lambda text: text + "\nbody{background:url(https://cdn.example.com/x.png)}", "https://cdn.example.com/x.png"),
    ("foreign", "assets/guide.js", lambda text: text + "\nfetch('https://count.example.com/hit')", "https://count.example.com/hit"),
    ("foreign", "assets/search.js", lambda text: text + "\nnavigator.sendBeacon('/x')", "uses sendBeacon"),
    ("foreign", "families/partners/index.html", put(IN_BODY, '<form action="https://form.example.com/"></form>'), "form.example.com"),
    ("cookies", "assets/quick-exit.js", lambda text: text + "\ndocument.cookie = 'a=1'", "uses document.cookie"),
    ("cookies", "assets/guide.js", lambda text: text + "\nlocalStorage.a = 1", "uses localStorage"),
    ("cookies", "_headers", lambda text: text + "\n  Set-Cookie: a=1\n", "a header sets a cookie: Set-Cookie: a=1"),
    ("cookies", "who-it-suits/ocd/index.html", put(IN_HEAD, '<meta http-equiv="Set-Cookie" content="a=1">'), "the page sets a cookie"),
    ("policy", "who-it-suits/trauma/index.html", swap(r'<meta http-equiv="Content-Security-Policy"[^>]*>', ""), "no security policies"),
    ("policy", "who-it-suits/bipolar/index.html", swap("script-src 'self'", "script-src 'self' 'unsafe-inline'"), "allows 'unsafe-inline' in script-src"),
    ("policy", "who-it-suits/anxiety/index.html", swap("img-src 'self'", "img-src * 'self'"), "allows * in img-src"),
    ("policy", "who-it-suits/index.html", put(IN_BODY, "<script>alert(1)</script>"), "“<script>” stands in the page"),
    ("policy", "who-it-suits/depression/index.html", put(IN_BODY, '<p onclick="x()">x</p>'), "“p onclick=” stands in the page"),
    ("policy", "who-it-suits/lgbtq/index.html", swap('<meta name="referrer" content="no-referrer">', ""), "where the reader came from"),
    ("policy", "nginx-security-headers.conf", swap(r"frame-ancestors", "frame-nobody"), "may show the guide in a frame"),
    ("contrast", "assets/clinic.css", swap(r"--link: #[0-9a-f]{6}", "--link: #c9a0dc"), "links of #c9a0dc on"),
    ("help", "index.html", swap(r'<aside class="help-line-top".*?</aside>', ""), "are not the first thing"),
    ("help", "help-and-resources/glossary/index.html", put('<aside class="help-line-top"', "<p>Call our admissions line!</p>"), "are not the first thing"),
    ("help", "teens/to-you/index.html", swap(r'<a href="tel:988">', '<a href="tel:8005550100">'), "do not link to tel:988"),
    ("help", "teens/for-parents/index.html", swap(r'<a href="tel:988">', '<a href="tel:8005550100">Admissions</a> <a href="tel:988">'), "stands before 988"),
    ("help", "staying-safe/index.html", swap('<aside class="help-line-top"', '<aside hidden class="help-line-top"'), "is hidden"),
    ("text", "what-it-can-do/does-it-work/index.html", swap("no program can promise you a result", "we promise you a result"), "its checksum differs"),
    ("text", "rights/index.html", swap("<!--region brand-->", '<!--region brand--></a><div hidden>'), "the region “brand” changes what stands around it"),
    ("text", "paying/index.html", swap("<!--region brand-->", '<!--region brand--><b title="'), "the region “brand” changes what stands around it"),
    ("help", "assets/clinic.css", lambda text: text + "\nbody > :first-child { display: none }", "could hide what must be seen"),
    ("help", "our-program/index.html", swap("Call 988", "Call us"), "the link to tel:988 does not say 988"),
    ("foreign", "assets/clinic.css", lambda text: text + "\nb{background:image-set('https://set.example.com/x' 1x)}", "https://set.example.com/x"),
    ("files", "our-program/more.js", write("1"), "none of the files that a clinic's file makes"),
    ("links", "index.html", put(IN_BODY, '<a href="http://[x">x</a>'), "“http://[x” is not an address"),
    ("dates", "our-program/index.html", swap(r'<span class="as-of">\(as of <time datetime="[^"]*"', '<span class="as-of">(as of <time datetime="2026-01-02"'), "a wait of 2026-01-02"),
    ("text", "what-it-can-do/cost/index.html", swap(r'<meta name="text-checksum"[^>]*>\n', ""), "no checksum"),
    ("text", "substance-use/index.html", put("</footer>", "<p>Call our sales team</p>"), "differs from the guide's outside"),
    ("text", "promotion/index.html", write("<!doctype html><title>x</title><p>Special offer"), "the guide has no such page"),
    ("own", "getting-in/index.html", swap(r"<!--region publisher-->\s*<p class=\"publisher\">This copy", '<!--region publisher--><p class="publisher">This fine copy'), "is not what the clinic’s file makes"),
    ("own", "our-program/morning.ics", swap("DTSTART;TZID", "DTSTART;X=1;TZID"), "is not what the clinic’s file makes"),
    ("own", "our-program/prices.svg", write("<svg></svg>"), "the clinic’s file makes no such file"),
    ("files", "clinic.yml", write("name: x"), "does not belong"),
    ("files", "notes.docx", write("x"), "does not belong"),
    ("files", "assets/tracker.js", write("1"), "neither the guide nor the clinic's file"),
    ("files", "assets/favicon.svg", lambda text: text + "<!-- -->", "differs from the guide's"),
    ("links", IN_SCHOOL, put(IN_BODY, '<a href="../nowhere/">x</a>'), "“../nowhere/” leads nowhere"),
    ("links", "teens/who-decides/index.html", put(IN_BODY, '<a href="../school/#nowhere">x</a>'), "“#nowhere” that is not on that page"),
    ("links", "teens/self-harm-and-safety/index.html", put(IN_BODY, '<a href="javascript:alert(1)">x</a>'), "is an address that this site does not use"),
    ("address", "404.html", swap('<base href="[^"]*">', '<base href="/">'), "takes its links from /"),
    ("address", "sitemap.xml", swap("</urlset>", "<url><loc>https://maple-street.example.org/iop-guide/gone/</loc></url></urlset>"), "gone/, which is not in the copy"),
    ("address", "robots.txt", swap("Allow: /", "Disallow: /"), "told to stay away"),
    ("dates", "inside-a-program/a-week/index.html", swap(r'data-check-again="[^"]*"', 'data-check-again="2026-11-21"'), "checked again on 2026-11-21"),
    ("dates", audit.CLINIC_DATA, swap(r'"as_of": "[^"]*"', '"as_of": "2026-09-01"'), "is of 2026-09-01"),
    ("notices", audit.CLINIC_DATA, swap(r'"nondiscrimination",?', ""), "the notice “Notice of nondiscrimination” is missing"),
]  # fmt: skip


@pytest.fixture(scope="module")
def spoiled(copy: Path, site: Path, tmp_path_factory: pytest.TempPathFactory) -> Audit:
    folder = tmp_path_factory.mktemp("spoiled") / "copy"
    shutil.copytree(copy, folder)
    for _, path, change, _ in PLANTED:
        file = folder / path
        text = file.read_text("utf-8") if file.exists() else ""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(change(text), "utf-8")
    shutil.rmtree(folder / "medication-questions/side-effects")
    (folder / "assets/fonts/OFL.txt").unlink()
    (folder / "our-program/evening.ics").unlink()
    (folder / "about/extra.html").write_bytes(b"\xff\xfe")
    os.symlink("/", folder / "root")
    return audit.audit(folder, guide=site, profile=MAPLE, today=DAY, at="https://elsewhere.example.org/")


@pytest.mark.parametrize(("check", "path", "says"), [(c, p, s) for c, p, _, s in PLANTED])
def test_a_planted_fault_is_found(spoiled: Audit, check: str, path: str, says: str) -> None:
    said = [fault.what for fault in find(spoiled, check).findings if fault.file == f"copy/{path}"]
    assert any(says in what for what in said), said


@pytest.mark.parametrize(
    ("check", "says"),
    [
        ("text", "copy/medication-questions/side-effects/index.html: the guide has this page, and the copy does not"),
        ("files", "copy/assets/fonts/OFL.txt: the guide has this file, and the copy does not"),
        ("files", "copy/about/extra.html: the file is not UTF-8 text"),
        ("files", "copy/root: this is a link"),
        ("own", "copy/our-program/evening.ics: the clinic’s file makes this file, and the copy does not have it"),
        ("address", "stands at https://elsewhere.example.org/"),
    ],
)
def test_what_is_gone_or_strange_is_found(spoiled: Audit, check: str, says: str) -> None:
    assert any(says in str(fault) for fault in find(spoiled, check).findings)


def test_every_check_has_a_planted_fault(spoiled: Audit) -> None:
    assert {check for check, _, _, _ in PLANTED} == {check.id for check in spoiled.checks}
    assert all(check.findings for check in spoiled.checks) and not spoiled.passed()


def test_one_word_changed_by_hand_in_the_clinic_s_places_is_named_with_its_line(
    copy: Path, site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(copy, tmp_path / "copy")
    page = tmp_path / "copy" / "our-program" / "index.html"
    html = page.read_text("utf-8")
    page.write_text(html.replace("No promises", "Promises").replace("three hours", "four hours"), "utf-8")
    line = html[: html.index("three hours")].count("\n") + 1
    given = ["clinic", "check", str(tmp_path / "copy"), "--guide", str(site), "--day", "2026-11-22"]
    assert main(given) == 0, "no other check can see it"
    assert "not checked   The clinic’s places hold what its file says" in capsys.readouterr().out
    report = tmp_path / "report"
    assert main([*given, "--profile", str(MAPLE), "--report", str(report)]) == 1
    out = capsys.readouterr().out
    assert f"copy/our-program/index.html:{line}: the file is not what the clinic’s file makes" in out
    assert "1 to mend before anyone is sent here" in out
    data = json.loads((report / "audit.json").read_text("utf-8"))
    assert data["profile"] == str(MAPLE) and [c["id"] for c in data["checks"] if c["findings"]] == ["own"]
    assert "Made again from" in (report / "audit.html").read_text("utf-8")


def test_a_profile_to_compare_with_must_be_right_and_needs_the_guide(copy: Path, site: Path, tmp_path: Path) -> None:
    with pytest.raises(FaultsFound, match="--guide site"):
        audit.audit(copy, profile=MAPLE)
    (tmp_path / "clinic.yml").write_text("name: A\n", "utf-8")
    with pytest.raises(FaultsFound, match="“phone” is missing"):
        audit.audit(copy, guide=site, profile=tmp_path / "clinic.yml")
    other = ROOT / "samples" / "open-door-online" / "clinic.yml"
    found = find(audit.audit(copy, guide=site, profile=other, today=DAY), "own").findings
    assert len(found) > 100 and any("makes no such file" in fault.what for fault in found)


def test_a_finding_names_its_line(spoiled: Audit, copy: Path) -> None:
    [fault] = [f for f in find(spoiled, "foreign").findings if f.file == "copy/help-now/index.html"]
    lines = (copy / "help-now/index.html").read_text("utf-8").split("\n")
    assert fault.line == next(number for number, line in enumerate(lines, 1) if "</main>" in line)


@pytest.mark.parametrize("data", ["[" * 200_000, "{}", '{"waits": 5, "notices": []}', '{"waits": [], "notices": [], "site": "http://[::1"}', None])
def test_data_that_was_spoiled_is_a_finding(data: str | None, copy: Path, tmp_path: Path) -> None:
    for path in ("index.html", ".iop-guide", "assets/clinic.css"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        shutil.copy(copy / path, tmp_path / path)
    if data is not None:
        (tmp_path / "our-program").mkdir()
        (tmp_path / audit.CLINIC_DATA).write_text(data)
    said = [fault.what for fault in find(audit.audit(tmp_path, today=DAY), "files").findings]
    assert said == ["the clinic's data is missing" if data is None else "the clinic's data cannot be read"]


@pytest.mark.skipif(os.name != "posix", reason="names and pipes as Unix has them")
def test_strange_names_and_pipes_in_a_copy_are_findings(copy: Path, tmp_path: Path) -> None:
    folder, report = tmp_path / "copy", tmp_path / "report"
    folder.mkdir()
    for path in ("index.html", ".iop-guide"):
        shutil.copy(copy / path, folder / path)
    os.mkfifo(folder / "pipe")
    for name in (b"x\xff.html", b"a\n::error::b\x1b[2J.html"):
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_text("x")
    found = audit.audit(folder, today=DAY)
    files = {fault.file for check in found.checks for fault in check.findings}
    assert {"copy/pipe", "copy/x\ufffd.html", "copy/a ⏎ ::error::b\ufffd[2J.html"} <= files
    audit_report.write(found, report)


# Dates, and the exit status.


def test_time_alone_makes_a_copy_overdue(copy: Path) -> None:
    soon = audit.audit(copy, today=date(2027, 1, 15))
    assert any("wait for" in fault.what for fault in find(soon, "dates").findings)
    assert soon.passed() and not soon.passed(strict=True), "a date is for a person to renew"
    notices = replace(soon, checks=tuple(check for check in soon.checks if check.id != "dates"))
    assert notices.passed(strict=True), "which notices are needed, a lawyer says"
    late = audit.audit(copy, today=date(2028, 1, 1))
    assert len(find(late, "dates").findings) > 100


def test_the_command_keeps_its_report_and_says_how_it_went(
    copy: Path, site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    given = ["clinic", "check", str(copy), "--guide", str(site), "--day", "2026-11-22", "--report", str(tmp_path / "r")]
    assert main(given) == 0
    assert "Nothing to mend was found. Not checked: 1." in capsys.readouterr().out
    late = [*given[:-3], "2027-01-15", *given[-2:]]
    assert (main(late), main([*late, "--strict"])) == (0, 1)
    report = json.loads((tmp_path / "r/audit.json").read_text("utf-8"))
    assert report["clinic"] == "Maple Street Counseling (sample)" and report["should"] > 0 and report["must"] == 0
    assert re.fullmatch("sha256-[0-9a-f]{64}", report["digest"])
    html = (tmp_path / "r/audit.html").read_text("utf-8")
    assert "Audit of Maple Street Counseling (sample)" in html and "What this report cannot tell" in html
    assert not JustHTML(html, collect_errors=True).errors
    assert not [name for name in os.listdir(tmp_path / "r") if name not in ("audit.html", "audit.json")]


def test_what_a_hostile_copy_holds_stays_text_in_the_report(spoiled: Audit, tmp_path: Path) -> None:
    html, _ = audit_report.write(spoiled, tmp_path)
    text = html.read_text("utf-8")
    assert "<iframe" not in text and "&lt;iframe&gt;" in text and "<script" not in text
    assert not JustHTML(text, collect_errors=True).errors


def test_a_workflow_gets_annotations(
    copy: Path, site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    (tmp_path / "clinic.yml").write_text("name: A: b, 100%\nphone: '12'\n")
    assert main(["clinic", "build", str(tmp_path / "clinic.yml"), "--out", str(tmp_path / "x"), "--site", str(copy)]) == 1
    said = capsys.readouterr().out
    file = str(tmp_path / "clinic.yml").replace(":", "%3A").replace(",", "%2C")
    assert f"::error file={file},line=1::" in said
    # The guide is named: a site/ that was built before somebody changed a page would be taken otherwise.
    assert main(["clinic", "check", str(copy), "--guide", str(site), "--day", "2027-01-15"]) == 0
    assert "::warning file=maple/our-program/clinic.json,line=1::the wait for" in capsys.readouterr().out


def test_what_is_no_copy_is_one_fault(tmp_path: Path, copy: Path, site: Path) -> None:
    with pytest.raises(FaultsFound, match="no finished guide in this folder"):
        audit.audit(tmp_path)
    with pytest.raises(FaultsFound, match="no finished guide in this folder"):
        audit.audit(copy, guide=tmp_path)
    with pytest.raises(FaultsFound, match="compared with itself"):
        audit.audit(copy, guide=copy / ".." / copy.name)
    for published in (copy, site):
        with pytest.raises(FaultsFound, match="would be published"):
            audit_report.write(audit.audit(copy, today=DAY), published / "report")
        assert not (published / "report").exists()


def test_a_folder_that_cannot_be_read_is_told_and_not_passed_over(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def scandir(folder: str, real: Callable[[str], object] = os.scandir) -> object:
        if str(folder).endswith("families"):
            raise PermissionError(13, "Permission denied")
        return real(folder)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(FaultsFound, match="the copy cannot be read"):
        audit.audit(copy, today=DAY)
