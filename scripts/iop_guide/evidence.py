"""What may be said: sources, facts, article claims and help lines, read from `docs/evidence` and checked.

Data goes one way: pages cite facts, facts name sources; nothing here knows about pages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from .faults import Fault, FaultsFound
from .yamlfile import Location, M, Strict, load


def _address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or "." not in parts.netloc or re.search(r"[\s<>\"]", value):
        raise ValueError("this is not a web address (https://host/path)")
    return value


def _year_date(value: date | str | int) -> str:
    text = str(value)
    if not re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", text):
        raise ValueError("write a date as YYYY, YYYY-MM or YYYY-MM-DD")
    return text


Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=80)]
Words = Annotated[str, Field(min_length=1, max_length=2000)]
Address = Annotated[str, AfterValidator(_address)]

KINDS = {
    "agency-page": "government page",
    "clinic-page": "clinic's page",
    "guideline": "guideline",
    "law": "law or rule",
    "nonprofit-page": "organization's page",
    "statistic": "statistics",
    "systematic-review": "review of studies",
    "trial": "study",
}
SITES = {"commercial": "a company's site", "law-firm": "a law firm's site", "news": "a news site"}


class Source(Strict):
    """One document that facts were read in."""

    id: Id
    title: Words
    publisher: Words
    year: int | None
    url: Address
    kind: Literal[
        "agency-page", "clinic-page", "guideline", "law", "nonprofit-page", "statistic", "systematic-review", "trial"
    ]
    read: bool
    link: bool
    official: Id | None = None
    note: Words | None = None
    title_exact: bool = True
    site: Literal["commercial", "law-firm", "news"] | None = None

    @property
    def kind_words(self) -> str:
        """The kind as a reader would say it: "study", "government page", "a law firm's site"."""
        return SITES[self.site] if self.site else KINDS[self.kind]


class Fact(Strict):
    """One thing that pages may say when they cite it."""

    id: Id
    topic: Id
    fact: Words
    sources: Annotated[list[Id], Field(min_length=1)]
    confirmed: Literal["read", "recalled"]
    note: Words | None = None
    as_of: Annotated[date | str | int, AfterValidator(_year_date)] | None = None
    expires: date | None = None


class Article(Strict):
    """One of the four articles that the guide is built from."""

    title: Words
    kind: Words


class Claim(Strict):
    """One thing that a source article says, and what good sources make of it."""

    topic: Id
    verdict: Literal["carry", "qualify", "evidence", "drop"]
    claim: Words
    why: Words | None = None

    @model_validator(mode="after")
    def _drop_says_why(self) -> Claim:
        if self.verdict == "drop" and not self.why:
            raise ValueError("a claim that is dropped says why")
        return self


class Way(Strict):
    """One way to reach a help line."""

    kind: Literal["call", "text", "chat", "tty", "videophone"]
    label: Words
    number: Annotated[str, Field(pattern=r"^[0-9][0-9-]{1,14}$")] | None = None
    words: Words | None = None
    address: Address | None = None
    site: Words | None = None

    @model_validator(mode="after")
    def _has_a_target(self) -> Way:
        if not (self.number or self.address or self.site):
            raise ValueError("a way to reach help needs a number, an address or the name of a site")
        return self

    @property
    def href(self) -> str:
        """The address that a tap opens: tel:, sms: or https:; empty where there is none."""
        digits = (self.number or "").replace("-", "")
        if digits and self.kind in ("call", "tty", "videophone"):
            return f"tel:{digits}" if len(digits) < 10 else f"tel:+1{digits[-10:]}"
        if digits and self.kind == "text":
            return f"sms:{digits}"
        return self.address or ""


class HelpLine(Strict):
    """A place to call, text or chat with, and what happens then."""

    id: Id
    name: Words
    group: Id
    for_: Annotated[Words, Field(alias="for")]
    happens: Words
    hours: Words | None = None
    languages: Words | None = None
    cost: Words | None = None
    ways: Annotated[list[Way], Field(min_length=1)]
    facts: list[Id]
    checked: date
    check_again: date

    @model_validator(mode="after")
    def _dates_in_order(self) -> HelpLine:
        if self.check_again <= self.checked:
            raise ValueError("check_again must be later than checked")
        return self


class Term(Strict):
    """A word that readers meet, explained in one sentence."""

    term: Words
    also: tuple[Words, ...] = ()
    meaning: Words
    page: Words


class Sources(Strict):
    """`sources.yml`."""

    sources: list[Source]


class Facts(Strict):
    """`facts.yml`."""

    facts: list[Fact]


class Claims(Strict):
    """`claims.yml`."""

    articles: dict[Id, Article]
    claims: dict[Id, Claim]
    open: tuple[Id, ...] = ()
    """Claims that no page carries yet."""


class HelpLines(Strict):
    """`help-lines.yml`."""

    groups: tuple[Id, ...]
    lines: list[HelpLine]


class Terms(Strict):
    """`terms.yml`."""

    terms: list[Term]


class WordLists(Strict):
    """`words.yml`: the short written lists that checks and search read."""

    synonyms: list[list[Words]]
    danger: list[Words]
    exempt_figures: list[Words]
    """Names and numbers that are no figures: 988, 42 CFR Part 2, one-to-one."""
    hedges: list[Words]
    """Words that tell a reader that something varies or is not certain."""
    law_names: list[Words]
    """Names of laws and the like, left out of the reading grade."""
    banned: dict[Words, Words]
    """Words that the guide does not use, and what it says instead."""


@dataclass(frozen=True)
class Evidence:
    """All of `docs/evidence`, checked; what every later step reads."""

    sources: dict[str, Source]
    facts: dict[str, Fact]
    articles: dict[str, Article]
    claims: dict[str, Claim]
    open_claims: tuple[str, ...]
    groups: tuple[str, ...]
    """The names of the groups of help lines, in their order."""
    help_lines: dict[str, HelpLine]
    terms: dict[str, Term]
    """By every spelling, in lower case."""
    words: WordLists

    def shown_sources(self, fact_id: str) -> list[Source]:
        """The sources to name for a fact: the official one instead of a copy, each once, in order."""
        shown: dict[str, Source] = {}
        for source_id in self.facts[fact_id].sources:
            source = self.sources[source_id]
            official = self.sources[source.official] if source.official else source
            shown[official.id] = official
        return list(shown.values())


def read_evidence(folder: Path, shown: str = "docs/evidence") -> Evidence:
    """Read and check the evidence folder.

    `shown` is the folder's name in messages. Raises FaultsFound with every fault of every file: what does not
    parse, unknown keys, duplicate ids, facts without their source, malformed addresses, bad dates.
    """
    faults: list[Fault] = []

    def file(name: str, model: type[M]) -> tuple[M, dict[Location, int]] | None:
        try:
            return load(folder / name, f"{shown}/{name}", model)
        except FaultsFound as found:
            faults.extend(found.faults)
            return None

    read_sources = file("sources.yml", Sources)
    read_facts = file("facts.yml", Facts)
    read_claims = file("claims.yml", Claims)
    read_help = file("help-lines.yml", HelpLines)
    read_terms = file("terms.yml", Terms)
    read_words = file("words.yml", WordLists)
    if not (read_sources and read_facts and read_claims and read_help and read_terms and read_words):
        raise FaultsFound(faults)

    source_list, source_lines = read_sources[0].sources, read_sources[1]
    fact_list, fact_lines = read_facts[0].facts, read_facts[1]
    line_list, help_positions = read_help[0].lines, read_help[1]
    claims, claim_lines = read_claims
    term_list, term_lines = read_terms[0].terms, read_terms[1]

    faults += _twice(
        "sources.yml", shown, ((s.id, source_lines["sources", n, "id"]) for n, s in enumerate(source_list))
    )
    faults += _twice("facts.yml", shown, ((f.id, fact_lines["facts", n, "id"]) for n, f in enumerate(fact_list)))
    faults += _twice(
        "help-lines.yml", shown, ((h.id, help_positions["lines", n, "id"]) for n, h in enumerate(line_list))
    )
    spellings = [
        (word.lower(), term_lines["terms", n, "term"]) for n, t in enumerate(term_list) for word in (t.term, *t.also)
    ]
    faults += _twice("terms.yml", shown, spellings)

    sources = {s.id: s for s in source_list}
    facts = {f.id: f for f in fact_list}
    groups = read_help[0].groups

    def known(names: Iterable[tuple[str, int]], among: Callable[[str], bool], name: str, what: str) -> None:
        for wanted, line in names:
            if not among(wanted):
                faults.append(
                    Fault(f"{shown}/{name}", line, f"there is no {what} “{wanted}”", f"check the id, or add the {what}")
                )

    known(
        ((s.official, source_lines["sources", n, "official"]) for n, s in enumerate(source_list) if s.official),
        sources.__contains__,
        "sources.yml",
        "source",
    )
    known(
        ((i, fact_lines["facts", n, "sources", k]) for n, f in enumerate(fact_list) for k, i in enumerate(f.sources)),
        sources.__contains__,
        "facts.yml",
        "source",
    )
    known(
        ((i, help_positions["lines", n, "facts", k]) for n, h in enumerate(line_list) for k, i in enumerate(h.facts)),
        facts.__contains__,
        "help-lines.yml",
        "fact",
    )
    known(
        ((h.group, help_positions["lines", n, "group"]) for n, h in enumerate(line_list)),
        lambda name: name in groups,
        "help-lines.yml",
        "group",
    )
    known(
        ((i, claim_lines["open", n]) for n, i in enumerate(claims.open)),
        lambda i: i in claims.claims and claims.claims[i].verdict != "drop",
        "claims.yml",
        "claim that a page could carry",
    )
    known(
        ((i[0], claim_lines["claims", i]) for i in claims.claims), claims.articles.__contains__, "claims.yml", "article"
    )
    for n, fact in enumerate(fact_list):
        if fact.confirmed == "read" and not any(sources[i].read for i in fact.sources if i in sources):
            faults.append(
                Fault(
                    f"{shown}/facts.yml",
                    fact_lines["facts", n, "id"],
                    f"the fact “{fact.id}” is marked as read, but none of its sources is",
                    "mark it as recalled, or name the source it was read in",
                )
            )
    if faults:
        raise FaultsFound(faults)
    return Evidence(
        sources=sources,
        facts=facts,
        articles=claims.articles,
        claims=claims.claims,
        open_claims=claims.open,
        groups=groups,
        help_lines={h.id: h for h in line_list},
        terms={word.lower(): t for t in term_list for word in (t.term, *t.also)},
        words=read_words[0],
    )


def _twice(name: str, shown: str, ids: Iterable[tuple[str, int]]) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for wanted, line in ids:
        if wanted in first:
            yield Fault(
                f"{shown}/{name}",
                line,
                f"the id “{wanted}” stands twice (first on line {first[wanted]})",
                "give one of them another id",
            )
        first.setdefault(wanted, line)
