"""Citations: Markdown in, numbered sources and a readable page out."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import Render


def test_a_fact_becomes_the_number_of_its_source(render: Render) -> None:
    done = render("It takes 9 hours.[@nine-hours] Then it ends.")
    assert done.html == (
        '<p>It takes 9 hours.<sup class="cite"><a aria-label="Source 1" href="#source-1" id="cite-1-1">1</a></sup>'
        " Then it ends.</p>"
    )
    assert done.text.sources == [
        {
            "number": 1, "title": "Hours of care", "quoted": True, "publisher": "An agency", "year": "2024",
            "kind": "government page", "url": "https://agency.example.org/hours", "backs": [{"id": "cite-1-1", "label": "a"}],
        }
    ]  # fmt: skip


def test_a_copy_gives_way_to_its_official_source(render: Render) -> None:
    assert [s["title"] for s in render("Nine.[@nine-hours]").text.sources] == ["Hours of care"]


def test_a_source_without_link_has_no_address(render: Render) -> None:
    source = render("One in five.[@one-in-five]").text.sources[0]
    assert (source["title"], source["url"]) == ("A trial of two programs", "")


def test_two_facts_in_one_mark_and_the_same_source_twice(render: Render) -> None:
    done = render("First.[@nine-hours; @one-in-five] Second.[@nine-hours]")
    assert [(s["number"], [b["id"] for b in s["backs"]]) for s in done.text.sources] == [
        (1, ["cite-1-1", "cite-1-2"]),
        (2, ["cite-2-1"]),
    ]
    assert [sentence.keys for sentence in done.text.sentences] == [("nine-hours", "one-in-five"), ("nine-hours",)]


def test_a_claim_shows_nothing_and_gives_its_paragraph_an_address(render: Render) -> None:
    done = render("Some text.\n\nYou live at home.[@a01] And more.\n")
    assert done.html == '<p>Some text.</p>\n<p id="p-2">You live at home. And more.</p>'
    assert [(s.text, s.keys, s.place) for s in done.text.sentences if s.keys] == [
        ("You live at home.", ("a01",), "p-2")
    ]


def test_claims_in_lists_tables_and_headings_have_addresses(render: Render) -> None:
    done = render("## Home[@a01]\n\n- a group[@a04]\n\n| x | y |\n|---|---|\n| one[@a01] | two |\n")
    places = {s.place for s in done.text.sentences if s.keys}
    for place in places:
        assert f'id="{place}"' in done.html
    assert len(places) == 3


@pytest.mark.parametrize("code", ["`[@nine-hours]`", "```\n[@nine-hours]\n```"])
def test_code_is_left_alone(render: Render, code: str) -> None:
    done = render(code)
    assert "[@nine-hours]" in done.html
    assert done.text.sources == []


def test_a_citation_before_bold_and_links_keeps_the_words(render: Render) -> None:
    done = render("**Bold.**[@a01] [Link](x.md) text.[@nine-hours]")
    assert [s.text for s in done.text.sentences] == ["Bold.", "Link text."]


@pytest.mark.parametrize(
    ("markdown", "sentences"),
    [
        ("Dr. Lee helps. She listens.", ["Dr. Lee helps.", "She listens."]),
        ("It starts at 9 a.m. and ends at noon.", ["It starts at 9 a.m. and ends at noon."]),
        ("It ends at 9 p.m. Then you rest.", ["It ends at 9 p.m.", "Then you rest."]),
        ("In the U.S. this is common. Ask.", ["In the U.S. this is common.", "Ask."]),
        ("He asked, “Why?” She said why.", ["He asked, “Why?”", "She said why."]),
        ("One (two). Three!", ["One (two).", "Three!"]),
        ("It cost 3.5 dollars. More.", ["It cost 3.5 dollars.", "More."]),
    ],
)
def test_sentences_are_cut_where_a_reader_would(render: Render, markdown: str, sentences: list[str]) -> None:
    assert [s.text for s in render(markdown).text.sentences] == sentences


def test_a_term_is_a_button_with_its_meaning(render: Render) -> None:
    done = render("You [?step down] later.")
    assert 'popovertarget="term-step-down"' in done.html
    assert "To move to care with fewer hours." in done.html
    assert done.text.sentences[0].text == "You step down later."


def test_pages_do_not_leak_into_each_other(render: Render) -> None:
    render("Nine.[@nine-hours]")
    assert render("Nothing.").text.sources == []


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "[@",
                "]",
                "nine-hours",
                "a01",
                ";",
                "@",
                " ",
                "\n",
                "word.",
                "[?",
                "step down",
                "`",
                "*",
                "(",
                "é",
                "<b>",
                "&",
            ]
        )
    )
)
def test_no_run_of_marks_breaks_the_parser(render: Render, parts: list[str]) -> None:
    done = render("".join(parts))
    assert "cite-mark" not in done.html  # no stand-in is ever published
    assert all(source["number"] == n for n, source in enumerate(done.text.sources, 1))


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=40))
def test_no_stand_in_is_left_whatever_the_key(render: Render, key: str) -> None:
    assert "cite-mark" not in render(f"Text [@{key}] end.").html


@pytest.mark.parametrize("key", ["<script>x()</script>", '"><img src=x onerror=x()>', "<!--", "&lt;b&gt;", "*<b>*", "nothing-here"])
def test_an_unknown_key_is_never_markup(render: Render, key: str) -> None:
    done = render(f"Text [@{key}] end.")
    assert done.html == "<p>Text  end.</p>"
    assert done.text.sentences[0].keys and not done.text.sources  # for lint to report
