"""The Flesch-Kincaid grade of a page's running text.

Source of the formula: Kincaid, Fishburne, Rogers and Chissom, 1975 (Navy Research Branch Report 8-75):
0.39 * words per sentence + 11.8 * syllables per word - 15.59.
Counted: paragraphs and list items, each list item as a sentence at least. Left out: headings, tables, sources,
and the names of laws on a written list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from .sentences import Sentence, words_of

MIN_WORDS = 100
"""The formula was made on samples of a hundred words; on a few it says nothing."""
_VOWELS = re.compile(r"[aeiouy]+")
# Written vowels that are not spoken: a last e (but not of "table"), -ed, -es, and the e inside "safety".
_SILENT = re.compile(
    r"(?<![^aeiouy]l)(?<![aeiouy])e$|(?<=[^aeiouytd])ed$|(?<![sxz])(?<!ch)(?<!sh)(?<!c)(?<!g)(?<![^aeiouy]l)(?<![aeiouy])es$"
    r"|(?<=[aeiouy][^aeiouy])e(?=(?:ly|ful|less|ment|line|thing|time|ty|one|body|where|work|ness|s?times)s?$)"
)
# Neighboring vowels that are spoken apart: "me-di-ation", "usu-al", "sci-ence", "try-ing", "cre-ate".
_APART = re.compile(
    r"(?<![cstg])ia|(?<![cstgx])io(?!us|r$|rs$|n$|ns$|na)|(?<![cgqt])ie(?=t|nce|nt)|sci(?=e)|(?<![qg])ua(?!r)|(?<=d)eo|creat|"
    r"(?<=[a-z])[aeouy](?=ing)|ism|(?<=u)ou(?=s)|(?<![aeiouy])iu"
)
_KNOWN = {"people": 2, "every": 2, "everyone": 3, "area": 3, "idea": 3, "areas": 3, "ideas": 3, "being": 2,
          "different": 3, "someone": 2, "hour": 1, "hours": 1, "the": 1, "business": 2, "quiet": 2, "science": 2,
          "insurance": 3, "one": 1, "once": 1, "behavior": 3, "behaviors": 3, "trauma": 2, "really": 2,
          "iop": 3, "iops": 3, "php": 3, "suicide": 3, "suicidal": 4, "anyone": 3, "employer": 3,
          "employers": 3}  # fmt: skip


@lru_cache(maxsize=50_000)
def syllables(word: str) -> int:
    """How many syllables an English word has, by rule of thumb; a numeral counts one for each digit, four at most."""
    word = word.lower().replace("’", "'").removesuffix("'s")
    if word in _KNOWN:
        return _KNOWN[word]
    if word.isdigit():
        return min(len(word), 4)
    word = re.sub(r"[^a-z]", "", word)
    return max(1, len(_VOWELS.findall(word)) - len(_SILENT.findall(word)) + len(_APART.findall(word)))


def grade(sentences: Sequence[Sentence], law_names: Iterable[str] = ()) -> float:
    """The grade of a page's running text, to one decimal; 0.0 where it has fewer words than the formula is made for."""
    names = re.compile("|".join(re.escape(n) for n in sorted(law_names, key=len, reverse=True)) or "(?!)", re.I)
    spoken = [
        words_of(names.sub("it", s.text)) if names.search(s.text) else s.words
        for s in sentences
        if s.kind in ("prose", "item")
    ]
    spoken = [words for words in spoken if words]
    words = [word for sentence in spoken for word in sentence]
    if len(words) < MIN_WORDS:
        return 0.0
    per_word = sum(syllables(word) for word in words) / len(words)
    return round(0.39 * len(words) / len(spoken) + 11.8 * per_word - 15.59, 1)
