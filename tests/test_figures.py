"""Figures: what counts as one, what it is worth, and when a fact holds the same."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iop_guide.figures import figures, held, value_of


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("It takes three hours a day.", ["three"]),
        ("It takes 9 to 19 hours.", ["9", "19"]),
        ("About 38 of 100 people finish.", ["38 of 100"]),
        ("Nearly three in four agreed.", ["three in four"]),
        ("Some 19.7% left.", ["19.7%"]),
        ("Some 20 percent left.", ["20 percent"]),
        ("Two-thirds of people stay.", ["Two-thirds"]),
        ("A third of people stay, and half of them work.", ["A third", "half"]),
        ("It costs $1,736.", ["$1,736"]),
        ("It had 16.5 million contacts.", ["16.5 million"]),
        ("A 12-week program", ["12"]),
        ("In 2014 a review came out.", ["2014"]),
        ("Twenty-one sessions", ["Twenty-one"]),
        # Not figures:
        ("Call 988 or 911.", []),
        ("One day you may feel better.", []),
        ("There are two kinds of groups.", []),
        ("The first step is small.", []),
        ("One of two ways works.", []),
        ("Half a loaf", ["Half"]),
    ],
)
def test_what_counts_as_a_figure(text: str, shown: list[str]) -> None:
    assert [figure.shown for figure in figures(text, ["988", "911"])] == shown


@pytest.mark.parametrize(
    ("said", "fact", "same"),
    [
        ("nine hours", "at least 9 hours a week", True),
        ("38 of 100 people", "38% completed", True),
        ("38 of 100 people", "39% completed", False),
        ("1 in 5 people", "about 1 in 5 (19.7%) dropped out", True),
        ("1 in 5 people", "19.7% dropped out", False),
        ("20%", "one in five left", True),
        ("a third of them", "33% left", False),
        ("half of them", "50% left", True),
        ("half of them", "about half of each group", True),
        ("58 of 102 people", "58 of 102 people finished", True),
        ("3 hours", "three hours a day", True),
        ("9 to 19 hours", "9 to 12 hours", False),
        ("$3,988", "IOP cost $3,988 per episode", True),
        ("$3,988", "IOP cost $3,989 per episode", False),
        ("2,000 people", "2000 people", True),
        ("5%", "5 people of 40", False),
    ],
)
def test_values_are_compared_not_spellings(said: str, fact: str, same: bool) -> None:
    found = figures(said)
    assert found
    assert all(held(fact).has(figure) for figure in found) is same


def test_an_exempt_name_is_not_found_inside_a_number() -> None:
    assert [f.shown for f in figures("It cost $3,988.", ["988"])] == ["$3,988"]


@given(st.integers(0, 10**9))
def test_every_numeral_is_read_back(number: int) -> None:
    assert value_of(f"{number:,}") == number
    assert [f.numbers for f in figures(f"There were {number:,} calls.")] == [frozenset({Fraction(number)})]


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    for figure in figures(text):
        assert held(text).has(figure)  # a text always holds its own figures
