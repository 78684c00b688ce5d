"""A clinic's profile: `clinic.yml` in, a checked `Profile` out, or every fault at once with its line.

To add a field: give it a type with its rule (fields.py) and a line that says what it is for, which editors show
too; use it in a fragment of overrides/regions, and show it in samples/ and in clinic.template.yml.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import ConfigDict, PrivateAttr, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from . import contrast, yamlfile
from .faults import Fault, FaultsFound
from .fields import DAYS, Accent, Address, Canonical, Day, Email, Line, Name, Phone, Prose, Site, WebPage, Words, tel
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
_NO_ZONE = "it is missing, and hours are given; write Eastern, Central, Mountain, Pacific ..."
_NO_DAY = "it is missing; write the day on which you last read this file against what is true: 2026-11-16"

TimeZone = Literal[
    "Eastern", "Central", "Mountain", "Arizona", "Pacific", "Alaska", "Hawaii", "Atlantic", "Guam", "Samoa"
]


class Profile(Strict):
    """A clinic whose name stands on a copy of the guide. Every value is checked; to show it, escape it."""

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
    logo: Logo | None = None
    """A picture for the head of each page."""
    time_zone: TimeZone | None = None
    """In which all hours of this file are meant. Needed where there are any."""
    checked: Day | None = None
    """The day on which somebody last read this whole file against what is true. Shown to readers."""
    check_again: Day | None = None
    """The day by which to do it again; half a year later when it is missing. After it, pages say that they are old."""
    locations: Annotated[tuple[Location, ...], listed(60, "locations")] = ()
    """The places where people come."""
    closed: Annotated[tuple[Closed, ...], listed(60, "days")] = ()
    """Days on which no group meets. They are left out of the calendar files."""
    tracks: Annotated[tuple[Track, ...], listed(24, "tracks")] = ()
    """The programs, each with its own group and week."""
    about: Prose | None = None
    """A few plain sentences on the program. No promises: a reader compares them with the guide."""
    start: Annotated[tuple[Words, ...], listed(8, "steps")] = ()
    """How to start, step by step."""
    bring: Annotated[tuple[Words, ...], listed(12, "things")] = ()
    """What to bring on the first day."""
    first_day: Prose | None = None
    """What happens on the first day."""
    team: Annotated[tuple[Member, ...], listed(60, "members")] = ()
    """The care team by role."""
    languages: Annotated[tuple[Line, ...], listed(30, "languages")] = ()
    """Languages that staff speak."""
    interpreters: Words | None = None
    """How to ask for an interpreter, and that it is free."""
    insurers: Annotated[tuple[Line, ...], listed(80, "insurers")] = ()
    """Plans that the clinic takes."""
    self_pay: Prose | None = None
    """What it costs without insurance, and what help there is."""
    local_help: Annotated[tuple[HelpLine, ...], listed(6, "help lines")] = ()
    """Help lines nearby, added to those of the guide."""
    reviewer: Reviewer | None = None
    """A clinician who has read the guide's text. Only if this is true."""
    accreditation: Annotated[tuple[License, ...], listed(12, "accreditations")] = ()
    """Such as from The Joint Commission or CARF."""
    licenses: Annotated[tuple[License, ...], listed(24, "licenses")] = ()
    """Of the clinic, with their numbers."""
    owner: Owner | None = None
    """Who owns the clinic. The name stands on every page."""
    notices: Notices = Notices()
    """What the law may ask a clinic to show."""

    _pictures: dict[str, Picture] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _holds_together(self) -> Profile:
        wrong = [
            InitErrorDetails(type=PydanticCustomError("value_error", "{error}", {"error": said}), loc=place, input=read)
            for place, said, read in self._conflicts()
        ]
        if wrong:
            raise ValidationError.from_exception_data("Profile", wrong)
        return self

    @classmethod
    def missing_too(cls, data: dict[Any, Any]) -> list[tuple[Place, str]]:
        """What hours and places ask for: told at once with all else, and not in a second round."""
        asked = {
            "time_zone": (_NO_ZONE, data.get("tracks")),
            "checked": (_NO_DAY, data.get("tracks") or data.get("locations")),
        }
        return [((key,), said) for key, (said, asks) in asked.items() if asks and not data.get(key)]

    def _conflicts(self) -> Iterator[tuple[Place, str, Any]]:
        """What no single value can know: (where it stands, what was expected, what was read)."""
        yield from self._conflicts_of_time()
        yield from _twice("locations", [self.id_of(place) for place in self.locations])
        yield from _twice("tracks", [self.id_of(track) for track in self.tracks])
        known = {self.id_of(place) for place in self.locations}
        for number, track in enumerate(self.tracks):
            for where in track.where:
                if where != ONLINE and where not in known:
                    names = ", ".join([*sorted(known), ONLINE])
                    yield ("tracks", number, "where"), f"there is no location with this id; write one of {names}", where
            if not track.where and len(self.locations) != 1:
                said = "“where” is missing, and a reader has to know where to go; write the id of a location, or online"
                yield ("tracks", number), said, track.name
        own = {tel(number): number for number in self._numbers()}
        for number, line in enumerate(self.local_help):
            for key, value in (("number", line.number), ("text", line.text)):
                if value and tel(value) in own:
                    said = "this is the clinic's own number; only lines of others may stand among the help lines"
                    yield ("local_help", number, key), said, value

    def _conflicts_of_time(self) -> Iterator[tuple[Place, str, Any]]:
        if (self.tracks or any(place.hours for place in self.locations)) and not self.time_zone:
            yield ("time_zone",), _NO_ZONE, None
        if (self.tracks or self.locations) and not self.checked:
            yield ("checked",), _NO_DAY, None
        if self.check_again and not self.checked:
            yield ("check_again",), "it stands without “checked”; write both", self.check_again
        elif self.check_again and self.checked and not 0 < (self.check_again - self.checked).days <= 366:
            yield ("check_again",), "a day after “checked” and at most a year later was expected", self.check_again
        for number, place in enumerate(self.locations):
            for row, hours in enumerate(place.hours):
                if hours.to <= hours.from_:
                    yield (
                        ("locations", number, "hours", row, "to"),
                        "it ends before it begins; check am and pm",
                        hours.to,
                    )
        for number, track in enumerate(self.tracks):
            if track.starts and track.ends and track.ends < track.starts:
                yield ("tracks", number, "ends"), "it ends before it starts; check the year", track.ends
            for row, session in enumerate(track.sessions):
                at: Place = ("tracks", number, "sessions", row)
                if not 30 <= session.to - session.from_ <= 600:
                    said = "a session of half an hour to ten hours was expected; check am and pm"
                    yield (*at, "to"), said, f"{_hours(session.to - session.from_)} after it begins"
                for before in track.sessions[:row]:
                    if set(before.days) & set(session.days) and before.from_ < session.to and session.from_ < before.to:
                        both = ", ".join(DAYS[day] for day in sorted(set(before.days) & set(session.days)))
                        yield at, f"two sessions of this track overlap ({both}); keep one of them", track.name
            if track.wait and self.checked and track.wait.as_of > self.checked:
                said = "it is later than “checked”; change that day too"
                yield ("tracks", number, "wait", "as_of"), said, track.wait.as_of

    def _numbers(self) -> Iterator[str]:
        yield from (n for n in (self.phone, self.text_phone, self.tty) if n)
        yield from (n for place in self.locations for n in (place.phone, place.fax) if n)

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
        """The accent as text in the dark scheme: mixed with white until it reads on every dark ground."""
        return contrast.lighter(self.accent)

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
            or self.languages or self.interpreters or self.reviewer or self.email or self.website
        )  # fmt: skip

    def phones(self) -> list[str]:
        """Every phone number of the clinic, as links say them without "tel:"."""
        return sorted({tel(number).removeprefix("tel:") for number in self._numbers()})

    def id_of(self, thing: Location | Track) -> str:
        """The id of a location or a track: its own, or one made from its name."""
        return thing.id or _slug(thing.name)

    def places(self, track: Track) -> list[Location]:
        """The locations at which a track meets; none when it is only online."""
        where = track.where or tuple(self.id_of(place) for place in self.locations[:1])
        return [place for place in self.locations if self.id_of(place) in where]

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


def _twice(where: str, ids: list[str]) -> Iterator[tuple[Place, str, Any]]:
    for number, word in enumerate(ids):
        if word in ids[:number] or word in ("", ONLINE):
            said = "this name is taken, or holds no letter from a to z; give each its own “id”, like main-street"
            yield (where, number, "name"), said, word


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
