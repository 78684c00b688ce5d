"""Blocks: Markdown in, HTML out, side by side."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import PICTURE, Render
from iop_guide.blocks import NAMES


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        (
            "/// in-short\n- one\n///",
            '<section aria-labelledby="in-short" class="in-short">\n<h2 class="block-title" id="in-short">In short</h2>\n'
            "<ul>\n<li>one</li>\n</ul>\n</section>\n<!--on-this-page-->",
        ),
        (
            "/// next-steps\n1. one\n///",
            '<section aria-labelledby="next-steps" class="next-steps">\n<h2 id="next-steps">What you can do next</h2>\n'
            "<ol>\n<li>one</li>\n</ol>\n</section>",
        ),
        ("/// do\n- Ask.\n///", '<div class="do">\n<p class="block-title">Do</p>\n<ul>\n<li>Ask.</li>\n</ul>\n</div>'),
        (
            "/// do-not\n- Do not ask.\n///",
            '<div class="do-not">\n<p class="block-title">Do not</p>\n<ul>\n<li>Do not ask.</li>\n</ul>\n</div>',
        ),
        ("/// steps\n1. a\n///", '<div class="steps">\n<p class="block-title">Step by step</p>\n<ol>\n<li>a</li>\n</ol>\n</div>'),
        ("/// steps | Call\n1. a\n///", '<div class="steps">\n<p class="block-title">Call</p>\n<ol>\n<li>a</li>\n</ol>\n</div>'),
        (
            "/// say | To a friend\nHello.\n///",
            '<div class="say">\n<p class="block-title">Words you can use: To a friend</p>\n<p>Hello.</p>\n</div>',
        ),
        (
            "/// example | A week\nHello.\n///",
            '<div class="example" role="note">\n<p class="block-title">Example: A week</p>\n<p>Hello.</p>\n</div>',
        ),
        (
            "/// unknown\nHello.\n///",
            '<div class="unknown" role="note">\n<p class="block-title">What nobody knows yet</p>\n<p>Hello.</p>\n</div>',
        ),
        (
            "/// care-now | Call 911 now if:\n- a\n///",
            '<section aria-labelledby="care-now-1" class="care care-now">\n<h2 class="care-title" id="care-now-1">'
            '<span class="visually-hidden">Emergency: </span>Call 911 now if:</h2>\n<ul>\n<li>a</li>\n</ul>\n</section>',
        ),
        (
            "/// figure | steps.svg\n    title: The steps\n\nWords.\n///",
            '<figure class="picture" id="steps">\n<p class="picture-title">The steps</p>\n<div class="picture-drawing">'
            f"{PICTURE}</div>\n<figcaption>\n<p>Words.</p>\n</figcaption>\n</figure>",
        ),
        ("/// doors\n- [A](a.md) b\n///", '<div class="doors">\n<ul>\n<li><a href="a.md">A</a> b</li>\n</ul>\n</div>'),
        ("/// contact\n///", "<!--region contact--><!--/region-->"),
        (
            "/// compare | Two\n| a | b |\n|---|--:|\n| x | y |\n///",
            '<div class="compare">\n<table>\n<caption>Two</caption><thead>\n<tr>\n<th scope="col">a</th>\n'
            '<th class="align-right" scope="col">b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<th scope="row">x</th>\n'
            '<td class="align-right" data-label="b">y</td>\n</tr>\n</tbody>\n</table>\n</div>',
        ),
    ],
)  # fmt: skip
def test_each_block(render: Render, markdown: str, html: str) -> None:
    assert render(markdown).html == html


def test_help_lines_come_from_the_data_file(render: Render) -> None:
    html = render("/// help-lines | crisis\n///").html
    assert '<a class="help-line-way" href="tel:988">Call 988</a>' in html
    assert '<a class="help-line-way" href="sms:988">Text 988</a>' in html
    assert "A counselor listens." in html


def test_two_cards_of_a_kind_have_two_ids(render: Render) -> None:
    card = "/// care-now | Call 911 now if:\n- a\n///\n\n"
    html = render(card * 2).html
    assert 'id="care-now-1"' in html and 'id="care-now-2"' in html


def test_block_titles_are_headings_but_not_contents(render: Render) -> None:
    done = render("[TOC]\n\n## One\n\n/// in-short\n- a\n///\n\n/// care-now | Call 911 now if:\n- a\n///\n")
    contents = done.html.partition("</div>")[0]
    assert "One" in contents and "In short" not in contents and "Call 911" not in contents
    assert done.html.count("<h2") == 3


def test_a_picture_outside_its_folder_is_not_read(render: Render) -> None:
    done = render("/// figure | ../../mkdocs.yml\n    title: T\n\nx\n///")
    assert "site_name" not in done.html
    assert done.text.faults



@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from([*(f"/// {name}" for name in sorted(NAMES)), "/// care-now | Call if:", "///", "////", "- item", "text", "    title: x", "| a |\n|---|\n| b |", "## head", ""]), max_size=12))
def test_no_run_of_blocks_breaks_the_parser(render: Render, lines: list[str]) -> None:
    html = render("\n\n".join(lines)).html
    for left_over in ("data-toc-omit", "data-after", "data-caption", "data-fault", "omit-h"):
        assert left_over not in html
