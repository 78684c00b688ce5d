"""The trace: every claim, what became of it, and the sentence that carries it."""

from __future__ import annotations

import json

from conftest import ROOT, Render
from iop_guide.evidence import Evidence
from iop_guide.pages import read_pages
from iop_guide.trace import LISTS, Told, published, trace


def test_each_list_of_sources_has_a_page_of_its_own() -> None:
    pages, faults = read_pages(ROOT / "docs" / "en", "docs/en")
    assert not faults
    assert sorted(page.meta.listing for page in pages if page.meta.listing) == sorted([*LISTS, "claims", "glossary"])


def test_the_trace_of_two_pages(evidence: Evidence, render: Render) -> None:
    pages = [
        Told("One", "one/", render("You live at home.[@a01]\n\nIt may help.[@one-in-five; @a03]").text),
        Told("Two", "two/", render("## Home[@a01]\n\n/// unknown\nNobody knows.[@a02]\n///").text),
    ]
    done = trace(pages, evidence)
    rows = {row["id"]: row for row in done["claims"]}
    assert [(p["url"], p["sentence"]) for p in rows["a01"]["places"]] == [
        ("one/#p-1", "You live at home."),
        ("two/#home", "Home"),
    ]
    assert rows["a03"]["places"][0]["facts"] == ["one-in-five"]
    assert (rows["a02"]["unknown"], rows["a01"]["unknown"]) == (True, False)
    assert (rows["a05"]["why"], rows["a05"]["places"]) == ("it is advertising", [])
    assert done["counts"] == {"claims": 4, "carried": 3, "dropped": 1, "open": 0, "facts": 1}
    assert [(s["id"], s["pages"]) for s in done["sources"]["studies"]] == [("trial", [{"url": "one/", "title": "One"}])]

    files = {path: json.loads(data) for path, data in published(done, evidence).items()}
    assert files["evidence/claims.json"]["claims"]["a01"] == {
        "claim": "people live at home", "verdict": "carry", "places": ["one/#p-1", "two/#home"],
    }  # fmt: skip
    assert files["evidence/claims.json"]["claims"]["a05"]["why"] == "it is advertising"
    assert files["evidence/facts.json"]["facts"]["one-in-five"]["pages"] == ["one/"]
    sources = files["evidence/sources.json"]["sources"]
    assert "url" in sources["agency"] and "url" not in sources["trial"]  # an address that may not be linked stays home
