"""The reading grade, against a passage counted by hand."""

from __future__ import annotations

import pytest

from iop_guide.readability import grade, syllables
from iop_guide.sentences import Sentence


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("the", 1), ("home", 1), ("table", 2), ("little", 2), ("program", 2), ("therapy", 3), ("medication", 4),
        ("psychiatrist", 4), ("outpatient", 3), ("residential", 4), ("asked", 1), ("wanted", 2), ("people", 2),
        ("anxiety", 4), ("being", 2), ("safety", 2), ("weekly", 2), ("usual", 3), ("creative", 3), ("quiet", 2),
        ("hours", 1), ("family", 3), ("treatment", 2), ("experience", 4), ("suicide", 3), ("988", 3), ("don’t", 1),
    ],
)  # fmt: skip
def test_syllables(word: str, count: int) -> None:
    assert syllables(word) == count


def sentences(text: str, kind: str = "prose", times: int = 1) -> list[Sentence]:
    return [Sentence(text, kind, frozenset(), (), "p-1")] * times  # type: ignore[arg-type]


def test_a_passage_counted_by_hand() -> None:
    # Ten words, eleven syllables: 0.39 * 10 + 11.8 * 1.1 - 15.59 = 1.29
    assert grade(sentences("You sleep at home and come to group on Monday.", times=12)) == 1.3


def test_headings_tables_and_laws_are_left_out() -> None:
    plain = sentences("You sleep at home and come to group on Monday.", times=12)
    hard = "Institutional psychopharmacological considerations"
    assert grade(plain + sentences(hard, "heading") + sentences(hard, "cell") + sentences(hard, "label")) == 1.3
    law = sentences("You sleep at home and come to Health Insurance Portability Act on Monday.", times=12)
    assert grade(law, ["Health Insurance Portability Act"]) < grade(law)


def test_too_few_words_have_no_grade() -> None:
    assert grade(sentences("Institutional considerations.")) == 0.0
