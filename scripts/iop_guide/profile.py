"""A clinic's profile: `clinic.yml` in, a checked `Profile` out, or every fault at once with its line.

To add a field: give it a type with its rule (fields.py) and a line that says what it is for, which editors show
too; use it in a fragment of overrides/regions, and show it in samples/ and in clinic.template.yml.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import ConfigDict, PrivateAttr

from . import contrast, fields, yamlfile
from .faults import Fault, FaultsFound
from .fields import (
    DAYS,
    Accent,
    AccentDark,
    Address,
    Canonical,
    Day,
    Email,
    Line,
    Name,
    Phone,
    Prose,
    Site,
    WebPage,
    Words,
    tel,
)
from .parts import (
    Closed,
    HelpLine,
    License,
    Location,
    Logo,
    Member,
    Notices,
    Owner,
    Reviewer,
    Track,
    listed,
)  # fmt: skip
from .pictures import Picture, read_logo
from .yamlfile import Location as Place
from .yamlfile import Strict

MAX_BYTES = 200_000
"""Ten times what a large clinic needs. It also bounds what a hostile file can cost."""
EVERGREEN = "#1b5e57"
"""The guide's own color of links and buttons (overrides/assets/guide.css)."""
GOOD_FOR = timedelta(days=183)
"""How long a clinic's details are taken for true when it names no day to check them again."""
ONLINE = "online"
_LONGEST = 60
T = TypeVar("T")
_NO_ZONE = "it is missing, and hours are given; write Eastern, Central, Mountain, Pacific ..."
_NO_DAY = "it is missing; write the day on which you last read this file against what is true: 2026-11-16"

TimeZone = Literal[
    "Eastern", "Central", "Mountain", "Arizona", "Pacific", "Alaska", "Hawaii", "Atlantic", "Guam", "Samoa"
]


class Profile(Strict):
    """A clinic whose name stands on a copy of the guide. Every value is checked; to show it, escape it.

    `load_profile` makes one; only on that way (yamlfile.parse) is it judged too what values say together (`conflicts`).
    """

    model_config = ConfigDict(use_attribute_docstrings=True, title="clinic.yml of the IOP Guide")

    name: Name
    """As patients know it."""
    phone: Phone
    """Whom to call to ask about the program: a US number of 10 digits, not an emergency number."""
    text_phone: Phone | None = None
    """A number that takes text messages."""
    tty: Phone | None = None
    """For people who are deaf or hard of hearing, if the clinic has one. 711 works without it."""
    email: Email | None = None
    """For questions that hold nothing private."""
    website: WebPage | None = None
    """The clinic's own site."""
    address: Address
    """The postal address, one to five lines."""
    site: Site | None = None
    """Where the copy will be found; a folder of an existing site works too."""
    canonical: Canonical = "own"
    """Which copy search engines shall show: own (this one), hidden (none), or the address of another copy. The page
    Our program is always this clinic's own."""
    accent: Accent = EVERGREEN
    """The color of links and actions in the light scheme: #rrggbb in quotes, readable on every ground of the guide."""
    accent_dark: AccentDark = None
    """The same in the dark scheme; without it, a lighter tone of the accent is worked out."""
    logo: Logo | None = None
    """A picture for the head of each page."""
    time_zone: TimeZone | None = None
    """In which all hours of this file are meant. Needed where there are any."""
    checked: Day | None = None
    """The day on which somebody last read this whole file against what is true. Shown to readers."""
    check_again: Day | None = None
    """The day by which to do it again; half a year later when it is missing. After it, pages say that they are old."""
    locations: Annotated[tuple[Location, ...], listed(60, "locations", Location)] = ()
    """The places where people come."""
    closed: Annotated[tuple[Closed, ...], listed(60, "days", Closed)] = ()
    """Days on which the whole clinic is closed. They are left out of the calendar files."""
    tracks: Annotated[tuple[Track, ...], listed(24, "tracks", Track)] = ()
    """The programs, each with its own group and week."""
    about: Prose | None = None
    """A few plain sentences on the program. No promises: a reader compares them with the guide."""
    start: Annotated[tuple[Words, ...], listed(8, "steps")] = ()
    """How to start, step by step."""
    bring: Annotated[tuple[Words, ...], listed(12, "things")] = ()
    """What to bring on the first day."""
    first_day: Prose | None = None
    """What happens on the first day."""
    team: Annotated[tuple[Member, ...], listed(60, "members", Member)] = ()
    """The care team by role."""
    languages: Annotated[tuple[Line, ...], listed(30, "languages")] = ()
    """Languages that staff speak."""
    interpreters: Words | None = None
    """How to ask for an interpreter, and that it is free."""
    insurers: Annotated[tuple[Line, ...], listed(80, "insurers")] = ()
    """Plans that the clinic takes."""
    self_pay: Prose | None = None
    """What it costs without insurance, and what help there is."""
    local_help: Annotated[tuple[HelpLine, ...], listed(6, "help lines", HelpLine)] = ()
    """Help lines nearby, added to those of the guide."""
    reviewer: Reviewer | None = None
    """A clinician who has read the guide's text. Only if this is true."""
    accreditation: Annotated[tuple[License, ...], listed(12, "accreditations", License)] = ()
    """Such as from The Joint Commission or CARF."""
    licenses: Annotated[tuple[License, ...], listed(24, "licenses", License)] = ()
    """Of the clinic, with their numbers."""
    owner: Owner | None = None
    """Who owns the clinic. The name stands on every page."""
    notices: Notices = Notices()
    """What the law may ask a clinic to show."""

    _pictures: dict[str, Picture] = PrivateAttr(default_factory=dict)

    @classmethod
    def conflicts(cls, data: dict[Any, Any]) -> Iterator[tuple[Place, str, Any]]:
        """What no single value can know; a value that is no right one by itself is passed over here."""
        places, tracks = _parts(data, "locations"), _parts(data, "tracks")
        if (tracks or any(place.get("hours") for _, place in places)) and not data.get("time_zone"):
            yield ("time_zone",), _NO_ZONE, None
        if (tracks or places) and not data.get("checked"):
            yield ("checked",), _NO_DAY, None
        checked, again = _right(fields.day, data.get("checked")), _right(fields.day, data.get("check_again"))
        if again and not data.get("checked"):
            yield ("check_again",), "it stands without “checked”; write both", again
        elif again and checked and not 0 < (again - checked).days <= 366:
            yield ("check_again",), "a day after “checked” and at most a year later was expected", again
        for number, place in places:
            for row, hours in _parts(place, "hours"):
                begin, end = _right(fields.clock, hours.get("from")), _right(fields.clock, hours.get("to"))
                if begin is not None and end is not None and end <= begin:
                    said = "it ends before it begins; check am and pm"
                    yield ("locations", number, "hours", row, "to"), said, hours["to"]
        for number, track in tracks:
            yield from _conflicts_of_track(("tracks", number), track, checked)
        yield from _conflicts_of_places(data)
        own = {tel(number) for number in _numbers(data, places)}
        for number, line in _parts(data, "local_help"):
            for key in ("number", "text"):
                if (found := _right(fields.phone, line.get(key))) and tel(found) in own:
                    said = "this is the clinic's own number; only lines of others may stand among the help lines"
                    yield ("local_help", number, key), said, line[key]

    @property
    def tel(self) -> str:
        """The phone number as a link says it (RFC 3966)."""
        return tel(self.phone)

    @property
    def base(self) -> str:
        """The path of the copy on its host: "/" or "/guide/". "/" when the address is not known."""
        return urlsplit(self.site).path if self.site else "/"

    @cached_property
    def dark_accent(self) -> str:
        """The accent as text in the dark scheme: the clinic's, or the other mixed with white until it reads there."""
        return self.accent_dark or contrast.lighter(self.accent)

    @property
    def due(self) -> date | None:
        """The day after which the clinic's details are said to be old."""
        return self.check_again or (self.checked + GOOD_FOR if self.checked else None)

    @property
    def has_page(self) -> bool:
        """Whether there is enough for a page of the clinic's own: anything that no other page shows."""
        notices = any(value for _, value in self.notices)
        return bool(
            self.tracks or self.locations or self.team or self.about or self.start or self.insurers or self.self_pay
            or self.owner or self.licenses or self.accreditation or notices or self.bring or self.first_day
            or self.languages or self.interpreters or self.reviewer or self.email or self.website or self.closed
        )  # fmt: skip

    def phones(self) -> list[str]:
        """Every phone number of the clinic, as links say them without "tel:"."""
        places = [place.phone for place in self.locations] + [place.fax for place in self.locations]
        numbers = (self.phone, self.text_phone, self.tty, *places)
        return sorted({tel(number).removeprefix("tel:") for number in numbers if number})

    def id_of(self, thing: Location | Track) -> str:
        """The id of a location or a track: its own, or one made from its name."""
        return thing.id or _slug(thing.name)

    def places(self, track: Track) -> list[Location]:
        """The locations at which a track meets; none when it is only online."""
        where = track.where or tuple(self.id_of(place) for place in self.locations[:1])
        return [place for place in self.locations if self.id_of(place) in where]

    def closed_for(self, track: Track) -> list[Closed]:
        """The days on which a track does not meet: the clinic's, then those on which all of its own places are closed.

        A track that also meets online, or at a place that is open, goes on for somebody; which place is theirs, nobody
        here can know.
        """
        places = [] if ONLINE in track.where else self.places(track)
        shut = set.intersection(*({item.date for item in place.closed} for place in places)) if places else set()
        shut -= {item.date for item in self.closed}
        return [*self.closed, *(item for item in (places[0].closed if places else ()) if item.date in shut)]

    def picture(self, which: str) -> Picture | None:
        """The logo ("logo") or the one for dark screens ("dark"), as it was read beside the profile."""
        return self._pictures.get(which)

    @cached_property
    def key(self) -> str:
        """Changes with anything in the profile, pictures included."""
        digest = hashlib.sha256(self.model_dump_json(by_alias=True).encode())
        for name, picture in sorted(self._pictures.items()):
            digest.update(name.encode() + picture.data)
        return digest.hexdigest()


def _right(rule: Callable[[Any], T], value: Any) -> T | None:
    """What a rule makes of a value; nothing where it refuses it, for that is told as a fault of the value."""
    try:
        return rule(value)
    except ValueError:
        return None


def _parts(data: dict[Any, Any], key: str) -> list[tuple[int, dict[Any, Any]]]:
    """The items of a list that are what they should be, keys with values, each with its place in the list.

    Of a list that is far too long, for which it has a fault already, only as much as the longest right one has.
    """
    found = data.get(key)
    found = found[:_LONGEST] if isinstance(found, list) else []
    return [(n, item) for n, item in enumerate(found) if isinstance(item, dict)]


def _numbers(data: dict[Any, Any], places: list[tuple[int, dict[Any, Any]]]) -> Iterator[str]:
    found = [data.get(key) for key in ("phone", "text_phone", "tty")]
    found += [place.get(key) for _, place in places for key in ("phone", "fax")]
    yield from (number for value in found if (number := _right(fields.phone, value)))


def _conflicts_of_track(at: Place, track: dict[Any, Any], checked: date | None) -> Iterator[tuple[Place, str, Any]]:
    starts, ends = _right(fields.day, track.get("starts")), _right(fields.day, track.get("ends"))
    if starts and ends and ends < starts:
        yield (*at, "ends"), "it ends before it starts; check the year", ends
    earlier: list[tuple[set[int], int, int]] = []
    for row, session in _parts(track, "sessions"):
        days = set(_right(fields.days, session.get("days")) or ())
        begin, end = _right(fields.clock, session.get("from")), _right(fields.clock, session.get("to"))
        if begin is None or end is None:
            continue
        if not 30 <= end - begin <= 600:
            said = "a session of half an hour to ten hours was expected; check am and pm"
            yield (*at, "sessions", row, "to"), said, f"{_hours(end - begin)} after it begins"
        for other, other_begin, other_end in earlier:
            if other & days and other_begin < end and begin < other_end:
                both = ", ".join(DAYS[day] for day in sorted(other & days))
                said = f"two sessions of this track overlap ({both}); keep one of them"
                yield (*at, "sessions", row), said, f"{session['from']} to {session['to']}"
        earlier.append((days, begin, end))
    wait = track.get("wait")
    as_of = _right(fields.day, wait.get("as_of")) if isinstance(wait, dict) else None
    if as_of and checked and as_of > checked:
        yield (*at, "wait", "as_of"), "it is later than “checked”; change that day too", as_of


def _conflicts_of_places(data: dict[Any, Any]) -> Iterator[tuple[Place, str, Any]]:
    """Each place and track has a name of its own, and each track says where it meets."""
    for key in ("locations", "tracks"):
        taken: set[str | None] = {"", ONLINE}
        for number, part in _parts(data, key):
            if (word := _id(part)) in taken:
                said = "this name is taken, or holds no letter from a to z; give each its own “id”, like main-street"
                yield (key, number, "name"), said, word
            taken |= {word} - {None}
    places, written = _parts(data, "locations"), data.get("locations", [])
    known = {_id(place) for _, place in places}
    if None in known or not isinstance(written, list) or len(written) != len(places):
        return  # a place that cannot be read may be the one that is meant
    for number, track in _parts(data, "tracks"):
        where = track.get("where")
        if "where" not in track and len(places) != 1:
            said = "“where” is missing, and a reader has to know where to go; write the id of a location, or online"
            yield ("tracks", number), said, track.get("name")
        for one in [where] if isinstance(where, str) else where if isinstance(where, list) else ():
            word = _right(partial(fields.text, longest=fields.MAX_LINE), one)
            if word and word not in known | {ONLINE}:
                names = ", ".join([*sorted(filter(None, known)), ONLINE])
                yield ("tracks", number, "where"), f"there is no location with this id; write one of {names}", word


def _id(part: dict[Any, Any]) -> str | None:
    """The id of a location or track: its own, or one made from its name; nothing where that cannot be read."""
    if part.get("id") is not None:
        return _right(fields.identifier, part["id"])
    name = _right(partial(fields.text, longest=fields.MAX_NAME), part.get("name"))
    return None if name is None else _slug(name)


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].rstrip("-")


def _hours(minutes: int) -> str:
    return f"{minutes // 60} hours {minutes % 60} minutes" if minutes > 0 else "no time"


def load_profile(path: Path) -> Profile:
    """Return the profile that a YAML file holds, with its pictures. Raises FaultsFound with every fault."""
    shown = str(path)
    profile, lines = yamlfile.parse(yamlfile.read_text(path, shown, MAX_BYTES), shown, Profile)
    faults = []
    for which, name in (("logo", profile.logo and profile.logo.file), ("dark", profile.logo and profile.logo.dark)):
        if name:
            found = read_logo(path.parent, name)
            if isinstance(found, Picture):
                profile._pictures[which] = found
            else:
                key = "file" if which == "logo" else "dark"
                faults.append(Fault(shown, lines.get(("logo", key), 0), f"“logo.{key}”: {found[0]}", found[1]))
    if faults:
        raise FaultsFound(faults)
    return profile


def schema() -> str:
    """The JSON Schema of clinic.yml, for editors that complete and check while one writes."""
    made = Profile.model_json_schema(by_alias=True)
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "description": "The build checks more than this schema can say. It names every fault with its line.",
    }
    return json.dumps(head | {k: v for k, v in made.items() if k != "description"}, indent=1, ensure_ascii=False) + "\n"
