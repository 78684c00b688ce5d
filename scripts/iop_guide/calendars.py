"""A track's week as a calendar file (RFC 5545), for the phone of somebody who goes there.

Written by hand because it is one page, its bytes must never change by themselves, and a library for it brings two more
with it; the tests read each file back with `icalendar` and compare every single date.

The titles are neutral, as calendars are shared with families and employers: no clinic's name, no "therapy".
"""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta
from datetime import time as clock_time

from .fields import tel
from .parts import Session, Track
from .profile import Profile
from .timetable import date_words

ENDING = ".ics"
TITLE = "Appointment"
_DAY = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_FOLD = 75
"""Bytes in a line, RFC 5545 section 3.1."""


class Zone:
    """A time zone of the United States: since 2007 summer time runs from the second Sunday of March to the first of
    November (15 U.S.C. 260a). Kept here because Windows has no table of zones."""

    def __init__(self, name: str, standard: int, letters: str, summer: str = "") -> None:
        self.name, self.standard, self.letters, self.summer = name, standard, letters, summer

    def lines(self) -> list[str]:
        """The VTIMEZONE of RFC 5545, section 3.6.5."""
        usual, in_summer = _offset(self.standard), _offset(self.standard + 1)
        parts = [
            "BEGIN:VTIMEZONE", f"TZID:{self.name}",
            *(["BEGIN:DAYLIGHT", f"TZOFFSETFROM:{usual}", f"TZOFFSETTO:{in_summer}", f"TZNAME:{self.summer}",
               "DTSTART:20070311T020000", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU", "END:DAYLIGHT"]
              if self.summer else []),
            "BEGIN:STANDARD", f"TZOFFSETFROM:{in_summer if self.summer else usual}", f"TZOFFSETTO:{usual}",
            f"TZNAME:{self.letters}",
            *(["DTSTART:20071104T020000", "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU"] if self.summer
              else ["DTSTART:20070101T000000"]),
            "END:STANDARD", "END:VTIMEZONE",
        ]  # fmt: skip
        return parts

    def to_utc(self, local: datetime) -> datetime:
        """A local time as UTC, without a zone in either."""
        is_summer = bool(self.summer) and _sunday(local.year, 3, 2) <= local < _sunday(local.year, 11, 1)
        return local - timedelta(hours=self.standard + is_summer)


def _sunday(year: int, month: int, number: int) -> datetime:
    first = datetime(year, month, 1, 2)
    return first + timedelta(days=(6 - first.weekday()) % 7 + 7 * (number - 1))


def _offset(hours: int) -> str:
    return f"{'-' if hours < 0 else '+'}{abs(hours):02d}00"


ZONES = {
    "Eastern": Zone("America/New_York", -5, "EST", "EDT"),
    "Central": Zone("America/Chicago", -6, "CST", "CDT"),
    "Mountain": Zone("America/Denver", -7, "MST", "MDT"),
    "Arizona": Zone("America/Phoenix", -7, "MST"),
    "Pacific": Zone("America/Los_Angeles", -8, "PST", "PDT"),
    "Alaska": Zone("America/Anchorage", -9, "AKST", "AKDT"),
    "Hawaii": Zone("Pacific/Honolulu", -10, "HST"),
    "Atlantic": Zone("America/Puerto_Rico", -4, "AST"),
    "Guam": Zone("Pacific/Guam", 10, "ChST"),
    "Samoa": Zone("Pacific/Pago_Pago", -11, "SST"),
}
"""By the word that stands in a profile."""


def calendar(profile: Profile, track: Track) -> bytes:
    """The calendar file of a track: each session, weekly, from the day on which the clinic checked its details (or the
    track starts) until they have to be checked again (or it ends), without the days on which it does not meet.

    Raises nothing: a profile with tracks has a time zone and a day of checking.
    """
    assert profile.time_zone
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Week//Calendar 1//EN", "CALSCALE:GREGORIAN", "METHOD:PUBLISH"]
    lines += ZONES[profile.time_zone].lines()
    for number, session in enumerate(track.sessions):
        lines += _event(profile, track, number, session)
    lines.append("END:VCALENDAR")
    return b"".join(_folded(line) for line in lines)


def has_dates(profile: Profile, track: Track) -> bool:
    """Whether a session falls between the track's first and last day: some refuse a calendar without events."""
    closed = {item.date for item in profile.closed_for(track)}
    return any(set(_dates(profile, track, session)) - closed for session in track.sessions)


def _dates(profile: Profile, track: Track, session: Session) -> list[date]:
    assert profile.checked and profile.due
    begin, end = max(profile.checked, track.starts or profile.checked), min(profile.due, track.ends or profile.due)
    every = (begin + timedelta(days=n) for n in range((end - begin).days + 1))
    return [day for day in every if day.weekday() in session.days]


def _event(profile: Profile, track: Track, number: int, session: Session) -> list[str]:
    closed = {item.date for item in profile.closed_for(track)}
    dates = _dates(profile, track, session)
    # The first event has to be one that takes place: some programs show it even where it is taken out again.
    while dates and dates[0] in closed:
        dates.pop(0)
    if not dates:
        return []
    assert profile.checked and profile.time_zone
    zone = ZONES[profile.time_zone]
    starts, stops = (_at(dates[0], minutes) for minutes in (session.from_, session.to))
    until = zone.to_utc(_at(dates[-1], session.from_))
    out = [_at(day, session.from_) for day in dates if day in closed]
    unique = hashlib.sha256(f"{profile.site}|{profile.name}|{profile.id_of(track)}|{number}".encode()).hexdigest()[:32]
    places = profile.places(track)
    online = "online" in track.where
    said = [f"Call {profile.phone} if you cannot come.", f"These are the times as of {date_words(profile.checked)}."]
    if len(places) > 1 or (places and online):
        said.append("Ask which place is yours.")
    elif online:
        said.append("By video: you need your own link for it.")
    lines = [
        "BEGIN:VEVENT",
        f"UID:{unique}@week.invalid",
        f"DTSTAMP:{profile.checked:%Y%m%d}T000000Z",
        f"DTSTART;TZID={zone.name}:{starts:%Y%m%dT%H%M%S}",
        f"DTEND;TZID={zone.name}:{stops:%Y%m%dT%H%M%S}",
        f"RRULE:FREQ=WEEKLY;UNTIL={until:%Y%m%dT%H%M%SZ};BYDAY={','.join(_DAY[day] for day in session.days)}",
    ]
    if out:
        lines.append(f"EXDATE;TZID={zone.name}:{','.join(f'{moment:%Y%m%dT%H%M%S}' for moment in out)}")
    lines += [f"SUMMARY:{TITLE}", f"DESCRIPTION:{_escaped(' '.join(said))}"]
    if len(places) == 1 and not online:
        lines.append(f"LOCATION:{_escaped(', '.join(places[0].address))}")
    return [*lines, f"CONTACT:{tel(profile.phone).removeprefix('tel:')}", "CLASS:PRIVATE", "END:VEVENT"]


def _at(day: date, minutes: int) -> datetime:
    return datetime.combine(day, clock_time(minutes // 60, minutes % 60))


def _escaped(value: str) -> str:
    """Text as RFC 5545 wants it, section 3.3.11."""
    return value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _folded(line: str) -> bytes:
    """A line with its end, folded to 75 bytes without cutting a letter in two (section 3.1)."""
    if len(whole := line.encode()) <= _FOLD:
        return whole + b"\r\n"
    parts, now = [], b""
    for character in line:
        raw = character.encode()
        if len(now) + len(raw) > _FOLD:
            parts.append(now)
            now = b" "
        now += raw
    return b"\r\n".join([*parts, now]) + b"\r\n"
