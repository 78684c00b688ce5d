"""A clinic's week: in words, as rows of a table, and as a drawing.

A wrong hour sends a frightened person to a locked door. So there is one source, the sessions of the profile, and each
form is made from it here; the tests read each form back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from xml.sax.saxutils import escape

from .fields import DAYS
from .parts import Opening, Session, Track
from .profile import Profile

MONTHS = tuple("January February March April May June July August September October November December".split())
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWX"


def clock_words(minutes: int) -> str:
    """A time of day as people say it: 9 a.m., 6:30 p.m., 12 noon."""
    if minutes == 720:
        return "12 noon"
    hour, minute = divmod(minutes, 60)
    shown = f"{(hour - 1) % 12 + 1}{f':{minute:02d}' if minute else ''}"
    return f"{shown} {'a' if hour < 12 else 'p'}.m."


def hours_words(item: Session | Opening) -> str:
    """From when to when: 9 a.m. to 12 noon."""
    return f"{clock_words(item.from_)} to {clock_words(item.to)}"


def days_words(days: Sequence[int]) -> str:
    """Days as people say them: Monday; Monday and Friday; Monday to Thursday."""
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return "every day" if len(days) == 7 else f"{DAYS[days[0]]} to {DAYS[days[-1]]}"
    names = [DAYS[day] for day in days]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def date_words(day: date) -> str:
    """A date as the guide writes it: November 16, 2026."""
    return f"{MONTHS[day.month - 1]} {day.day}, {day.year}"


def span_words(span: tuple[int, int]) -> str:
    """A number or two: 8; 8 to 12."""
    return str(span[0]) if span[0] == span[1] else f"{span[0]} to {span[1]}"


def hours_a_week(track: Track) -> str:
    """The hours of a track in a week: 9; 7.5."""
    minutes = sum((session.to - session.from_) * len(session.days) for session in track.sessions)
    return f"{minutes / 60:.1f}".removesuffix(".0")


@dataclass(frozen=True)
class Slot:
    """One session on one day."""

    start: int
    end: int
    letter: str
    track: Track

    @property
    def words(self) -> str:
        """From when to when."""
        return f"{clock_words(self.start)} to {clock_words(self.end)}"


def week(profile: Profile) -> list[tuple[str, list[Slot]]]:
    """Each day on which a track meets, with its sessions in order: [("Monday", [Slot, ...]), ...]."""
    found: dict[int, list[Slot]] = {}
    for number, track in enumerate(profile.tracks):
        for session in track.sessions:
            for day in session.days:
                found.setdefault(day, []).append(Slot(session.from_, session.to, LETTERS[number], track))
    return [(DAYS[day], sorted(slots, key=lambda s: (s.start, s.letter))) for day, slots in sorted(found.items())]


# The drawing. Everything in it is drawn again in words below it, so it is hidden from screen readers.
_LEFT, _TOP, _COLUMN, _HOUR = 52, 24, 42, 26
_SIDE_BY_SIDE = 3


def _columns(slots: Iterable[Slot]) -> list[tuple[Slot, int, int]]:
    """Sessions of a day side by side where they overlap: (slot, its column, how many columns there are)."""
    placed: list[tuple[Slot, int, int]] = []
    group: list[tuple[Slot, int]] = []
    ends: list[int] = []

    def close() -> None:
        placed.extend((slot, column, len(ends)) for slot, column in group)
        group.clear()
        ends.clear()

    for slot in slots:
        if ends and slot.start >= max(ends):
            close()
        column = next((n for n, end in enumerate(ends) if end <= slot.start), len(ends))
        if column == len(ends):
            ends.append(0)
        ends[column] = slot.end
        group.append((slot, column))
    close()
    return placed


def week_svg(profile: Profile) -> str:
    """The week as a drawing in the colors of the theme: days across, hours down, a letter for each track.

    Nothing when there is nothing to draw, or when more than three sessions at a time would make it unreadable.
    """
    days = dict(week(profile))
    if not days or any(count > _SIDE_BY_SIDE for slots in days.values() for _, _, count in _columns(slots)):
        return ""
    shown = [name for number, name in enumerate(DAYS) if number < 5 or name in days]
    first = min(slot.start for slots in days.values() for slot in slots) // 60
    last = -(-max(slot.end for slots in days.values() for slot in slots) // 60)
    width, height = _LEFT + _COLUMN * len(shown), _TOP + _HOUR * (last - first) + 10
    parts = [f'<svg viewBox="0 0 {width} {height}" aria-hidden="true" focusable="false">']
    for hour in range(first, last + 1):
        y = _TOP + _HOUR * (hour - first)
        parts.append(f'<path class="p-line" d="M{_LEFT} {y}H{width}"/>')
        if (hour - first) % 2 == 0:
            words = "noon" if hour == 12 else f"{(hour - 1) % 12 + 1} {'am' if hour < 12 else 'pm'}"
            parts.append(f'<text class="p-text p-small p-end" x="{_LEFT - 6}" y="{y + 5}">{words}</text>')
    for column, name in enumerate(shown):
        middle = _LEFT + _COLUMN * column + _COLUMN // 2
        parts.append(f'<text class="p-text p-small p-bold p-mid" x="{middle}" y="14">{escape(name[:3])}</text>')
        for slot, number, count in _columns(days.get(name, [])):
            wide = (_COLUMN - 4) / count
            x, top = _LEFT + _COLUMN * column + 2 + wide * number, _TOP + _HOUR * (slot.start / 60 - first)
            high = _HOUR * (slot.end - slot.start) / 60
            parts.append(
                f'<rect class="p-deep" x="{x:g}" y="{top + 1:g}" width="{wide - 1:g}" height="{high - 2:g}" rx="5"/>'
                f'<text class="p-text p-bold p-on p-mid" x="{x + wide / 2:g}" y="{top + high / 2 + 5:g}">'
                f"{slot.letter}</text>"
            )
    return "".join(parts) + "</svg>"
