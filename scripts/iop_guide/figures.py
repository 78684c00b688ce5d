"""Finding figures in plain text, and telling whether a fact holds the same figure.

A figure is any numeral, a number word with a unit, a per cent, money, "N in N", a third, a quarter, half of.
Values are compared, not spellings: "nine hours" equals "9 hours", "38 of 100" equals "38%".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from unicodedata import numeric

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
_TENS = dict(zip("twenty thirty forty fifty sixty seventy eighty ninety".split(), range(20, 100, 10), strict=True))
_WORDS: dict[str, int] = {word: value for value, word in enumerate(_ONES)} | _TENS | {"dozen": 12}
_WORDS |= {f"{ten}-{one}": value + _WORDS[one] for ten, value in _TENS.items() for one in _ONES[1:10]}
_SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_FRACTIONS = {
    "half": Fraction(1, 2), "third": Fraction(1, 3), "thirds": Fraction(1, 3), "quarter": Fraction(1, 4),
    "quarters": Fraction(1, 4), "fourth": Fraction(1, 4), "fourths": Fraction(1, 4), "fifth": Fraction(1, 5),
    "fifths": Fraction(1, 5), "tenth": Fraction(1, 10), "tenths": Fraction(1, 10),
}  # fmt: skip

_TO_TWENTY = "|".join(sorted(_ONES, key=len, reverse=True))
_WORD = rf"(?:{'|'.join(_TENS)})(?:-(?:{'|'.join(_ONES[1:10])}))?|{_TO_TWENTY}|dozen"
_SCALE = "|".join(_SCALES)
_NUMERAL = rf"\d+(?:,\d{{3}})*(?:\.\d+)?(?:\s(?:{_SCALE})\b)?"
_SPELLED = rf"(?:{_WORD})(?:\s(?:{_SCALE}))?"
_NUMBER = rf"(?:{_NUMERAL}|\b{_SPELLED}\b)"
_UNITS = (
    "seconds? minutes? hours? days? nights? evenings? afternoons? mornings? weeks? weekends? months? years? "
    "sessions? visits? times meetings? people adults? teens? teenagers? children patients? veterans? members? men "
    "women students? parents? relatives? families youths? clients? studies trials reviews? states programs per "
    "percent points? dollars? cents? doses? meals? drinks? decades?"
).split()
_UNIT = "|".join(_UNITS)

_RATIO = re.compile(rf"({_NUMBER})\s(?:in|of|out\sof)\s(?:every\s|each\s)?({_NUMBER})", re.I)
_PERCENT = re.compile(rf"({_NUMBER})(?:\s?%|\s(?:percent|per\scent)\b)", re.I)
_FRACTION = re.compile(
    rf"\b(?:(?P<count>{_WORD}|an?|one)[\s-])?(?P<part>thirds?|quarters?|fifths?|tenth)\b(?=\s(?:of|the|more|less))"
    rf"|\b(?P<half>half)\b(?=\s(?:of|the|a|an|as|had|were|was|are)\b)"
    rf"|\b(?P<word>{_WORD})[\s-](?P<parts>thirds|quarters|fourths|fifths|tenths)\b"
    r"|\bone[\s-](?P<single>third|quarter|fourth|fifth|tenth)\b",
    re.I,
)
_BARE = re.compile(rf"(?<![\w.,-])[$€]?{_NUMERAL}(?:[kx](?=[\s.,;:)]|$)|(?![\w]))|(?<=[–-]){_NUMERAL}", re.I)
_COUNTED = re.compile(
    rf"\b(?P<first>{_SPELLED})(?:\s(?:to|or|and)\s(?P<last>{_SPELLED}))?(?=[\s-](?:[a-z]+[\s-])?(?:{_UNIT})\b)", re.I
)
_ANY_WORD = re.compile(rf"\b{_SPELLED}\b", re.I)


_VULGAR = re.compile("[¼½¾⅐-⅞]")
_MANY = {"dozens": 12, "twice": 2} | {f"{name}s": worth for name, worth in _SCALES.items()}
_VAGUE = re.compile(rf"\b(dozens|(?:{_SCALE})s)\sof\b|\b(twice)\sas\s(?:many|likely|high)\b", re.I)
"""Figures without a number of their own; a fact must say "hundreds of" too."""
_DIGIT = re.compile(r"\d")
_LETTERS = re.compile(r"[a-z]+")


_SIGNS = frozenset(_WORDS) | frozenset(_FRACTIONS) | frozenset(_MANY)


@lru_cache(maxsize=16)
def _exempt(phrases: tuple[str, ...]) -> re.Pattern[str]:
    """Names that are no figures, where they stand alone: the 988 of "call 988", not that of "$3,988"."""
    names = "|".join(re.escape(phrase) for phrase in sorted(phrases, key=len, reverse=True)) or "(?!)"
    return re.compile(rf"(?<![\w$.])(?<!\d,)(?:{names})(?![\w%]|[.,]\d)", re.I)


@dataclass(frozen=True)
class Figure:
    """A figure as it stands in the text, and what it is worth."""

    shown: str
    numbers: frozenset[Fraction]
    """The plain numbers in it: 3 and 4 for "3 in 4"."""
    share: Fraction | None = None
    """What part of a whole it is: 3/4 for "3 in 4" and for "75%"; None for other figures."""


def value_of(text: str) -> Fraction:
    """What a numeral or number word is worth: "1,062", "16.5 million", "twenty-one", "three hundred"."""
    text = " ".join(text.lower().split())
    scale = 1_000 if re.search(r"\dk$", text) else 1  # "10k"; the x of "3x" is no part of the value
    text = re.sub(r"(?<=\d)[kx]$", "", text)
    for name, worth in _SCALES.items():
        if text.endswith(" " + name):
            text, scale = text[: -len(name) - 1], worth
    if text in _WORDS:
        return Fraction(_WORDS[text] * scale)
    return Fraction(text.strip("$€").replace(",", "")) * scale


def figures(text: str, exempt: Iterable[str] = ()) -> list[Figure]:
    """Every figure of a text, in order of kind. `exempt` are phrases that are names, not figures ("988")."""
    said, digits, vulgar = frozenset(_LETTERS.findall(text.lower())), _DIGIT.search(text), _VULGAR.search(text)
    if not digits and not vulgar and said.isdisjoint(_SIGNS):
        return []  # most sentences; and of the patterns below only those are tried that this text could fit
    rest = text.replace("\u00a0", " ")
    if names := tuple(exempt):
        rest = _exempt(names).sub(lambda m: "·" * len(m[0]), rest)
    found: list[Figure] = []

    def take(pattern: re.Pattern[str], make: Callable[[re.Match[str]], Figure | None]) -> None:
        nonlocal rest
        for match in pattern.finditer(rest):
            figure = make(match)
            if figure is not None:
                found.append(figure)
                rest = rest[: match.start()] + "·" * len(match[0]) + rest[match.end() :]

    if "in" in said or "of" in said:
        take(_RATIO, _ratio)
    if "%" in rest or "percent" in said or "cent" in said:
        take(_PERCENT, lambda m: Figure(m[0], frozenset({value_of(m[1])}), value_of(m[1]) / 100))
    if not said.isdisjoint(_FRACTIONS):
        take(_FRACTION, _fraction)
    if vulgar:
        take(_VULGAR, lambda m: Figure(m[0], frozenset(), Fraction(numeric(m[0])).limit_denominator(10)))
    if not said.isdisjoint(_MANY):
        take(_VAGUE, lambda m: Figure(m[0], frozenset({Fraction(_MANY[(m[1] or m[2]).lower()])})))
    if digits:
        take(_BARE, lambda m: Figure(m[0], frozenset({value_of(m[0])})))
    if not said.isdisjoint(_WORDS):
        take(_COUNTED, _counted)
    return found


def _ratio(match: re.Match[str]) -> Figure | None:
    part, whole = value_of(match[1]), value_of(match[2])
    if whole <= 0 or part > whole:
        return None  # "ages 11 in 2014" is no share
    # "one of two ways" counts things; a share in words needs at least one numeral or "in".
    if not re.search(r"\d|\s(?:in|out\sof)\s", match[0], re.I):
        return None
    return Figure(match[0], frozenset({part, whole}), part / whole)


def _fraction(match: re.Match[str]) -> Figure:
    if match["half"]:
        return Figure(match[0], frozenset(), Fraction(1, 2))
    word, part = match["count"] or match["word"] or "one", match["part"] or match["parts"] or match["single"]
    return Figure(match[0], frozenset(), _WORDS.get(word.lower(), 1) * _FRACTIONS[part.lower()])


def _counted(match: re.Match[str]) -> Figure | None:
    ends = [match["first"], *([match["last"]] if match["last"] else [])]
    # "one day", "one person": an indefinite article, not a count.
    if [end.lower() for end in ends] == ["one"] and not re.match(
        r"[\s-](hour|minute|month|year|session)", match.string[match.end() :]
    ):
        return None
    return Figure(match[0], frozenset(value_of(end) for end in ends))


@dataclass(frozen=True)
class Held:
    """Every number and share that some text holds, however it spells them."""

    numbers: frozenset[Fraction]
    shares: frozenset[Fraction]

    def __or__(self, other: Held) -> Held:
        return Held(self.numbers | other.numbers, self.shares | other.shares)

    def has(self, figure: Figure) -> bool:
        """Whether the text holds this figure."""
        if figure.share is not None and figure.share in self.shares:
            return True
        return (
            bool(figure.numbers)
            and (figure.share is None or len(figure.numbers) > 1)
            and figure.numbers <= self.numbers
        )


@lru_cache(maxsize=10_000)
def held(text: str) -> Held:
    """What a fact's text holds: read generously, every number word counts."""
    found = figures(text)
    numbers = {n for figure in found for n in figure.numbers}
    if not _SIGNS.isdisjoint(_LETTERS.findall(text.lower())):
        numbers |= {value_of(m[0]) for m in _ANY_WORD.finditer(text)}
    numbers |= {value_of(m[0]) for m in re.finditer(_NUMERAL, text)}
    shares = {figure.share for figure in found if figure.share is not None}
    shares |= {Fraction(1, 2)} if re.search(r"\bhalf\b|\bhalved?\b", text, re.I) else set()
    if re.search(r"\btwice\b", text, re.I):
        numbers.add(Fraction(2))
    return Held(frozenset(numbers), frozenset(shares))
