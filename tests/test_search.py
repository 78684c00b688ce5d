"""The search's files: what goes into them comes out again, and only what readers may find is in them."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iop_guide import search
from search_sites import decode_postings, decode_words, synthetic_guide

WORDS = st.text(st.sampled_from("abcdefgz09é'ñ"), min_size=1, max_size=30)
IMPACTS = st.dictionaries(WORDS, st.dictionaries(st.integers(0, 2000), st.integers(0, 3), max_size=12), max_size=40)
PAGES: list[dict[str, Any]] = [
    {"location": "", "title": "Home", "description": "Plain help."},
    {"location": "cost/", "title": "The cost", "description": "What you may pay.", "section": "Cost"},
    {"location": "about/claims/", "title": "Claims", "description": "Every claim.", "whole_text": False},
]
RENDERED = {
    "": "<p>Care at home.</p>",
    "cost/": "<p>Ask for a price.</p>"
    '<h2 id="bill" class="x">Your <code>bill</code></h2>\n<ul><li>A&amp;B</li><li>C.<sup>2</sup></li></ul><!-- unseen -->',
    "about/claims/": '<p>Secretword.</p><h2 id="a">Claims a</h2><p>Otherword.</p>',
    "search/": "<p>Hiddenword.</p>",
}


def read(made: dict[str, bytes]) -> tuple[dict[str, Any], dict[str, dict[int, int]], list[Any]]:
    """The index, {stem: {page: level}}, and the texts of all files."""
    index = json.loads(made[search.INDEX])
    postings = decode_postings(index["counts"], index["postings"], index["levels"])
    texts = [entry for name in index["texts"] for entry in json.loads(made[f"search/{name}"])]
    return index, dict(zip(decode_words(index["words"]), postings, strict=True)), texts


@given(IMPACTS)
def test_the_compact_index_holds_exactly_what_was_put_in(impacts: dict[str, dict[int, int]]) -> None:
    vocabulary, counts, postings, levels = search._encode_postings(impacts)
    found = dict(zip(decode_words(vocabulary), decode_postings(counts, postings, levels), strict=True))
    assert found == impacts
    assert not set('"\\') & set(postings)


@given(st.text(max_size=60))
def test_words_of_any_text_can_be_indexed(text: str) -> None:
    for word in search.words(text):
        assert search.stem(word) == search.stem(word).lower()
        assert not re.search("[A-Z'\n]", word)
    impacts = {search.stem(word): {0: 1} for word in search.words(text)}
    vocabulary, *_ = search._encode_postings(impacts)
    assert sorted(decode_words(vocabulary)) == sorted(impacts)


@pytest.mark.parametrize(
    "alike",
    [
        "program programs", "therapy therapies", "therapy therapist", "family families", "insure insured insurance insurer",
        "depress depressed depression depressive", "addict addiction addicted", "hospital hospitalize hospitalized hospitalization",
        "treat treated treatment treatments", "abuse abused abusing abuses", "pay pays paying", "stop stopped stopping",
        "worry worries worried", "intense intensive intensity", "counsel counselor counseling", "alcohol alcoholic alcoholism",
        "afford affordable", "illness ill", "class classes", "week weekly weeks", "psychiatry psychiatrist psychiatric",
        "plan planned planning plans", "home homes homeless", "evaluate evaluation", "parent parents parent's parent\u2019s",
    ],
)  # fmt: skip
def test_endings_do_not_hide_a_word(alike: str) -> None:
    assert len({search.stem(word) for word in map(search.normal, alike.split())}) == 1, alike


def test_words_that_differ_stay_apart() -> None:
    apart = "care car day die died diet drug group home hour house mental medical medicine pain paint use user week"
    stems = [search.stem(word) for word in apart.split() if word != "died"]
    assert len(set(stems)) == len(stems)


def test_only_listed_pages_are_found_and_repeating_pages_only_by_title_and_description() -> None:
    made = search.files(RENDERED, [], [], PAGES, [])
    index, found, texts = read(made)
    assert index["pages"].split("\n") == ["", "cost/", "about/claims/"]
    for word in ("secretword", "otherword", "hiddenword"):
        assert search.stem(word) not in found
    assert found[search.stem("claims")] == {2: 3}
    assert [page for page, _ in texts] == [0, 1]


def test_a_title_counts_more_than_a_heading_and_a_heading_more_than_the_text() -> None:
    _, found, _ = read(search.files(RENDERED, [], [], PAGES, []))
    title, heading, text = (found[search.stem(word)][1] for word in ("cost", "bill", "price"))
    assert title > heading > text


def test_a_question_that_leads_to_a_section_is_as_good_as_its_heading() -> None:
    asked = (
        '<div class="questions"><ul><li><a href="../cost/#bill">Is my invoice wrong?</a></li>'
        '<li><a class="x" href="../">Where am I?</a></li><li><a href="../gone/#x">Lost</a></li></ul></div>'
        '<p><a href="../cost/#bill">Elsewhere</a></p>'
    )
    listed = {"location": "ask/", "title": "Questions", "description": "All of them."}
    _, found, texts = read(search.files(RENDERED | {"ask/": asked}, [], [], [*PAGES, listed], []))
    assert found["invoic"][1] == found["bill"][1]
    assert texts[1] == [1, [["", "", "Ask for a price."], ["bill", "Your bill", "A&B; C.", "Is my invoice wrong?"]]]
    assert texts[0] == [0, [["", "", "Care at home.", "Where am I?"]]]
    assert 1 not in found["elsewher"], "a link in running text is no question"


def test_texts_are_plain_and_items_of_a_list_stay_apart() -> None:
    _, _, texts = read(search.files(RENDERED, [], [], PAGES, []))
    assert texts[1] == [1, [["", "", "Ask for a price."], ["bill", "Your bill", "A&B; C."]]]
    assert search.plain_text("<p>One</p><p>Two.</p><ol><li><p>Three</p></li></ol>") == "One; Two. Three"


def test_what_nobody_reads_on_the_page_is_not_found() -> None:
    drawing = '<div class="picture-drawing"><svg><title>Steps</title><text>drawn</text></svg></div>'
    term = '<button class="term">copay</button><span class="term-note" id="t" popover="auto">What you pay.</span>'
    table = "<table><tr><th>Day</th><td>Hours</td></tr></table>"
    _, _, texts = read(search.files({"": f"<h3>No id</h3>{drawing}<p>Your {term} here.</p>{table}"}, [], [], PAGES[:1], []))
    assert texts == [[0, [["", "", "No id Your copay here. Day Hours"]]]]


def test_synonyms_terms_and_danger_words_are_carried_in_normal_words() -> None:
    synonyms = [["Day program", "PHP"], ["alone", "alone"], ["won't go", "wont go", "refuses"]]
    terms = [{"term": "copay", "also": ["co-payment", "copays"]}]
    index, found, _ = read(
        search.files(RENDERED, synonyms, ["Don\u2019t want to live", "self-harm", "self harm"], PAGES, terms)
    )
    assert index["synonyms"].split("\n") == ["day program|php", "wont go|refuses"]
    assert index["names"] == "copay|co payment"
    assert index["danger"].split("\n") == ["dont want to live", "self harm"]
    assert found[search.stem("refuses")] == {}  # known, so that a wrong letter in it can be mended


def test_the_same_input_gives_the_same_bytes_and_file_names_follow_the_content() -> None:
    one, other = search.files(RENDERED, [], ["die"], PAGES, []), search.files(RENDERED, [], ["die"], PAGES, [])
    assert one == other
    changed = RENDERED | {"cost/": RENDERED["cost/"].replace("price", "prices")}
    assert set(search.files(changed, [], ["die"], PAGES, [])) != set(one)


def test_an_empty_guide_has_an_index_too() -> None:
    assert list(search.files({}, [], [], [], [])) == [search.INDEX]


def test_the_coming_guide_stays_within_its_budget() -> None:
    rendered, pages = synthetic_guide()
    made = search.files(rendered, [], [], pages, [])
    assert sum(html.count("<h2") for html in rendered.values()) > 900
    # A reader may have to fetch 60,000 bytes before the first result; the script has 9,000 of them.
    assert len(gzip.compress(made[search.INDEX], 6)) < 51_000
    assert all(len(content) < 2 * search.TEXT_BYTES for path, content in made.items() if path != search.INDEX)


def test_the_first_result_costs_no_more_than_its_budget(site: Path) -> None:
    fetched = [search.INDEX, "assets/search-start.js", "assets/search.js"]
    assert sum(len(gzip.compress((site / path).read_bytes(), 6)) for path in fetched) <= 60_000


def test_the_list_from_a_to_z_has_pages_and_terms_under_their_letters() -> None:
    terms: list[dict[str, Any]] = [
        {
            "term": "step down",
            "also": ["stepping down", "step-down", "fewer hours"],
            "url": None,
        }
    ]
    pages = [
        *PAGES,
        {"location": "h/", "title": "“How” many hours?", "description": ""},
        {"location": "9/", "title": "988", "description": ""},
    ]
    found = search.a_to_z(pages, terms)
    assert [(group["letter"], [entry["name"] for entry in group["entries"]]) for group in found] == [
        ("0-9", ["988"]), ("C", ["Claims", "The cost"]), ("F", ["fewer hours"]), ("H", ["Home", "“How” many hours?"]), ("S", ["step down"]),
    ]  # fmt: skip
    assert found[-1]["entries"] == [{"name": "step down", "location": None, "note": "", "kind": "term"}]
    assert found[2]["entries"][0]["note"] == "another name for step down"
    assert found[1]["entries"][1]["location"] == "cost/"
