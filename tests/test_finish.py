"""The checks on finished HTML, each seen to fail on its planted fault."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from conftest import FRONT_MATTER
from iop_guide import finish
from iop_guide.pages import Page, read_page

HTML = """<!doctype html><html lang="en"><head><link rel="stylesheet" href="assets/a.css"></head>
<body><h1 id="top">T</h1><p><a href="other/#place">x</a> <a href="tel:988">988</a></p>{more}</body></html>"""


@pytest.fixture
def page(tmp_path: Path) -> Page:
    path = tmp_path / "index.md"
    path.write_text(FRONT_MATTER + "\nText.\n\n[x](gone.md) and ![y](gone.png)\n\n## Twice\n", "utf-8")
    return read_page(path, "index.md", "docs/en/index.md")


def look(page: Page, more: str = "", css: bytes = b"a{}", other: str = '<h1 id="place">O</h1>') -> list[tuple[str, int, str]]:
    files = {"index.html": HTML.format(more=more).encode(), "other/index.html": other.encode(), "assets/a.css": css}
    faults, _ = finish.check_site(files, {"index.html": page})
    return [(fault.file, fault.line, fault.what) for fault in faults]


def test_a_good_site_has_no_faults(page: Page) -> None:
    assert look(page) == []


@pytest.mark.parametrize(
    ("more", "line", "what"),
    [
        ('<a href="gone/">x</a>', 12, "the link “gone/” leads nowhere"),
        ('<a href="other/#nowhere">x</a>', 0, "leads to a place “#nowhere” that is not on that page"),
        ('<a href="#nowhere">x</a>', 0, "leads to a place “#nowhere”"),
        ('<a href="javascript:alert(1)">x</a>', 0, "is an address that this site does not use"),
        ('<a href="//evil.example/">x</a>', 0, "is an address that this site does not use"),
        ('<img src="gone.png" alt="y">', 12, "there is no file “gone.png”"),
        ('<img src="https://other.example/x.png" alt="y">', 0, "from another host"),
        ('<img src="https://[other/x.png" alt="y">', 0, "“https://[other/x.png” is not an address"),
        ('<script src="//[other/x.js"></script>', 0, "“//[other/x.js” is not an address"),
        ('<a href="//[other/">x</a>', 0, "“//[other/” is not an address"),
        ('<script src="https://other.example/x.js"></script>', 0, "from another host"),
        ("<script>x()</script>", 0, "“<script>” is inline"),
        ("<style>a{}</style>", 0, "“<style>” is inline"),
        ('<p style="color:red">x</p>', 0, "“p style=” is inline"),
        ('<p onclick="x()">x</p>', 0, "“p onclick=” is inline"),
        ('<p title=">" onclick="x()">x</p>', 0, "“p onclick=” is inline"),
        ('<p/onclick="x()">x</p>', 0, "“p onclick=” is inline"),
        ('<p class="a"onclick="x()">x</p>', 0, "“p onclick=” is inline"),
        ('<svg><a xlink:href="javascript:x()"><text>x</text></a></svg>', 0, "is an address that this site does not use"),
        ('<svg><image href="https://other.example/x.png"/></svg>', 0, "from another host"),
        ('<img src="assets/a.css" srcset="https://other.example/x.png 2x" alt="y">', 0, "from another host"),
        ('<video poster="https://other.example/x.png"></video>', 0, "from another host"),
        ('<input type="image" src="https://other.example/x.png" alt="y">', 0, "from another host"),
        ('<main><base href="https://other.example/"></main>', 0, "“<base>” may not stand"),
        ('<main><meta http-equiv="refresh" content="0;url=https://other.example/"></main>', 0, "“<meta>” may not stand"),
        ('<main><script src="assets/a.css"></script></main>', 0, "“<script[src]>” may not stand"),
        ('<main><iframe srcdoc="x"></iframe></main>', 0, "“<iframe>” may not stand"),
        ('<main><form></form></main>', 0, "“<form>” may not stand"),
        ('<button formaction="x">x</button>', 0, "“button formaction=” may not stand"),
        ('<a href="other/" ping="https://other.example/">x</a>', 0, "“a ping=” may not stand"),
        ('<main>x</main><main>y</main>', 0, "“<main>” may not stand"),
        ('<h2 id="twice">a</h2><h2 id="twice">b</h2>', 14, "the id “twice” stands twice"),
    ],
)
def test_each_fault(page: Page, more: str, line: int, what: str) -> None:
    found = look(page, more)
    assert [row for row in found if row[0] == "docs/en/index.md" and what in row[2]], found
    assert [row[1] for row in found if what in row[2]] == [line]


def test_a_page_over_its_budget(page: Page) -> None:
    noise = random.Random(1).randbytes(20_000).hex()
    assert ["before the first paint" in what for _, _, what in look(page, css=f"/*{noise}*/".encode())] == [True]


def test_a_fault_in_a_template_names_the_file_of_the_site(page: Page) -> None:
    found = look(page, other='<a href="gone/">x</a><h1 id="place">x</h1>')
    assert found == [("site/other/index.html", 0, "the link “gone/” leads nowhere")]


def test_a_script_goes_out_without_its_comments() -> None:
    written = "// why\n\nfunction a() {\n  // because\n  return `x`; // kept\n}\n"
    assert finish.plain_script(written) == "function a() {\nreturn `x`; // kept\n}\n"


def test_styles_stand_in_the_page_and_their_hash_in_its_policy() -> None:
    page = (
        f'<head><meta http-equiv="Content-Security-Policy" content="{finish.POLICY}">'
        '<link rel="stylesheet" href="../assets/guide.css"></head>'
    )
    css = finish.plain_css("/* why */\na { src: url(fonts/x.woff2) }\n\n  b { }\n")
    assert css == "a { src: url(fonts/x.woff2) }\nb { }"
    done = finish.style_in_page(page, css)
    assert "<style>a { src: url(../assets/fonts/x.woff2) }\nb { }</style>" in done
    assert finish.look_at(done).inline == []
    assert finish.look_at(done.replace("b { }", "b { color: red }")).inline == ["<style>"]  # another style is forbidden


def test_the_header_files_carry_the_policy_and_every_hash() -> None:
    pages = ["<style>a{}</style>", "<style>b{}</style>", "<p>"]
    for name, data in finish.header_files(pages).items():
        text = data.decode()
        assert "frame-ancestors 'none'" in text and "no-referrer" in text, name
        assert text.count("'sha256-") == 2
        assert "unsafe" not in text


def test_structured_data_is_not_a_script_that_runs() -> None:
    assert finish.look_at('<script type="application/ld+json">{}</script>').inline == []
