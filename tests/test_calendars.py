"""Calendar files, read back by another program: every date and hour is the one of the profile, and no other."""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from iop_guide import calendars, stamp
from iop_guide.fields import DAYS
from iop_guide.profile import Profile, load_profile

ROOT = Path(__file__).resolve().parents[1]
MAPLE = load_profile(ROOT / "samples" / "maple-street" / "clinic.yml")
ONLINE = load_profile(ROOT / "samples" / "open-door-online" / "clinic.yml")


def profile(sessions: list[dict[str, Any]], **changes: Any) -> Profile:
    track = {"name": "Mornings", "for": "Adults", "where": "online", "sessions": sessions}
    for key in ("starts", "ends", "where"):
        if key in changes:
            track[key] = changes.pop(key)
    values: dict[str, Any] = {
        "name": "Maple", "phone": "217-555-0142", "address": ["1 Main St"], "time_zone": "Central", "checked": date(2026, 11, 16),
        "tracks": [track],
    }  # fmt: skip
    return Profile.model_validate(values | changes)


def read_back(data: bytes) -> dict[datetime, datetime]:
    """Every event of a calendar as a phone would show it, start → end, both in UTC."""
    found: dict[datetime, datetime] = {}
    for event in Calendar.from_ical(data).walk("VEVENT"):
        start, end = event.decoded("DTSTART"), event.decoded("DTEND")
        raw = event["RRULE"].to_ical()
        rule = rrulestr(raw if isinstance(raw, str) else raw.decode(), dtstart=start)
        out = event.get("EXDATE")
        skipped = {item.dt for item in out.dts} if out else set()
        for moment in rule:
            if moment not in skipped:
                assert moment not in found
                found[moment] = moment.replace(tzinfo=None) + (end - start)  # the wall clock goes on through the night
                found[moment] = found[moment].replace(tzinfo=start.tzinfo)
    return {a.astimezone(ZoneInfo("UTC")): b.astimezone(ZoneInfo("UTC")) for a, b in found.items()}


def meant(clinic: Profile, number: int = 0) -> dict[datetime, datetime]:
    """The same from the profile, day by day, without any of the code under test."""
    track = clinic.tracks[number]
    assert clinic.time_zone and clinic.checked and clinic.due
    zone = ZoneInfo(calendars.ZONES[clinic.time_zone].name)
    first, last = max(clinic.checked, track.starts or date.min), min(clinic.due, track.ends or date.max)
    closed = {item.date for item in clinic.closed}
    if track.where == ("river-road",):
        closed |= {item.date for place in clinic.locations if place.id == "river-road" for item in place.closed}
    found = {}
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        day = date.fromordinal(ordinal)
        for session in track.sessions:
            if day.weekday() in session.days and day not in closed:
                at = [datetime(day.year, day.month, day.day, m // 60, m % 60, tzinfo=zone) for m in (session.from_, session.to)]
                found[at[0].astimezone(ZoneInfo("UTC"))] = at[1].astimezone(ZoneInfo("UTC"))
    return found


@pytest.mark.parametrize("number", [0, 1, 2])
def test_every_date_of_the_sample_is_read_back(number: int) -> None:
    data = calendars.calendar(MAPLE, MAPLE.tracks[number])
    found = read_back(data)
    assert found == meant(MAPLE, number)
    assert len(found) > 30
    assert (datetime(2027, 2, 16, 21, 45, tzinfo=ZoneInfo("UTC")) in found) is False  # the annex is closed, and no other
    assert not {date(2026, 11, 26), date(2026, 12, 25)} & {start.astimezone(ZoneInfo("America/Chicago")).date() for start in found}


def test_one_file_side_by_side() -> None:
    assert calendars.calendar(ONLINE, ONLINE.tracks[0]).decode().split("\r\n") == [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Week//Calendar 1//EN", "CALSCALE:GREGORIAN", "METHOD:PUBLISH",
        "BEGIN:VTIMEZONE", "TZID:America/Los_Angeles",
        "BEGIN:DAYLIGHT", "TZOFFSETFROM:-0800", "TZOFFSETTO:-0700", "TZNAME:PDT", "DTSTART:20070311T020000",
        "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU", "END:DAYLIGHT",
        "BEGIN:STANDARD", "TZOFFSETFROM:-0700", "TZOFFSETTO:-0800", "TZNAME:PST", "DTSTART:20071104T020000",
        "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU", "END:STANDARD",
        "END:VTIMEZONE",
        "BEGIN:VEVENT", "UID:d01a4b8d1063797954131e1f607de853@week.invalid", "DTSTAMP:20261116T000000Z",
        "DTSTART;TZID=America/Los_Angeles:20261116T173000", "DTEND;TZID=America/Los_Angeles:20261116T203000",
        "RRULE:FREQ=WEEKLY;UNTIL=20270519T003000Z;BYDAY=MO,TU,WE", "SUMMARY:Appointment",
        "DESCRIPTION:Call (971) 555-0116 if you cannot come. These are the times as ",
        " of November 16\\, 2026. By video: you need your own link for it.",
        "CONTACT:+19715550116", "CLASS:PRIVATE", "END:VEVENT", "END:VCALENDAR", "",
    ]  # fmt: skip


def test_the_zone_in_the_file_is_the_zone_of_the_world() -> None:
    """Every hour around the changes of the clock in ten years, and one a day besides, in each zone."""
    for zone in calendars.ZONES.values():
        text = "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", *zone.lines(), "END:VCALENDAR", ""])
        [block] = Calendar.from_ical(text).walk("VTIMEZONE")
        ours: tzinfo = block.to_tz()  # type: ignore[attr-defined]  # a Timezone, found by its name
        theirs = ZoneInfo(zone.name)
        moment = datetime(2026, 1, 1, 0, 30)
        while moment.year < 2036:
            near = moment.month in (3, 11) and moment.day < 16
            is_gap = zone.summer and near and theirs.utcoffset(moment) != theirs.utcoffset(moment + timedelta(hours=1))
            if not is_gap:  # an hour that is twice or never there; nobody meets at two in the night
                assert moment.replace(tzinfo=ours).utcoffset() == moment.replace(tzinfo=theirs).utcoffset(), (zone.name, moment)
                utc = moment.replace(tzinfo=theirs).astimezone(ZoneInfo("UTC")).replace(tzinfo=None)
                if moment.hour > 3:
                    assert zone.to_utc(moment) == utc, (zone.name, moment)
            moment += timedelta(hours=1) if near else timedelta(hours=23)


def test_days_that_are_closed_and_tracks_that_begin_and_end() -> None:
    sessions = [{"days": "Monday", "from": "9 am", "to": "noon"}]
    clinic = profile(sessions, starts=date(2026, 12, 7), ends=date(2027, 1, 11), closed=[{"date": "2026-12-07"}, {"date": "2026-12-28"}])
    found = read_back(calendars.calendar(clinic, clinic.tracks[0]))
    assert [start.date().isoformat() for start in found] == ["2026-12-14", "2026-12-21", "2027-01-04", "2027-01-11"]
    assert found == meant(clinic)


@pytest.mark.parametrize(
    ("where", "out"),
    [("main", ["2026-11-30", "2026-12-07"]), (["main", "annex"], ["2026-12-07"]), (["main", "online"], []), ("online", [])],
)  # fmt: skip
def test_a_track_does_not_meet_when_all_of_its_places_are_closed(where: Any, out: list[str]) -> None:
    sessions = [{"days": "Monday", "from": "9 am", "to": "noon"}]
    places = [
        {"name": "Main", "address": ["1 Main St"], "closed": [{"date": "2026-11-30"}, {"date": "2026-12-07", "name": "Fair"}]},
        {"name": "Annex", "address": ["2 Main St"], "closed": [{"date": "2026-12-07"}, {"date": "2026-12-14"}]},
    ]
    clinic = profile(sessions, where=where, locations=places, closed=[{"date": "2026-12-21"}], ends=date(2026, 12, 28))
    found = {start.date().isoformat() for start in read_back(calendars.calendar(clinic, clinic.tracks[0]))}
    mondays = {"2026-11-16", "2026-11-23", "2026-11-30", "2026-12-07", "2026-12-14", "2026-12-28"}
    assert found == mondays - set(out)
    html = stamp.fill("<body><!--region our-program--><!--/region--></body>", clinic, "our-program/index.html")
    assert ("<dt>Does not meet on</dt>" in html) == bool(out)
    assert "<dt>Also closed on</dt><dd>November 30, 2026; December 7, 2026 (Fair)</dd>" in html


def test_a_track_that_is_over_or_always_shut_has_no_dates() -> None:
    sessions = [{"days": "Monday", "from": "9 am", "to": "noon"}]
    over = profile(sessions, ends=date(2026, 11, 1))
    assert not calendars.has_dates(over, over.tracks[0])
    shut = profile(sessions, ends=date(2026, 11, 16), closed=[{"date": "2026-11-16"}])
    assert not calendars.has_dates(shut, shut.tracks[0])


def test_nothing_in_it_tells_others_where_one_goes() -> None:
    for clinic in (MAPLE, ONLINE):
        for track in clinic.tracks:
            data = calendars.calendar(clinic, track).decode().replace("\r\n ", "")
            for word in ("IOP", "Maple Street Counseling", "Open Door", "therapy", "program", "clinic", "group", track.name):
                assert word.lower() not in data.lower(), word


def test_the_place_stands_there_where_there_is_one() -> None:
    [event, *_] = Calendar.from_ical(calendars.calendar(MAPLE, MAPLE.tracks[0])).walk("VEVENT")
    assert str(event["LOCATION"]) == "12 Maple Street, Suite 200, Exampleton, IL 00000"
    [event, *_] = Calendar.from_ical(calendars.calendar(MAPLE, MAPLE.tracks[1])).walk("VEVENT")
    assert "LOCATION" not in event and "Ask which place is yours." in str(event["DESCRIPTION"])


clock = st.integers(5 * 60, 20 * 60)


def words(minutes: int) -> str:
    return f"{(minutes // 60 - 1) % 12 + 1}:{minutes % 60:02d} {'am' if minutes < 720 else 'pm'}"


@settings(max_examples=150, deadline=None)
@given(
    days=st.sets(st.integers(0, 6), min_size=1), begin=clock, length=st.integers(30, 220), zone=st.sampled_from(sorted(calendars.ZONES)),
    checked=st.dates(date(2026, 1, 1), date(2035, 1, 1)), closed=st.lists(st.integers(0, 183), max_size=4), 
    text=st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=60),
)  # fmt: skip
def test_any_week_is_read_back_as_it_was_meant(
    days: set[int], begin: int, length: int, zone: str, checked: date, closed: list[int], text: str
) -> None:
    sessions = [{"days": [DAYS[day] for day in days], "from": words(begin), "to": words(begin + length)}]
    shut = {"closed": [{"date": checked + timedelta(n)} for n in closed]} if closed else {}
    place = {"id": "main", "name": "Main", "address": [f"1 {text}"]}
    clinic = profile(sessions, time_zone=zone, checked=checked, locations=[place], where="main", **shut)
    if not calendars.has_dates(clinic, clinic.tracks[0]):
        return
    data = calendars.calendar(clinic, clinic.tracks[0])
    assert all(len(line) <= 75 and b"\n" not in line for line in data.split(b"\r\n"))
    assert read_back(data) == meant(clinic)
    for event in Calendar.from_ical(data).walk("VEVENT"):
        assert str(event["LOCATION"]) == clinic.locations[0].address[0]
