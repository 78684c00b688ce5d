"""Regions: whole page in, whole page out; the text is the same in every copy; nothing unescaped gets through."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from conftest import ROOT, tree
from iop_guide import contrast, stamp
from iop_guide.blocks import CLINIC_REGIONS
from iop_guide.evidence import read_evidence
from iop_guide.faults import FaultsFound
from iop_guide.profile import Profile, load_profile
from iop_guide.publish import mark
from iop_guide.view import OWN_PAGE

MAPLE = load_profile(ROOT / "samples" / "maple-street" / "clinic.yml")
TOWN = Profile(
    name="Ellis & Sons <Town> Clinic",
    phone="312-555-0199",
    address=("1 Main St",),
    site="https://town.example.org/",
    accent="#00457c",
)
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<!--region addresses--><!--/region-->
<title>For families – IOP Guide</title>
<link rel="stylesheet" href="../assets/guide.css">
<!--region theme--><!--/region-->
</head>
<body>
<header>
<!--region brand--><!--/region-->
</header>
<main class="wrap" id="main">
<h1>For families</h1>
<p>Ask “when” – not “why”. &lt;b&gt;</p>
<!--region contact--><!--/region-->
</main>
<footer>
<!--region publisher--><!--/region-->
</footer>
</body>
</html>
"""
NEUTRAL = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<!--region addresses--><!--/region-->
<title>For families – IOP Guide</title>
<link rel="stylesheet" href="../assets/guide.css">
<!--region theme--><!--/region-->
</head>
<body>
<header>
<!--region brand--><a class="brand brand-own" href="../">IOP Guide</a><!--/region-->
</header>
<main class="wrap" id="main">
<h1>For families</h1>
<p>Ask “when” – not “why”. &lt;b&gt;</p>
<!--region contact--><div class="contact-card">
<h2 class="block-title contact-title">How to find a program</h2>
<p>FindTreatment.gov, a site of the US government, lists programs for mental health and for alcohol or drug use.</p>
<p>Or call the SAMHSA National Helpline at <a href="tel:+18006624357">1-800-662-4357</a>. It is free, at any hour, in English and Spanish. Someone tells you where to find treatment; they do not give counseling.</p>
<p><a href="../help-now/#line-samhsa-helpline">More about this helpline</a></p>
</div><!--/region-->
</main>
<footer>
<!--region publisher--><p class="publisher">This copy is the neutral guide; no clinic publishes it.</p><!--/region-->
</footer>
</body>
</html>
"""
STAMPED = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<!--region addresses--><link rel="canonical" href="https://town.example.org/families/">
<meta property="og:type" content="website">
<meta property="og:site_name" content="Ellis &amp; Sons &lt;Town&gt; Clinic">
<meta property="og:title" content="For families">
<meta property="og:url" content="https://town.example.org/families/">
<meta property="og:image" content="https://town.example.org/assets/clinic/preview.png">
<meta property="og:image:width" content="1200">
<meta property="og:image:height" content="630">
<meta property="og:image:alt" content="A drawing of an open door with light behind it">
<script type="application/ld+json">{"@context":"https://schema.org","@graph":[{"@type":"MedicalWebPage","@id":"https://town.example.org/families/","url":"https://town.example.org/families/","name":"For families","inLanguage":"en-US","publisher":{"@id":"https://town.example.org/#clinic"},"isAccessibleForFree":true,"license":"https://creativecommons.org/licenses/by/4.0/"}]}</script><!--/region-->
<title>For families – IOP Guide</title>
<link rel="stylesheet" href="../assets/guide.css">
<!--region theme--><link rel="stylesheet" href="../assets/clinic.css"><!--/region-->
</head>
<body>
<header>
<!--region brand--><a class="brand brand-long" href="../">Ellis &amp; Sons &lt;Town&gt; Clinic</a><!--/region-->
</header>
<main class="wrap" id="main">
<h1>For families</h1>
<p>Ask “when” – not “why”. &lt;b&gt;</p>
<!--region contact--><div class="contact-card clinic-says">
<h2 class="block-title contact-title">Contact Ellis &amp; Sons &lt;Town&gt; Clinic</h2>
<p class="small">From the clinic that publishes this copy. The guide’s authors did not check it.</p>
<p>Call <a href="tel:+13125550199">312-555-0199</a>.</p>
<p>1 Main St</p>
<p>This is not an emergency number. If life is in danger, <a href="tel:911">call 911</a>. In a crisis, <a href="tel:988">call</a> or <a href="sms:988">text 988</a>, at any hour.</p>
</div>
<p>You may choose any program. <a href="../help-now/#line-samhsa-helpline">Another way to find one</a></p><!--/region-->
</main>
<footer>
<!--region publisher--><p class="publisher">This copy of the guide is published by Ellis &amp; Sons &lt;Town&gt; Clinic, <a href="tel:+13125550199">312-555-0199</a>, 1 Main St. Ellis &amp; Sons &lt;Town&gt; Clinic did not write the guide’s text.</p>
<p class="on-paper qr"><img src="../assets/clinic/qr.svg" alt="" width="96" height="96" loading="lazy"> This guide on the web: https://town.example.org/</p><!--/region-->
</footer>
</body>
</html>
"""
ERROR_PAGE = "<head>\n<!--region base--><!--/region-->\n<!--region addresses--><!--/region-->\n</head>\n<!--region brand--><!--/region-->"


def test_neutral_page_side_by_side() -> None:
    assert stamp.fill(PAGE, None, "families/index.html") == NEUTRAL


def test_clinic_page_side_by_side() -> None:
    assert stamp.fill(PAGE, TOWN, "families/index.html") == STAMPED


def test_a_page_can_be_stamped_again_and_emptied() -> None:
    assert stamp.fill(NEUTRAL, TOWN, "families/index.html") == STAMPED
    assert stamp.fill(STAMPED, None, "families/index.html") == NEUTRAL
    assert stamp.empty(STAMPED) == stamp.empty(NEUTRAL) == PAGE


def test_the_error_page_knows_its_folder_and_has_no_canonical_address() -> None:
    neutral, copy = stamp.fill(ERROR_PAGE, None, "404.html"), stamp.fill(ERROR_PAGE, MAPLE, "404.html")
    assert '<base href="/">' in neutral and 'class="brand brand-own" href="./"' in neutral
    assert '<base href="/iop-guide/">' in copy and "canonical" not in copy


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("index.html", "https://maple-street.example.org/iop-guide/"),
        ("a/b/index.html", "https://maple-street.example.org/iop-guide/a/b/"),
        ("a/other.html", "https://maple-street.example.org/iop-guide/a/other.html"),
    ],
)
def test_canonical_addresses(path: str, address: str) -> None:
    assert f'<link rel="canonical" href="{address}">' in stamp.fill(PAGE, MAPLE, path)


def test_the_checksum_is_the_text_and_nothing_else() -> None:
    inside = PAGE.split('id="main">')[1].split("</main>")[0]
    known = "sha256-" + hashlib.sha256(inside.encode()).hexdigest()
    assert stamp.text_checksum(PAGE) == stamp.text_checksum(NEUTRAL) == stamp.text_checksum(STAMPED) == known
    assert stamp.text_checksum(STAMPED.replace("not “why”", "but “why”")) != known
    with pytest.raises(FaultsFound, match="it has no <main>"):
        stamp.text_checksum("<p>No main here</p>")


@pytest.mark.parametrize(
    ("html", "says"),
    [
        ("a\n<!--region nowhere--><!--/region-->", "x.html:2: the region “nowhere” is not known"),
        ("<!--region brand-->", "x.html:1: the marker “<!--region brand-->” has no partner"),
        ("\n\n<!--/region-->", "x.html:3: the marker “<!--/region-->” has no partner"),
        ("<!--region brand--><!--region theme--><!--/region--><!--/region-->", "stands inside a region"),
        ("<!-- region brand --><!-- /region -->", "the marker “<!-- region brand -->” has no partner"),
        ("<!--region Brand--><!--/region-->", "has no partner"),
    ],
)
def test_broken_regions(html: str, says: str) -> None:
    with pytest.raises(FaultsFound) as raised:
        stamp.fill(html, None, "x.html")
    assert says in str(raised.value)


def test_every_region_of_the_templates_has_a_fragment_and_is_empty() -> None:
    templates = [file for file in (ROOT / "overrides").rglob("*.html") if file.parent != stamp.FRAGMENTS]
    used = set()
    for file in templates:
        page = stamp.Page.cut(file.read_text("utf-8"), file.name)
        used |= set(page.regions)
        assert stamp.empty("".join(page.fixed)) == file.read_text("utf-8")
    in_pages = {"contact", *(f"clinic-{name}" for name in CLINIC_REGIONS)}  # blocks of Markdown put them there
    assert used | in_pages | {"our-program"} == {file.stem for file in stamp.FRAGMENTS.glob("[!_]*.html")}


def test_the_numbers_of_the_neutral_card_are_those_of_the_help_lines() -> None:
    line = read_evidence(ROOT / "docs" / "evidence", "docs/evidence").help_lines["samhsa-helpline"]
    card = stamp.fill("<!--region contact--><!--/region-->", None, "index.html")
    (call,) = [way for way in line.ways if way.kind == "call"]
    assert f'<a href="{call.href}">{call.number}</a>' in card
    assert (line.cost, line.hours, line.languages) == ("Free", "Any hour, every day", "English and Spanish")


def test_files_beside_the_pages() -> None:
    pages = ["index.html", "404.html", "families/index.html"]
    assert stamp.files(None, pages) == {"robots.txt": b"User-agent: *\nAllow: /\n"}
    files = stamp.files(TOWN, pages)
    assert files.pop("assets/clinic/preview.png").startswith(b"\x89PNG\r\n")
    made = {path: data.decode() for path, data in files.items()}
    assert made.pop("assets/clinic/qr.svg").startswith('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 33 33"')
    assert json.loads(made.pop("our-program/clinic.json"))["phones"] == ["+13125550199"]
    made["assets/clinic.css"] = made["assets/clinic.css"].partition(".brand img")[0]  # the rest is the same for all
    assert made == {
        "robots.txt": "User-agent: *\nAllow: /\n\nSitemap: https://town.example.org/sitemap.xml\n",
        "sitemap.xml": '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        "<url><loc>https://town.example.org/</loc></url>\n"
        "<url><loc>https://town.example.org/families/</loc></url>\n"
        "</urlset>\n",
        "assets/clinic.css": "@media screen { :root { --link: #00457c; --deep: #00457c } }\n"
        f"@media screen and (prefers-color-scheme: dark) {{ :root {{ --link: {TOWN.dark_accent}; --deep: #00457c; "
        f"--pic-deep: {contrast.picture_tone('#00457c')} }} }}\n",
    }


# Whole sites.


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    pages = {"index.html": PAGE, "families/index.html": PAGE, "404.html": ERROR_PAGE}
    for path, html in pages.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(stamp.fill(html, None, path).encode())
    (folder / "assets").mkdir()
    (folder / "assets" / "guide.css").write_bytes(
        b"a{}\r\n<!--region brand--><!--/region-->"
    )  # not a page: kept as it is
    (folder / "robots.txt").write_bytes(stamp.files(None, pages)["robots.txt"])
    mark(folder)
    return folder


def test_a_copy_of_a_whole_site(site: Path, tmp_path: Path) -> None:
    before, out = tree(site), tmp_path / "copy"
    summary = stamp.copy(site, MAPLE, out)
    copy = tree(out)
    assert tree(site) == before
    assert {path for path in set(copy) - set(before)} == {path for path in copy if stamp.is_own(path)} - {"robots.txt"}
    assert (summary.pages, summary.files) == (3, len(copy))
    assert copy["families/index.html"].decode() == stamp.fill(PAGE, MAPLE, "families/index.html")
    for path, data in before.items():
        if path.endswith(".html"):
            assert stamp.empty(copy[path].decode()) == stamp.empty(data.decode())
        elif path != "robots.txt":
            assert copy[path] == data


def test_same_input_same_bytes_and_a_copy_of_a_copy(site: Path, tmp_path: Path) -> None:
    stamp.copy(site, MAPLE, tmp_path / "one")
    stamp.copy(site, TOWN, tmp_path / "two")
    stamp.copy(tmp_path / "two", MAPLE, tmp_path / "three")
    assert tree(tmp_path / "one") == tree(tmp_path / "three")


@pytest.mark.parametrize("what", ["missing", "empty", "not ours", "a file", "no regions"])
def test_a_source_that_is_no_guide(what: str, tmp_path: Path) -> None:
    source = tmp_path / "source"
    if what == "a file":
        source.write_text("x")
    elif what != "missing":
        source.mkdir()
    if what in ("not ours", "no regions"):
        (source / "index.html").write_text("<p>x</p>")
    if what == "no regions":
        mark(source)
    with pytest.raises(FaultsFound, match="build the guide first: python3 scripts/build"):
        stamp.copy(source, MAPLE, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_a_page_that_is_not_text(site: Path, tmp_path: Path) -> None:
    (site / "bad.html").write_bytes(b"\xff\xfe")
    with pytest.raises(FaultsFound, match="not UTF-8"):
        stamp.copy(site, MAPLE, tmp_path / "copy")


@pytest.mark.parametrize("place", [".", "copies/maple", ".."])
def test_a_copy_never_stands_in_the_way_of_its_source(site: Path, place: str) -> None:
    before = tree(site)
    with pytest.raises(FaultsFound, match="in the way"):
        stamp.copy(site, MAPLE, site / place)
    assert tree(site) == before


def test_a_folder_that_is_not_ours_is_not_replaced(site: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "letter.txt").write_text("keep")
    with pytest.raises(FaultsFound):
        stamp.copy(site, MAPLE, mine)
    assert tree(mine) == {"letter.txt": b"keep"}


# Nothing that a clinic writes becomes markup.


class Skeleton(HTMLParser):
    """The elements of a page with the names of their attributes, and every comment: its structure without words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.parts: list[object] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.parts.append((tag, [name for name, _ in attrs]))

    def handle_endtag(self, tag: str) -> None:
        self.parts.append(f"/{tag}")

    def handle_comment(self, data: str) -> None:
        self.parts.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.parts.append(decl)

    def handle_pi(self, data: str) -> None:
        self.parts.append(f"?{data}")


hostile = st.one_of(
    st.text(max_size=80),
    st.lists(
        st.sampled_from([
            "<script>", "</script>", "<!--/region-->", "<!--region brand-->", "-->", "<!--", '"', "'", "&", "&lt;", "&#60;", "<",
            ">", "javascript:", "{{ clinic }}", "{% raw %}", "</title>", "onload=", " ", "a", "]]>", "\\1", "`", "=", "/",
        ]),
        max_size=8,
    ).map("".join),
)  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(name=hostile, line=hostile, phone=hostile, site=hostile, accent=hostile)
def test_any_text_stays_text(name: str, line: str, phone: str, site: str, accent: str) -> None:
    values: dict[str, object] = {
        "name": "Maple", "address": ["Here"], "phone": "217-555-0142", "site": "https://maple.example.org/", "accent": "#6d3b6e"
    }  # fmt: skip
    # Each hostile value that the profile takes goes in; those it refuses never reach a page.
    for change in (
        {"name": name},
        {"address": [line]},
        {"phone": phone},
        {"site": f"https://{site}"},
        {"accent": accent},
    ):
        try:
            Profile.model_validate(values | change)
        except ValidationError:
            continue
        values |= change
    profile = Profile.model_validate(values)
    plain = Profile(
        name="Maple",
        phone="217-555-0142",
        address=("Here",),
        site="https://maple.example.org/",
        accent="#6d3b6e",
    )
    for path in ("families/index.html", "404.html"):
        page = PAGE + ERROR_PAGE
        filled = stamp.fill(page, profile, path)
        assert Skeleton(filled).parts == Skeleton(stamp.fill(page, plain, path)).parts
        assert stamp.fill(filled, plain, path) == stamp.fill(page, plain, path)
        assert stamp.text_checksum(filled) == stamp.text_checksum(page)
    for path, data in stamp.files(profile, ["index.html"]).items():
        assert path.endswith((".png", ".json")) or (b"script" not in data and data.count(b"{") == data.count(b"}"))


FULL = yaml.load((ROOT / "samples" / "maple-street" / "clinic.yml").read_text("utf-8"), Loader=yaml.BaseLoader)
EVERYTHING = PAGE + "".join(f"<!--region {name}--><!--/region-->" for name in stamp.fragment_names())


def texts(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, str):
        yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from texts(inner, (*path, key))


def with_text(data: Any, path: tuple[Any, ...], text: str) -> Any:
    if not path:
        return text
    changed = dict(data) if isinstance(data, dict) else list(data)
    changed[path[0]] = with_text(data[path[0]], path[1:], text)
    return changed


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "' onmouseover='alert(1)", "<!--/region--><p>", "<!--region brand-->",
        "</script><script>alert(1)</script>", "a-->", "a<!--", "{{ clinic }} {% raw %}", "&lt;b&gt; &#60;b", "</title></head><body>", "a]]>b",
        "javascript:alert(1)", "a\\,b;c", "\\u003cb",
    ],
)  # fmt: skip
def test_no_field_of_a_full_profile_becomes_markup(text: str, free: list[tuple[Any, ...]]) -> None:
    """One hostile text in every field that takes free text, all at once, in every region there is."""
    data = plain_data = FULL
    for place in free:
        data, plain_data = with_text(data, place, text), with_text(plain_data, place, "Plain words")
    profile = Profile.model_validate(data)
    for path in ("families/index.html", "index.html", OWN_PAGE):
        filled, plain = (stamp.fill(EVERYTHING, p, path) for p in (profile, Profile.model_validate(plain_data)))
        assert Skeleton(filled).parts == Skeleton(plain).parts
        nothing_leaves_its_place(filled)
    for name, content in stamp.files(profile, ["index.html"]).items():
        if name.endswith(".ics"):
            assert all(len(line) <= 75 for line in content.split(b"\r\n")) and content.count(b"BEGIN:VEVENT") < 5


@pytest.fixture(scope="module")
def free() -> list[tuple[Any, ...]]:
    """Where any words may stand."""
    found = []
    for place in texts(FULL):
        if place[0] == "logo":
            continue  # "Plain words" would be a file
        try:
            Profile.model_validate(with_text(FULL, place, "Plain words"))
        except ValidationError:
            continue
        found.append(place)
    assert len(found) > 60
    return found


def nothing_leaves_its_place(filled: str) -> None:
    assert stamp.empty(filled) == stamp.empty(EVERYTHING)
    assert stamp.text_checksum(filled) == stamp.text_checksum(PAGE)
    for block in re.findall(r'<script type="application/ld\+json">(.*?)</script>', filled, re.DOTALL):
        assert json.loads(block)["@graph"] and not set("<>&") & set(block)


def test_search_engines_are_told_what_the_clinic_chose() -> None:
    def of(canonical: str, path: str) -> tuple[str, bool]:
        profile = Profile.model_validate(FULL | {"canonical": canonical})
        html = stamp.fill(EVERYTHING, profile, path)
        found = re.search(r'<link rel="canonical" href="([^"]+)">', html)
        return found[1] if found else "", '<meta name="robots" content="noindex">' in html

    own = "https://maple-street.example.org/iop-guide/"
    assert of("own", "families/index.html") == (f"{own}families/", False)
    assert of("hidden", "families/index.html") == ("", True)
    assert of("https://main.example.org/", "families/index.html") == ("https://main.example.org/families/", False)
    for canonical in ("own", "hidden", "https://main.example.org/"):
        assert of(canonical, OWN_PAGE) == (f"{own}our-program/", False)
        made = stamp.files(Profile.model_validate(FULL | {"canonical": canonical}), ["index.html", "families/index.html"])
        listed = re.findall("<loc>(.*?)</loc>", made["sitemap.xml"].decode())
        assert listed == ([own, f"{own}families/"] if canonical == "own" else []) + [f"{own}our-program/"]


def test_reviewed_only_where_it_is_true() -> None:
    checked = '<p class="checked" data-check-again="2027-05-21">Checked <time datetime="2026-11-21">November 21, 2026</time>'
    body = PAGE.replace("<h1>", checked + "<!--region unchanged--><!--/region--><h1>")
    page = body.replace("</head>", f'<meta name="text-checksum" content="{stamp.text_checksum(body)}"></head>')
    reviewer = {"name": "Robin Sample", "credentials": "MD", "date": "2026-11-21"}

    def said(html: str, path: str = "families/index.html", **changes: Any) -> tuple[bool, bool]:
        filled = stamp.fill(html, Profile.model_validate(FULL | {"reviewer": reviewer | changes}), path)
        return "Robin Sample, MD, read this page on November 21, 2026" in filled, '"reviewedBy"' in filled

    assert said(page) == (True, True)
    assert said(page, date="2026-11-20") == (False, False)  # the page was changed after the review
    assert said(page, pages=["families/"]) == (True, True)
    assert said(page, pages=["groups/"]) == (False, False)
    assert said(page.replace("not “why”", "but “why”")) == (False, False)  # not the text that was checked
    assert "reviewedBy" not in stamp.fill(page, MAPLE, "families/index.html")


def test_a_page_says_whether_its_text_is_the_one_that_was_checked() -> None:
    checked = '<p class="checked" data-check-again="2027-05-21">Checked <time datetime="2026-11-21">November 21, 2026</time>'
    body = PAGE.replace("<h1>", checked + "<!--region unchanged--><!--/region--><h1>")
    page = body.replace("</head>", f'<meta name="text-checksum" content="{stamp.text_checksum(body)}"></head>')
    filled = stamp.fill(page, TOWN, "families/index.html")
    assert "unchanged since it was checked on November 21, 2026" in filled
    assert f"begins with {stamp.text_checksum(page)[7:19]}." in filled
    adapted = stamp.fill(filled.replace("For families</h1>", "For clients</h1>"), TOWN, "families/index.html")
    assert 'data-text="changed">The text of this page was changed' in adapted
