"""Where every article claim, fact and source went: for the trace page, the sources page and their JSON."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .citations import PageText, is_claim
from .evidence import Evidence, Source


@dataclass(frozen=True)
class Told:
    """One rendered page and what it says."""

    title: str
    url: str
    """Relative to the site's root: "what-is-an-iop/"."""
    text: PageText
    html: str = ""
    contents: Any = None
    """The engine's list of contents, as it came."""


def trace(pages: Iterable[Told], evidence: Evidence) -> dict[str, Any]:
    """Plain data for the templates: what became of each claim, and which pages cite each source.

    `{"articles": [{id, title}],
      "claims": [{id, letter, claim, verdict, why, open, unknown, places: [{url, title, sentence, facts, unknown}]}],
      "sources": {list name: [{id, title, quoted, publisher, year, kind, url, pages: [{url, title}]}]},
      "counts": {claims, carried, dropped, open, facts}, "citing": {fact id: [url]}}`
    """
    places: dict[str, list[dict[str, Any]]] = defaultdict(list)
    citing: dict[str, dict[str, str]] = defaultdict(dict)
    for page in pages:
        for sentence in page.text.sentences:
            facts = [key for key in sentence.keys if key in evidence.facts]
            for key in sentence.keys:
                if is_claim(key):
                    place = {
                        "url": f"{page.url}#{sentence.place}",
                        "title": page.title,
                        "sentence": sentence.text,
                        "facts": facts,
                        "unknown": "unknown" in sentence.blocks,
                    }
                    places[key].append(place)
            for key in facts:
                citing[key][page.url] = page.title
    claims = [
        {
            "id": claim_id, "letter": claim_id[0], "claim": claim.claim,
            "verdict": claim.verdict, "why": claim.why or "",
            "open": claim_id in evidence.open_claims, "places": places[claim_id],
            "unknown": bool(places[claim_id]) and all(place["unknown"] for place in places[claim_id]),
        }
        for claim_id, claim in evidence.claims.items()
    ]  # fmt: skip
    return {
        "articles": [{"id": letter, "title": article.title} for letter, article in evidence.articles.items()],
        "claims": claims,
        "sources": _sources(citing, evidence),
        "counts": {
            "claims": sum(1 for c in claims if c["verdict"] != "drop"),
            "carried": sum(1 for c in claims if c["places"]),
            "dropped": sum(1 for c in claims if c["verdict"] == "drop"),
            "open": len(evidence.open_claims),
            "facts": len(citing),
        },
        "citing": {fact_id: sorted(pages) for fact_id, pages in citing.items()},
    }


_KINDS = {
    "trial": "studies", "systematic-review": "reviews", "statistic": "reviews", "law": "laws",
    "guideline": "guidelines", "agency-page": "agencies", "nonprofit-page": "organizations", "clinic-page": "clinics",
}  # fmt: skip
_SITES = {"commercial": "companies", "news": "news-and-law-firms", "law-firm": "news-and-law-firms"}
_IN_TWO = frozenset({"agencies", "organizations"})
LISTS = (
    "studies", "reviews", "laws", "guidelines", "agencies-a-l", "agencies-m-z", "organizations-a-l",
    "organizations-m-z", "clinics", "companies", "news-and-law-firms",
)  # fmt: skip
"""The lists of sources, each a page of its own so that none grows too heavy; the longest are cut in two by the first
letter of the publisher. What a company, a law firm or a news site published stands with its like, whatever it is."""


def _sources(citing: dict[str, dict[str, str]], evidence: Evidence) -> dict[str, list[dict[str, Any]]]:
    cited: dict[str, list[str]] = defaultdict(list)
    for fact_id in evidence.facts:
        if fact_id in citing:
            for source in evidence.shown_sources(fact_id):
                cited[source.id].append(fact_id)
    rows: list[dict[str, Any]] = []
    for source_id, fact_ids in cited.items():
        source = evidence.sources[source_id]
        pages = {url: title for fact_id in fact_ids for url, title in citing[fact_id].items()}
        rows.append(
            {
                "id": source_id, "title": source.title, "quoted": source.title_exact, "publisher": source.publisher,
                "year": str(source.year or ""), "kind": source.kind_words, "url": source.url if source.link else "",
                "pages": [{"url": url, "title": title} for url, title in pages.items()],
            }
        )  # fmt: skip
    rows.sort(key=lambda row: (row["publisher"].lower(), row["title"].lower()))
    return {name: [row for row in rows if _list_of(evidence.sources[row["id"]]) == name] for name in LISTS}


def _list_of(source: Source) -> str:
    name = _SITES[source.site] if source.site else _KINDS[source.kind]
    if name not in _IN_TWO:
        return name
    return f"{name}-a-l" if source.publisher[:1].lower() < "m" else f"{name}-m-z"


def published(traced: dict[str, Any], evidence: Evidence) -> dict[str, bytes]:
    """The same as JSON files for anyone's program, by path: `evidence/claims.json`, `facts.json`, `sources.json`."""
    claims = {
        row["id"]: {
            "claim": row["claim"],
            "verdict": row["verdict"],
            "places": [place["url"] for place in row["places"]],
        }
        | ({"why": row["why"]} if row["why"] else {})
        for row in traced["claims"]
    }
    facts = {
        i: f.model_dump(mode="json", exclude={"id"}, exclude_none=True) | {"pages": traced["citing"].get(i, [])}
        for i, f in evidence.facts.items()
    }
    # An address that may not be linked may not be published either: the source's name has to do.
    sources = {
        i: s.model_dump(mode="json", exclude={"id"} if s.link else {"id", "url"}, exclude_none=True)
        for i, s in evidence.sources.items()
    }
    return {
        f"evidence/{name}.json": (json.dumps({name: rows}, ensure_ascii=False) + "\n").encode()
        for name, rows in (("claims", claims), ("facts", facts), ("sources", sources))
    }
