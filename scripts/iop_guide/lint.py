"""The checks that stop a build: what a page may not say, leave out or repeat.

Each function is one rule and returns its faults; `check_page` and `check_guide` run them all. A rule reads the page
as its readers do (`citations.PageText`) and names the line of the Markdown file.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from .blocks import CARE, NAMES
from .citations import PageText, is_claim
from .evidence import Evidence, Fact
from .faults import Fault
from .figures import Held, figures, held
from .pages import Page
from .readability import grade
from .sentences import Sentence, locate

MAX_GRADE = 8.0
MAX_SENTENCE = 25
MAX_CLAIMS = 2
MIN_REPEAT = 8
"""Words from which a sentence that stands on two pages counts as repeated."""
_NO_FIGURE_CHECK = {"example", "steps", "say", "help-lines"}
"""Blocks that are made up and say so, count their own steps, or come from the checked data file of help lines."""


@dataclass(frozen=True)
class Read:
    """A page and what it says."""

    page: Page
    text: PageText
    evidence: Evidence

    def fault(self, text: str, what: str, mend: str) -> Fault:
        """A fault on the line where `text` begins."""
        return Fault(self.page.shown, locate(text, self.page.body), what, mend)

    @cached_property
    def grade(self) -> float:
        """The reading grade of its running text."""
        return grade(self.text.sentences, self.evidence.words.law_names)

    def facts(self, sentence: Sentence) -> list[Fact]:
        """The facts that a sentence cites; unknown keys are another rule's matter."""
        return [self.evidence.facts[key] for key in sentence.keys if key in self.evidence.facts]


def check_page(read: Read) -> list[Fault]:
    """Every fault of one page by itself."""
    return [fault for rule in PAGE_RULES for fault in rule(read)]


def check_guide(reads: list[Read], evidence: Evidence) -> list[Fault]:
    """Every fault that shows only when all pages are there."""
    return [*same_titles(reads), *repeated_sentences(reads), *claims_left(reads, evidence)]


# --- one page ---------------------------------------------------------------------------------------------------------


def merged(read: Read) -> Iterator[Fault]:
    """No mark of an unfinished merge is left in the page."""
    for number, line in enumerate(read.page.source.split("\n"), 1):
        if re.match(r"(?:<{7}|>{7}) ", line):
            what = f"“{line[:20]}” is left from a merge"
            yield Fault(read.page.shown, number, what, "choose one text, and delete the marks")


_BLOCK_OR_CLASS = re.compile(r"///|\{|class=")


def known_blocks(read: Read) -> Iterator[Fault]:
    """`/// name` is a block that exists, is well formed and is closed."""
    open_lines: list[int] = []
    fenced = False
    for number, line in enumerate(read.page.body.split("\n"), 1):
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        if fenced or not _BLOCK_OR_CLASS.search(line):
            continue
        # A borrowed class would look like the block and free its figures of their sources, without its label.
        for borrowed in re.findall(r"""(?:\{:?[^}]*?\.|class=["'](?:[^"']*\s)?)([a-z][a-z-]*)""", line):
            if borrowed in NAMES:
                what = f"the class “{borrowed}” belongs to the block of that name"
                yield Fault(read.page.shown, number, what, f"write the block: /// {borrowed}")
        match = re.match(r"\s*(/{3,})\s*([^|\s]*)", line)
        if not match:
            continue
        if match[2]:
            open_lines.append(number)
            if match[2] not in NAMES:
                yield Fault(
                    read.page.shown,
                    number,
                    f"there is no block “{match[2]}”",
                    f"write one of: {', '.join(sorted(NAMES))}",
                )
        elif open_lines:
            open_lines.pop()
        else:
            yield Fault(read.page.shown, number, "/// closes a block that was not opened", "take the line out")
    for number in open_lines:
        yield Fault(
            read.page.shown, number, "this block is never closed", "write /// alone on a line after its last line"
        )
    for sentence in read.text.sentences:
        if (match := re.match(r"/{3,}\s*([\w-]+)", sentence.text)) and match[1] in NAMES:
            yield read.fault(
                sentence.text,
                f"the block “{match[1]}” is not written as it must be",
                "check what stands after | and the indented lines below it (CONTRIBUTING.md shows each block)",
            )


def blocks_own_faults(read: Read) -> Iterator[Fault]:
    """Missing pictures, unknown help-line groups: what a block found wrong with itself."""
    for what, mend in read.text.faults:
        quoted = re.search("“(.+?)”", what)
        yield read.fault(quoted[1] if quoted else what, what, mend)


def known_keys(read: Read) -> Iterator[Fault]:
    """Every citation is closed and names a fact or a claim, and no sentence carries more than two claims."""
    plain = re.sub(r"```.*?```|`[^`\n]*`", "", read.page.body, flags=re.S)
    for said in re.findall(r"\[@[^\]\n]*(?=\n|$)", plain):
        yield read.fault(said, f"the citation “{said[:60]}” is not closed on its line", "write [@fact-id] on one line")
    hidden = [said for said in read.text.notes if "[@" in said] + re.findall(r"!\[[^\]\n]*\[[@?]", plain)
    for said in hidden:
        what = f"a citation stands in “{said[:60]}”, where it is not shown"
        yield Fault(read.page.shown, _line_with(said, read.page), what, "cite in the text")
    for sentence in read.text.sentences:
        claims = [key for key in sentence.keys if is_claim(key)]
        if sentence.keys and not sentence.words:
            line = _line_with(sentence.keys[0], read.page)
            what = f"the citation of “{sentence.keys[0]}” stands alone, without a sentence"
            yield Fault(read.page.shown, line, what, "put it right after the sentence it belongs to")
        for key in sentence.keys:
            if key in claims:
                claim = read.evidence.claims.get(key)
                if claim is None:
                    yield read.fault(sentence.text, f"there is no article claim “{key}”", "check the id in claims.yml")
                elif claim.verdict == "drop":
                    yield read.fault(sentence.text, f"the claim “{key}” was dropped ({claim.why})", "take the mark out")
            elif key not in read.evidence.facts:
                yield read.fault(
                    sentence.text,
                    f"there is no fact “{key}”",
                    "check the id in docs/evidence/facts.yml, or add the fact there with its source",
                )
        if len(claims) > MAX_CLAIMS:
            yield read.fault(
                sentence.text,
                f"the sentence carries {len(claims)} claims ({', '.join(claims)})",
                f"{MAX_CLAIMS} at most: split it",
            )


def _line_with(text: str, page: Page) -> int:
    """The first line of the page that holds the text as it stands; 0 if none does."""
    return next((n for n, line in enumerate(page.body.split("\n"), 1) if text in line), 0)


def sourced_figures(read: Read) -> Iterator[Fault]:
    """A figure has a source, and the source's fact holds that very figure; no figure rests on memory."""
    exempt = [*read.evidence.words.exempt_figures, *_numbers_to_call(read.evidence)]
    for sentence in read.text.sentences:
        if sentence.blocks & _NO_FIGURE_CHECK:
            continue
        found = figures(sentence.text, exempt)
        facts = read.facts(sentence)
        if not found:
            continue
        if not facts:
            yield read.fault(
                sentence.text,
                f"“{found[0].shown}” has no source",
                "cite a fact after the sentence, [@fact-id], or mark the block as an example",
            )
            continue
        for fact in facts:
            if fact.confirmed == "recalled":
                yield read.fault(
                    sentence.text,
                    f"“{found[0].shown}” stands beside “{fact.id}”, which is only recalled",
                    "cite a fact that was read, or leave the figure out",
                )
        known, dates = _held_by(read.evidence, facts)
        for figure in found:
            # A year is one by its form: the 21 of as_of: 2026-11-21 is nobody's source for "21 people".
            if not known.has(figure) and not (re.fullmatch(r"\d{4}", figure.shown) and dates.has(figure)):
                yield read.fault(
                    sentence.text,
                    f"“{figure.shown}” stands in none of the facts cited ({', '.join(f.id for f in facts)})",
                    "use the fact's own figure, or cite the fact that holds this one",
                )


def _numbers_to_call(evidence: Evidence) -> list[str]:
    return [way.number for line in evidence.help_lines.values() for way in line.ways if way.number]


def _held_by(evidence: Evidence, facts: list[Fact]) -> tuple[Held, Held]:
    """What the facts themselves hold, and the dates of the facts and of their sources."""
    known = dates = Held(frozenset(), frozenset())
    for fact in facts:
        years = " ".join(str(evidence.sources[i].year or "") for i in fact.sources)
        known |= held(fact.fact)
        dates |= held(f"{fact.as_of or ''} {years}")
    return known, dates


def any_of(phrases: Iterable[str]) -> re.Pattern[str]:
    """A pattern for any of the phrases as whole words; it fits nothing when there are none."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, phrases)) or '(?!)'})(?!\w)", re.I)


def supported_claims(read: Read) -> Iterator[Fault]:
    """A claim that good sources do not plainly share stands with a fact, a hedge, or among what is unknown."""
    hedges = any_of(read.evidence.words.hedges)
    for sentence in read.text.sentences:
        for key in sentence.keys:
            claim = read.evidence.claims.get(key)
            if claim is None or claim.verdict not in ("evidence", "qualify"):
                continue
            if not (read.facts(sentence) or "unknown" in sentence.blocks or hedges.search(sentence.text)):
                yield read.fault(
                    sentence.text,
                    f"the claim “{key}” ({claim.verdict}) stands without a fact or a hedge",
                    "cite a fact in that sentence, say that it varies (“many programs”), or use an unknown block",
                )


def dates_that_hold(read: Read) -> Iterator[Fault]:
    """A page is checked again before a fact on it runs out."""
    for sentence in read.text.sentences:
        for fact in read.facts(sentence):
            if fact.expires and read.page.meta.check_again > fact.expires:
                yield Fault(
                    read.page.shown,
                    read.page.lines["check_again",],
                    f"check_again ({read.page.meta.check_again}) is later than “{fact.id}” holds ({fact.expires})",
                    f"write {fact.expires} or earlier",
                )


def headings_in_order(read: Read) -> Iterator[Fault]:
    """No title of level 1 in the body (the template prints it), and no level left out."""
    before = 1
    for level, heading in read.text.headings:
        if level == 1:
            yield read.fault(
                heading,
                f"“{heading}” is a heading of level 1",
                "write ## (the page's title comes from its front matter)",
            )
        elif level > before + 1:
            yield read.fault(
                heading, f"“{heading}” jumps from level {before} to level {level}", f"write {'#' * (before + 1)}"
            )
        before = max(level, 1)


def care_cards(read: Read) -> Iterator[Fault]:
    """A care card's title is one action ending in "if:"; a page on danger opens with help."""
    titles = [line for line in read.page.body.split("\n") if re.match(rf"\s*/{{3,}}\s*(?:{'|'.join(CARE)})\b", line)]
    for line in titles:
        if not line.rstrip().endswith("if:"):
            yield read.fault(
                line.partition("|")[2],
                f"the care card “{line.partition('|')[2].strip()}” does not end in “if:”",
                "write one action and the word if: “Call 911 now if:”",
            )
        # Screen readers hear "Not urgent" before the title of this card.
        if line.startswith("/// care-plan") and re.search(r"\b(?:today|tonight|now|911|988)\b", line):
            yield read.fault(
                line.partition("|")[2],
                f"the card “{line.partition('|')[2].strip()}” is urgent, but care-plan is for what can wait",
                "write care-soon, or leave the hurry out of the title",
            )
    if read.page.meta.danger and "/// help-lines" not in read.page.body:
        first_heading = re.search(r"^## ", read.page.body, re.M)
        opening = read.page.body[: first_heading.start()] if first_heading else read.page.body
        if "/// care-now" not in opening:
            yield Fault(
                read.page.shown,
                read.page.lines["danger",],
                "a page on danger must open with help",
                "put a care-now block before the first heading",
            )


def pictures_in_words(read: Read) -> Iterator[Fault]:
    """Every image has alternative text."""
    for address, alternative in read.text.images:
        if not alternative.strip():
            yield Fault(
                read.page.shown,
                _line_with(address, read.page),
                f"the image “{address}” has no alternative text",
                "say in words what it shows: ![words](file)",
            )


def known_terms(read: Read) -> Iterator[Fault]:
    """A `[?term]` is in the list of terms, and stands once on a page."""
    seen: set[str] = set()
    for said in read.text.terms:
        if said.lower() not in read.evidence.terms:
            yield read.fault(said, f"there is no term “{said}”", "check docs/evidence/terms.yml, or add it there")
        elif said.lower() in seen:
            yield read.fault(said, f"the term “{said}” is explained twice", "leave [? ] out the second time")
        seen.add(said.lower())


def plain_words(read: Read) -> Iterator[Fault]:
    """No word that hurts, no sentence too long to hold, and a reading grade that most adults manage."""
    banned = {word.lower(): instead for word, instead in read.evidence.words.banned.items()}
    any_banned = any_of(banned)
    for sentence in read.text.sentences:
        for word in any_banned.findall(sentence.text):
            yield read.fault(sentence.text, f"“{word}” is a word that we do not use", f"write {banned[word.lower()]}")
        if (
            sentence.kind in ("prose", "item")
            and len(sentence.words) > MAX_SENTENCE
            and "help-lines" not in sentence.blocks
        ):
            yield read.fault(
                sentence.text,
                f"a sentence of {len(sentence.words)} words (“{' '.join(sentence.text.split()[:6])} …”)",
                f"{MAX_SENTENCE} at most: split it",
            )
    reached = read.grade
    if reached > MAX_GRADE:
        yield Fault(
            read.page.shown,
            0,
            f"the page reads at grade {reached}",
            f"{MAX_GRADE:g} at most: shorter sentences, plainer words",
        )


def no_figures_where_no_source_can_stand(read: Read) -> Iterator[Fault]:
    """Titles, descriptions, alternative text and spelled-out abbreviations cannot cite, so they hold no figures."""
    exempt = [*read.evidence.words.exempt_figures, *_numbers_to_call(read.evidence)]
    for key in ("title", "description", "heading"):
        for figure in figures(getattr(read.page.meta, key) or "", exempt):
            yield Fault(
                read.page.shown,
                read.page.lines[key,],
                f"“{figure.shown}” stands in the {key}, which cannot cite a source",
                "say it without the figure",
            )
    for said in read.text.notes:
        for figure in figures(said, exempt):
            what = f"“{figure.shown}” stands in “{said[:60]}”, which cannot cite a source"
            yield Fault(read.page.shown, _line_with(said, read.page), what, "say it in the text, with its source")


PAGE_RULES: tuple[Callable[[Read], Iterator[Fault]], ...] = (
    merged, known_blocks, blocks_own_faults, known_keys, sourced_figures, supported_claims, dates_that_hold,
    headings_in_order, care_cards, pictures_in_words, known_terms, plain_words, no_figures_where_no_source_can_stand,
)  # fmt: skip


# --- all pages --------------------------------------------------------------------------------------------------------


def same_titles(reads: list[Read]) -> Iterator[Fault]:
    """No two pages have the same title."""
    first: dict[str, Page] = {}
    for read in reads:
        title = read.page.meta.title.lower()
        if title in first:
            yield Fault(
                read.page.shown,
                read.page.lines["title",],
                f"the title “{read.page.meta.title}” is also that of {first[title].shown}",
                "give one of them another title",
            )
        first.setdefault(title, read.page)


def repeated_sentences(reads: list[Read]) -> Iterator[Fault]:
    """No sentence of eight words or more stands on two pages."""
    first: dict[tuple[str, ...], Read] = {}
    for read in reads:
        for sentence in read.text.sentences:
            words = tuple(sentence.words)
            if len(words) < MIN_REPEAT or sentence.kind == "label" or "help-lines" in sentence.blocks:
                continue
            if words in first and first[words].page.src != read.page.src:
                yield read.fault(
                    sentence.text,
                    f"“{sentence.text[:60]}” stands on {first[words].page.shown} too",
                    "say it on one page and link to it from the other",
                )
            first.setdefault(words, read)


def claims_left(reads: list[Read], evidence: Evidence) -> Iterator[Fault]:
    """Every article claim is carried, dropped, or on the list of open claims, which may only shrink."""
    carried: dict[str, int] = defaultdict(int)
    for read in reads:
        for sentence in read.text.sentences:
            for key in sentence.keys:
                carried[key] += 1
    for claim_id, claim in evidence.claims.items():
        if claim.verdict == "drop":
            continue
        if not carried[claim_id] and claim_id not in evidence.open_claims:
            yield Fault(
                "docs/evidence/claims.yml",
                0,
                f"the claim “{claim_id}” ({claim.claim}) is carried on no page",
                f"mark the sentence that says it with [@{claim_id}]",
            )
        if carried[claim_id] and claim_id in evidence.open_claims:
            yield Fault(
                "docs/evidence/claims.yml",
                0,
                f"the claim “{claim_id}” is carried, but still on the list of open claims",
                "take it off the list “open”",
            )
