"""The search index, small enough for a phone, and the A-Z list.

The usual `search_index.json` holds every word of the guide; asking for all of it before the first
result would cost more than the page. So the rendered pages become two things here:

- `search/index.json`, fetched when somebody starts to search: which word stands on which page and how
  much it matters there, the titles and descriptions, and the word lists. Results come from this alone.
- `search/text-<checksum>.json`, fetched after that, always all of them and always in the same order:
  the text of the sections, from which the script takes the best section and a snippet. They are not
  fetched page by page for the results at hand, because such a request would tell the server's log what
  somebody in trouble was looking for.

Everything that depends on the language (the endings that are cut off, the small words that are passed
over) is a table here and goes into the index, so that the script cuts words exactly as this module does.

`overrides/assets/search.js` reads these files; the format is described at `_encode_postings` and `files`.
"""

from __future__ import annotations

import hashlib
import html
import json
import posixpath
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

INDEX = "search/index.json"
TEXT_BYTES = 120_000
"""A file of section texts is closed when it has grown to this; about 40 KB on the wire."""

Rule = tuple[str, str]

STEPS: tuple[tuple[Rule, ...], ...] = (
    # Each step cuts at most one ending: the first pattern that fits leaves its first group plus the addition.
    # Only what Python's and JavaScript's regular expressions read alike may stand here.
    (
        ("^(.+(?:ss|sh|ch|x|zz))es$", ""),
        ("^(.{2,})ies$", "y"),
        ("^(..+[^sui])s$", ""),
    ),
    (
        ("^(.{4,}?)(?:ization|isation|ation|ational|ize|ized|izing)$", ""),
        ("^(.{4,})(?:ment|able|ible|ance|ence|ive|ity|ful|less|ism|ist|ate)$", ""),
        ("^(.{3,}[^aeiou])ly$", ""),
        ("^(.{3,}[st])ion$", ""),
        ("^(.{3,})ness$", ""),
        ("^(.{4,})(?:er|or)$", ""),
        ("^(.{5,})ic$", ""),
        ("^(?=.{6,}$)(.*[aeiouy].*)ing$", ""),
        ("^(?=.{5,}$)(.*[aeiouy].*[^e])ed$", ""),
    ),
    (("^(.+([bdgmnprt]))\\2$", ""),),
    (("^(?!care$)(.{3,})e$", ""),),
    (("^(.{3,}[^aeiou])[yi]$", ""),),
)
_COMPILED = tuple(tuple((re.compile(pattern), add) for pattern, add in step) for step in STEPS)

STOP = frozenset(
    "a about am an and any are as at be been being but by can could did do does doing for from get go going got had "
    "has have having he her him his how i if in into is it its just like m may me might my of on or our she "
    "should so some than that the their them then there these they this those to too very was we were what "
    "when where which who why will with would you your vs versus much many im "
    "ill id ive dont doesnt didnt cant wont isnt arent wasnt havent hasnt whats thats hes shes theyre youre "
    "still even really ever anymore".split()
)
"""Words that say little about a page; passed over unless nothing else was typed."""

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_HEADING = re.compile(r"<h([2-6])([^>]*)>(.*?)</h\1>", re.S)
_ID = re.compile(r'\bid="([^"]*)"')
_UNSAID = re.compile(r'<(sup|svg|script|style)\b.*?</\1>|<span class="term-note".*?</span>|<!--.*?-->', re.S)
"""Source numbers; drawings, whose words stand in their captions; what a term means, which stands in the glossary."""
_QUESTIONS = re.compile(r'<div class="questions">(.*?)</div>', re.S)
_LINK = re.compile(r'<a\b[^>]*\bhref="([^"#]*)#?([^"]*)"[^>]*>(.*?)</a>', re.S)
_BLOCK_END = re.compile(r"</(?:h[1-6]|p|li|ul|ol|pre|td|th|tr|dt|dd|caption|figcaption|summary|blockquote)>")
_UNENDED = re.compile(r"(?<=[\w)\u201d])\s*(?:</(?:p|li)>\s*)+")
_TAG = re.compile(r"<[^>]*>")
_SPACE = re.compile(r"\s+")

# How much a word matters on a page, in four levels: said in passing, said more than once, in a heading, in the title.
# A level is one letter in the index.
_LEVELS = (0.35, 0.7, 1.4, 3.2)
_LEVEL_ENDS = (0.5, 1.0, 2.4)
_USUAL_SHARE, _USUAL_PAGES = 0.05, 8
"""A word on more than this share of the pages, and on more than this many, is not kept where it is said in passing."""
# One character a number. The quotation mark and the backslash would need escaping in JSON.
_DIGITS = "".join(chr(code) for code in range(35, 127) if code != 92)
_BASE = len(_DIGITS) - 8
"""Numbers below this are one character; the last eight characters say how many times _BASE to add."""


@dataclass(frozen=True)
class Page:
    """What the search needs to know of a page besides its text."""

    location: str
    """Its address from the root of the site: `families/`, or nothing for the home page."""
    title: str
    description: str
    section: str = ""
    """The name of the part of the guide it stands in, as the header calls it."""
    whole_text: bool = True
    """False for pages that repeat what others say (the trace, all sources): only title and description count."""
    weight: float = 1.0
    """Less than 1 for a page that shall stand behind others, such as those about the guide itself."""

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Page:
        """A page from a mapping with these keys; others are passed over."""
        return cls(
            str(data["location"]),
            _one_line(str(data["title"])),
            _one_line(str(data["description"])),
            _one_line(str(data.get("section") or "")),
            bool(data.get("whole_text", True)),
            float(data.get("weight", 1.0)),
        )


@dataclass
class _Section:
    anchor: str
    title: str
    text: str
    asked: str = ""
    """How people ask for it elsewhere: the words of the lists of questions that lead here."""


@dataclass
class _Known:
    page: Page
    sections: list[_Section] = field(default_factory=list)


def words(text: str) -> list[str]:
    """Return the words of a text in order, each as the index spells it before its ending is cut."""
    return [normal(found[0]) for found in _WORD.finditer(text)]


@lru_cache(maxsize=100_000)
def normal(word: str) -> str:
    """Return a word in small letters, without accents, apostrophes, or the s of possession."""
    plain = unicodedata.normalize("NFKD", word)
    plain = "".join(letter for letter in plain if not unicodedata.category(letter).startswith("M")).lower()
    plain = plain.replace("\u2019", "'").removesuffix("'s")
    return plain.replace("'", "")


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """Return a normal word without its ending, so that `programs` finds `program` and `insured` finds `insurance`."""
    for step in _COMPILED:
        for pattern, add in step:
            if found := pattern.match(word):
                word = found[1] + add
                break
    return word


def plain_text(markup: str) -> str:
    """Return the text of a piece of a rendered page: no tags, no source numbers, one space between words.

    An item of a list that ends without a full stop gets a semicolon, or the items would run into one another.
    """
    text = _UNENDED.sub("; ", _UNSAID.sub("", markup))
    text = _SPACE.sub(" ", html.unescape(_TAG.sub("", _BLOCK_END.sub(" ", text)))).strip()
    return text.removesuffix(";")


def files(
    rendered: Mapping[str, str],
    synonyms: Iterable[Sequence[str]],
    danger: Iterable[str],
    pages: Iterable[Mapping[str, Any]],
    terms: Iterable[Mapping[str, Any]],
) -> dict[str, bytes]:
    """Return the files of the search, {path in the site: content}.

    `rendered` is the text of each page as HTML, by location, without its frame. `pages` says which pages are found,
    in the order of the guide, each with the keys of `Page`; any other (the search page itself) is left out.
    `synonyms` and `danger` come from words.yml; the names of a term (`term` and `also`, from terms.yml) stand for one
    another. The same input gives the same bytes.
    """
    known = _collect(rendered, [Page.of(page) for page in pages])
    impacts = _impacts(known)
    alike = _alike(synonyms)
    names = _alike([term["term"], *(term.get("also") or ())] for term in terms)
    for group in [*alike, *names]:
        for phrase in group:
            for word in _worth_indexing(phrase):
                impacts.setdefault(stem(word), {})  # known, so that a wrong letter in it can be mended
    vocabulary, counts, postings, levels = _encode_postings(impacts)
    texts = _text_files(known)
    content = {
        "pages": "\n".join(item.page.location for item in known),
        "titles": "\n".join(item.page.title for item in known),
        "about": "\n".join(item.page.description for item in known),
        "sections": "\n".join(item.page.section for item in known),
        "steps": STEPS,
        "stop": " ".join(sorted(STOP)),
        "synonyms": "\n".join("|".join(group) for group in alike),
        "names": "\n".join("|".join(group) for group in names),
        "danger": "\n".join(dict.fromkeys(phrase for entry in danger if (phrase := " ".join(words(entry))))),
        "words": vocabulary,
        "counts": counts,
        "postings": postings,
        "levels": levels,
        "weights": _LEVELS,
        "texts": [path.rpartition("/")[2] for path in texts],
    }
    return {INDEX: _json(content), **texts}


def a_to_z(pages: Iterable[Mapping[str, Any]], terms: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return every page and every term under its first letter, for the template of the search page.

    `[{"letter": "A", "entries": [{"name": ..., "location": ..., "note": ..., "kind": "page" | "term"}]}]`: `location`
    is an address from the root of the site ("" is the home page) or None for a term without a page; `note` says of
    another name of a term which one it is, or is nothing. A term that is also known by other names stands under each of
    them, but only once for all that begin with the same word: they stand side by side. `terms` have term, also and url.
    """
    entries = [{"name": page["title"], "location": page["location"], "note": "", "kind": "page"} for page in pages]
    for term in terms:
        place = {"location": term.get("url"), "kind": "term"}
        entries.append({"name": term["term"], "note": "", **place})
        seen = {stem(words(term["term"])[0])}
        for other in term.get("also") or ():
            begins = stem(words(other)[0])
            if begins not in seen:
                seen.add(begins)
                entries.append({"name": other, "note": f"another name for {term['term']}", **place})
    letters: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for entry in sorted(entries, key=lambda entry: (_sort_key(entry["name"]), entry["kind"], entry["note"])):
        first = _sort_key(entry["name"])[:1]
        letters[first.upper() if first.isalpha() else "0-9"].append(entry)
    return [{"letter": letter, "entries": found} for letter, found in letters.items()]


def _sort_key(name: str) -> str:
    """A name as it is looked up: without "a", "an" or "the" in front, quotes and capital letters."""
    plain = " ".join(words(name)) or name.lower()
    return re.sub(r"^(?:a|an|the) (?=.)", "", plain)


def _one_line(text: str) -> str:
    return _SPACE.sub(" ", text).strip()


def _json(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def _collect(rendered: Mapping[str, str], pages: Sequence[Page]) -> list[_Known]:
    known = [_Known(page) for page in pages]
    for item in known:
        if item.page.whole_text:
            item.sections += _sections(rendered.get(item.page.location, ""))
    parts = {(item.page.location, part.anchor): part for item in known for part in item.sections}
    for item in known:
        for target, question in _questions(rendered.get(item.page.location, ""), item.page.location):
            if part := parts.get(target):
                part.asked = f"{part.asked} {question}".strip()
    return known


def _questions(html: str, location: str) -> Iterator[tuple[tuple[str, str], str]]:
    """Each link in a page's lists of questions: the page and the section that it leads to, and its words."""
    for block in _QUESTIONS.findall(html):
        for address, anchor, inside in _LINK.findall(block):
            path = posixpath.normpath(posixpath.join("/", location, address))
            yield (path.strip("/") + "/" if path != "/" else "", anchor), plain_text(inside)


def _sections(html: str) -> Iterator[_Section]:
    """The text before the first heading that has an id, then each such heading with the text that follows it.

    A heading without an id cannot be linked to, so it counts as text.
    """
    anchor = title = ""
    start = 0
    for found in _HEADING.finditer(html):
        if name := _ID.search(found[2]):
            yield _Section(anchor, title, plain_text(html[start : found.start()]))
            anchor, title, start = name[1], plain_text(found[3]), found.end()
    yield _Section(anchor, title, plain_text(html[start:]))


def _impacts(known: Sequence[_Known]) -> dict[str, dict[int, int]]:
    """How much each stem matters on each page: {stem: {page number: level}}."""
    bodies = []
    for item in known:
        body: Counter[str] = Counter()
        # Each spelling is cut once: most words of a page stand there many times.
        spelled = Counter(word for section in item.sections for word in _WORD.findall(section.text))
        for spelling, times in spelled.items():
            if (word := normal(spelling)) not in STOP:
                body[stem(word)] += times
        bodies.append(body)
    usual = sum(body.total() for body in bodies) / max(1, sum(1 for body in bodies if body)) or 1
    impacts: dict[str, dict[int, int]] = defaultdict(dict)
    for number, (item, body) in enumerate(zip(known, bodies, strict=True)):
        scores: dict[str, float] = defaultdict(float)
        # A word counts more the more often it stands on a page, but ever less so, and less on a long page.
        damper = 1.5 * (0.5 + 0.5 * body.total() / usual)
        for name, times in body.items():
            scores[name] += times / (times + damper)
        # A section heading tells what a part is about, the title what all of it is about.
        # Where others ask for a part in words of their own, these are as good as its heading.
        headings = (f"{section.title} {section.asked}" for section in item.sections)
        for name in {stem(word) for heading in headings for word in _worth_indexing(heading)}:
            scores[name] += 0.8
        for name in {stem(word) for word in _worth_indexing(item.page.description)}:
            scores[name] += 0.6
        for name in {stem(word) for word in _worth_indexing(item.page.title)}:
            scores[name] += 2.4
        for name, score in scores.items():
            impacts[name][number] = sum(score * item.page.weight > end for end in _LEVEL_ENDS)
    usual_word = max(_USUAL_PAGES, _USUAL_SHARE * len(known))
    return {
        name: {number: level for number, level in places.items() if level} if len(places) > usual_word else places
        for name, places in impacts.items()
    }


def _worth_indexing(text: str) -> list[str]:
    return [word for word in words(text) if word not in STOP]


def _number(value: int) -> str:
    """A number in one or more characters: how many times _BASE (if at all), then the rest."""
    out = ""
    while value >= _BASE:
        times = min(value // _BASE, 8)
        out += _DIGITS[_BASE + times - 1]
        value -= times * _BASE
    return out + _DIGITS[value]


def _encode_postings(impacts: Mapping[str, Mapping[int, int]]) -> tuple[str, list[int], str, str]:
    """Return (vocabulary, counts, postings, levels), the four parts of the compact index.

    Words that stand on the same number of pages come together, alphabetically; `counts` says how many words
    stand on no page, on one page, on two pages, and so on. In the vocabulary a capital letter says how many
    letters a word shares with the one before (A: none), and the rest of the word follows. Postings are the page
    numbers of each word in turn, each as the difference from the one before (see `_number`); levels has one
    letter for each of them. Ordered like this, neighbors are alike, which is what gzip needs.
    """
    by_count: dict[int, list[str]] = defaultdict(list)
    for word, pages in impacts.items():
        by_count[len(pages)].append(word)
    counts, vocabulary, postings, levels = [], [], [], []
    for count in range(max(by_count, default=-1) + 1):
        group = sorted(by_count.get(count, ()))
        counts.append(len(group))
        before = ""
        for word in group:
            shared = 0
            while shared < min(len(before), len(word), 25) and before[shared] == word[shared]:
                shared += 1
            vocabulary.append(chr(65 + shared) + word[shared:])
            before = word
            last = -1
            for page in sorted(impacts[word]):
                postings.append(_number(page - last - 1))
                levels.append("abcd"[impacts[word][page]])
                last = page
    return "".join(vocabulary), counts, "".join(postings), "".join(levels)


def _text_files(known: Sequence[_Known]) -> dict[str, bytes]:
    """The texts of the sections, [[page number, [[anchor, heading, text, asked], ...]], ...], in some files.

    `asked` is left out where no question leads to the section.
    """
    files: dict[str, bytes] = {}
    batch: list[Any] = []
    size = 0

    def close() -> None:
        content = _json(batch)
        # The name holds the checksum: a browser can never put an old text beside a new index.
        files[f"search/text-{hashlib.sha256(content).hexdigest()[:10]}.json"] = content

    for number, item in enumerate(known):
        sections = [
            [part.anchor, part.title, part.text, *([part.asked] if part.asked else [])]
            for part in item.sections
            if part.text or part.title
        ]
        if not sections:
            continue
        batch.append([number, sections])
        size += sum(len(part.text) for part in item.sections)
        if size >= TEXT_BYTES:
            close()
            batch, size = [], 0
    if batch:
        close()
    return files


def _alike(groups: Iterable[Sequence[str]]) -> list[list[str]]:
    """The synonym groups in normal words, each spelling once; a group of one says nothing and is left out."""
    found: list[list[str]] = []
    for group in groups:
        phrases: dict[tuple[str, ...], str] = {}
        for phrase in group:
            phrases.setdefault(tuple(map(stem, words(phrase))), " ".join(words(phrase)))
        kept = [phrase for phrase in phrases.values() if phrase]
        if len(kept) > 1 and kept not in found:
            found.append(kept)
    return found
