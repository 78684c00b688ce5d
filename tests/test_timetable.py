"""The week in words, as a table and as a drawing: each is read back and compared with the profile."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from iop_guide import stamp, timetable
from iop_guide.fields import DAYS, clock, days
from iop_guide.profile import Profile, load_profile
from iop_guide.view import OWN_PAGE

ROOT = Path(__file__).resolve().parents[1]
MAPLE = load_profile(ROOT / "samples" / "maple-street" / "clinic.yml")


def profile(tracks: list[list[tuple[set[int], int, int]]]) -> Profile:
    listed: list[dict[str, Any]] = [
        {
            "name": f"Track {number}", "for": "Adults", "where": "online",
            "sessions": [{"days": [DAYS[d] for d in on], "from": spoken(a), "to": spoken(b)} for on, a, b in sessions],
        }
        for number, sessions in enumerate(tracks)
    ]  # fmt: skip
    values = {"name": "A", "phone": "217-555-0142", "address": ["B"], "time_zone": "Eastern", "checked": "2026-11-16"}
    return Profile.model_validate(values | {"tracks": listed})


def spoken(minutes: int) -> str:
    return f"{(minutes // 60 - 1) % 12 + 1}:{minutes % 60:02d} {'am' if minutes < 720 else 'pm'}"


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(540, "9 a.m."), (720, "12 noon"), (725, "12:05 p.m."), (1110, "6:30 p.m."), (0, "12 a.m."), (785, "1:05 p.m."), (719, "11:59 a.m.")],
)
def test_times_in_words(minutes: int, words: str) -> None:
    assert timetable.clock_words(minutes) == words


@given(st.integers(0, 1439))
def test_every_time_in_words_is_the_time(minutes: int) -> None:
    assert clock(timetable.clock_words(minutes)) == minutes


@given(st.sets(st.integers(0, 6), min_size=1))
def test_every_row_of_days_in_words_is_those_days(chosen: set[int]) -> None:
    words = timetable.days_words(sorted(chosen))
    assert days(words.replace("every day", "Monday to Sunday")) == tuple(sorted(chosen))


@pytest.mark.parametrize(
    ("chosen", "words"),
    [((0,), "Monday"), ((0, 1), "Monday and Tuesday"), ((0, 1, 2), "Monday to Wednesday"), ((0, 2, 4), "Monday, Wednesday and Friday"),
     (tuple(range(7)), "every day")],
)  # fmt: skip
def test_days_in_words(chosen: tuple[int, ...], words: str) -> None:
    assert timetable.days_words(chosen) == words


def test_hours_a_week() -> None:
    assert [timetable.hours_a_week(track) for track in MAPLE.tracks] == ["9", "9", "7.5"]


def pairs(clinic: Profile) -> set[tuple[str, int, int, str]]:
    """What is meant: (day, from, to, track)."""
    return {(DAYS[d], s.from_, s.to, t.name) for t in clinic.tracks for s in t.sessions for d in s.days}


def in_table(clinic: Profile) -> set[tuple[str, int, int, str]]:
    """What a reader of the table is told."""
    tree = LexborHTMLParser(stamp.fill("<main><!--region our-program--><!--/region--></main>", clinic, OWN_PAGE))
    found = set()
    for row in tree.css(".timetable tbody tr"):
        [head] = row.css('th[scope="row"]')
        for item in row.css("td li"):
            read = re.fullmatch(r"(.+?) to (.+?): (.*)", item.text())
            assert read
            found.add((head.text(), clock(read[1]), clock(read[2]), read[3]))
    return found


def in_drawing(clinic: Profile) -> set[tuple[str, int, int, str]]:
    """What somebody sees in the drawing: boxes under the names of days, between lines with hours."""
    tree = LexborHTMLParser(timetable.week_svg(clinic))
    names = [name for name in DAYS if name[:3] in {node.text() for node in tree.css("text.p-bold:not(.p-on)")}]
    hours = {float(node.attributes["y"] or 0) - 5: node.text() for node in tree.css("text.p-end")}
    assert hours[24] == min(hours.items())[1]
    first = 720 if hours[24] == "noon" else clock(hours[24].replace("12 pm", "noon"))
    found = set()
    for box, letter in zip(tree.css("rect"), tree.css("text.p-on"), strict=True):
        x, y, wide, high = (float(box.attributes[key] or 0) for key in ("x", "y", "width", "height"))
        middle = float(letter.attributes["x"] or 0)
        assert x < middle < x + wide
        column = int((x - 52) // 42)
        top, bottom = first + (y - 1 - 24) / 26 * 60, first + (y - 1 + high + 2 - 24) / 26 * 60
        track = clinic.tracks[timetable.LETTERS.index(letter.text())]
        found.add((names[column], round(top), round(bottom), track.name))
    return found


def test_the_sample_in_the_table_and_in_the_drawing() -> None:
    assert in_table(MAPLE) == in_drawing(MAPLE) == pairs(MAPLE)
    assert len(pairs(MAPLE)) == 10


sessions = st.tuples(st.sets(st.integers(0, 6), min_size=1, max_size=4), st.integers(6 * 12, 18 * 12), st.integers(6, 60)).map(
    lambda s: (s[0], s[1] * 5, min(s[1] * 5 + s[2] * 5, 1435))
)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(sessions, min_size=1, max_size=2), min_size=1, max_size=4))
def test_any_week_in_the_table_and_in_the_drawing(tracks: list[list[tuple[set[int], int, int]]]) -> None:
    tracks = [[one for n, one in enumerate(track) if not any(one[0] & other[0] for other in track[:n])] for track in tracks]
    clinic = profile(tracks)
    assert in_table(clinic) == pairs(clinic)
    if timetable.week_svg(clinic):
        assert in_drawing(clinic) == pairs(clinic)
    else:
        assert len(tracks) > 3  # four at a time are too narrow to draw


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(sessions, min_size=1, max_size=1), min_size=2, max_size=4))
def test_boxes_never_cover_one_another(tracks: list[list[tuple[set[int], int, int]]]) -> None:
    tree = LexborHTMLParser(timetable.week_svg(profile(tracks)))
    boxes = [[float(box.attributes[key] or 0) for key in ("x", "y", "width", "height")] for box in tree.css("rect")]
    for number, (x, y, wide, high) in enumerate(boxes):
        for x2, y2, wide2, high2 in boxes[:number]:
            assert x + wide <= x2 or x2 + wide2 <= x or y + high <= y2 or y2 + high2 <= y
