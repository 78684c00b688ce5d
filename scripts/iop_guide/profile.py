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

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, PrivateAttr, ValidationError, WithJsonSchema, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from . import contrast, yamlfile
from .faults import Fault, FaultsFound
from .fields import (
    DAYS, Accent, Address, Canonical, Clock, Day, Days, Email, FileName, HelpNumber, Id, LanguageCode, Line, Name, Phone,
    Prose, Site, Span, WebPage, Words, at_most, tel,
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

TimeZone = Literal["Eastern", "Central", "Mountain", "Arizona", "Pacific", "Alaska", "Hawaii", "Atlantic", "Guam", "Samoa"]


def _listed(count: int, what: str) -> BeforeValidator:
    return BeforeValidator(at_most(count, what))


class _Part(Strict):
    model_config = ConfigDict(use_attribute_docstrings=True, populate_by_name=True, title=None)


class Logo(_Part):
    """A picture for the head of each page."""

    file: FileName
    """The file, beside this one: SVG without scripts, PNG, JPEG or WebP, 100 KB at most."""
    dark: FileName | None = None
    """The same for dark screens. Without it the logo stands on a pale plate there."""


class Opening(_Part):
    """Days and hours on which somebody is there."""

    days: Days
    """[Monday, Wednesday], or Monday to Friday."""
    from_: Clock = Field(alias="from")
    """With am or pm: 8:00 am."""
    to: Clock
    """With am or pm: 5:30 pm."""
    note: Line | None = None
    """Such as: by phone only."""


class Closed(_Part):
    """A day on which the program does not meet."""

    date: Day
    """Such as 2026-12-25."""
    name: Line | None = None
    """Such as Christmas Day."""


class Location(_Part):
    """A place where people come."""

    id: Id | None = None
    """A short name by which tracks refer to it, such as main-street. Made from the name when it is missing."""
    name: Name
    """As a sign at the door says it."""
    address: Address
    """One to five lines."""
    phone: Phone | None = None
    """If it differs from the clinic's."""
    fax: Phone | None = None
    """For records and referrals."""
    hours: Annotated[tuple[Opening, ...], _listed(14, "rows of hours")] = ()
    """When the office is open."""
    directions: Words | None = None
    """The way to the door."""
    parking: Words | None = None
    """Where, and what it costs."""
    transport: Words | None = None
    """Buses, trains, rides."""
    child_care: Words | None = None
    """What there is, or that there is none."""
    accessibility: Words | None = None
    """Steps, doors, lifts, restrooms, what can be asked for."""
    map: WebPage | None = None
    """A page with a map. It is only linked; nothing is loaded from it."""


class Session(_Part):
    """Days of the week with the same hours."""

    days: Days
    """[Monday, Wednesday], or Monday to Thursday."""
    from_: Clock = Field(alias="from")
    """With am or pm: 9:00 am."""
    to: Clock
    """With am or pm: noon."""


class Wait(_Part):
    """How long a person who calls now waits for the first session."""

    time: Line
    """Such as: about 2 weeks."""
    as_of: Day
    """The day on which this was true."""


class Track(_Part):
    """One program with its own group: mornings for adults, evenings, teens after school, online."""

    id: Id | None = None
    """A short name for addresses. Made from the name when it is missing."""
    name: Name
    """Such as Morning program."""
    for_: Words = Field(alias="for")
    """Whom it is for, in plain words."""
    ages: Line | None = None
    """Such as 18 and older."""
    where: Annotated[tuple[Id, ...], _listed(60, "places"), BeforeValidator(lambda v: (v,) if isinstance(v, str) else v),
                     WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]})] = ()  # fmt: skip
    """The id of a location, or online, or a list of both. Not needed where there is one location and nothing online."""
    sessions: Annotated[tuple[Session, ...], _listed(14, "rows of times")]
    """The week: days and hours."""
    weeks: Span | None = None
    """How many weeks most people come: 8, or 8 to 12."""
    group_size: Span | None = None
    """How many people are in a group: 8, or 6 to 10."""
    languages: Annotated[tuple[Line, ...], _listed(30, "languages")] = ()
    """Languages in which the group meets."""
    insurers: Annotated[tuple[Line, ...], _listed(80, "insurers")] = ()
    """If they differ from the clinic's."""
    self_pay: Words | None = None
    """The price for someone without insurance, if it differs from the clinic's."""
    wait: Wait | None = None
    """The wait, with the day on which it was true."""
    starts: Day | None = None
    """The first day, if the group has not begun yet."""
    ends: Day | None = None
    """The last day, if the group ends for good."""


class Member(_Part):
    """A person or a profession in the care team."""

    role: Line
    """Such as Group therapist."""
    name: Line | None = None
    """If the clinic names people."""
    license: Line | None = None
    """Such as LCSW, Illinois 149.000000."""
    about: Words | None = None
    """What this person does for a patient."""


class HelpLine(_Part):
    """A crisis or help line of the town, county or state. It is added to the guide's; none of those can be taken out."""

    name: Name
    """Such as Example County Crisis Line."""
    number: HelpNumber
    """Not a number of the clinic itself: crisis lines stand in the reader's way to nobody."""
    for_: Words = Field(alias="for")
    """Who answers, and for what."""
    hours: Line
    """Such as any hour, every day."""
    text: Phone | None = None
    """A number that takes text messages."""


class Reviewer(_Part):
    """A clinician who has read the guide's text. Only if this is true."""

    name: Name
    """The person."""
    credentials: Line
    """Such as MD, board-certified in psychiatry."""
    date: Day
    """The day of the review. A page that was changed after it is not said to be reviewed."""
    pages: Annotated[tuple[str, ...], _listed(200, "pages"),
                     AfterValidator(lambda v: tuple(_section(p) for p in v))] = ()  # fmt: skip
    """Folders of the guide that were read, such as families/. Without this: all of it."""


class License(_Part):
    """A license or an accreditation."""

    what: Line
    """Such as Outpatient behavioral health facility license."""
    by: Line
    """Who gave it: a state's department, an accrediting body."""
    number: Line | None = None
    """If it has one."""


class Notice(_Part):
    """A notice that the clinic has to show: its text, or a link to it, or both."""

    text: Prose | None = None
    """After a | on lines of its own; empty lines part paragraphs."""
    link: WebPage | None = None
    """A page or PDF of the clinic's own site."""

    @model_validator(mode="after")
    def _says_something(self) -> Notice:
        if not self.text and not self.link:
            raise ValueError("neither text nor link was read; write one of them")
        return self


class Tagline(_Part):
    """One sentence or two on free language help, in one language."""

    language: Line
    """The language's own name, such as Español."""
    code: LanguageCode
    """Such as es."""
    text: Prose
    """The words, translated by a qualified person (45 CFR 92.201(c)(3))."""


class Notices(_Part):
    """What the law may ask a clinic to show. The guide cannot say which of these apply; a lawyer can."""

    nondiscrimination: Notice | None = None
    """45 CFR 92.10."""
    language_assistance: Annotated[tuple[Tagline, ...], _listed(40, "languages")] = ()
    """45 CFR 92.11: the notice that language help is free, in the languages of the state."""
    privacy_practices: Notice | None = None
    """45 CFR 164.520: the HIPAA notice of privacy practices."""
    good_faith_estimate: Notice | None = None
    """45 CFR 149.610: people without insurance may ask for a written estimate."""
    consumer_health_data: Notice | None = None
    """State laws, such as Washington's My Health My Data Act."""
    accessibility: Notice | None = None
    """The clinic's own accessibility statement and whom to tell of barriers."""


class Owner(_Part):
    """Who owns the clinic. Said on every page."""

    name: Line
    """The legal name."""
    about: Words | None = None
    """Anything a reader would want to know, such as a parent company or who refers patients for payment."""


def _section(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"(?:[a-z0-9-]+/)+", value):
        raise ValueError("a folder of the guide like families/ or families/partners/ was expected")
    return value


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
    locations: Annotated[tuple[Location, ...], _listed(60, "locations")] = ()
    """The places where people come."""
    closed: Annotated[tuple[Closed, ...], _listed(60, "days")] = ()
    """Days on which no group meets. They are left out of the calendar files."""
    tracks: Annotated[tuple[Track, ...], _listed(24, "tracks")] = ()
    """The programs, each with its own group and week."""
    about: Prose | None = None
    """A few plain sentences on the program. No promises: a reader compares them with the guide."""
    start: Annotated[tuple[Words, ...], _listed(8, "steps")] = ()
    """How to start, step by step."""
    bring: Annotated[tuple[Words, ...], _listed(12, "things")] = ()
    """What to bring on the first day."""
    first_day: Prose | None = None
    """What happens on the first day."""
    team: Annotated[tuple[Member, ...], _listed(60, "members")] = ()
    """The care team by role."""
    languages: Annotated[tuple[Line, ...], _listed(30, "languages")] = ()
    """Languages that staff speak."""
    interpreters: Words | None = None
    """How to ask for an interpreter, and that it is free."""
    insurers: Annotated[tuple[Line, ...], _listed(80, "insurers")] = ()
    """Plans that the clinic takes."""
    self_pay: Prose | None = None
    """What it costs without insurance, and what help there is."""
    local_help: Annotated[tuple[HelpLine, ...], _listed(6, "help lines")] = ()
    """Help lines nearby, added to those of the guide."""
    reviewer: Reviewer | None = None
    """A clinician who has read the guide's text. Only if this is true."""
    accreditation: Annotated[tuple[License, ...], _listed(12, "accreditations")] = ()
    """Such as from The Joint Commission or CARF."""
    licenses: Annotated[tuple[License, ...], _listed(24, "licenses")] = ()
    """Of the clinic, with their numbers."""
    owner: Owner | None = None
    """Who owns the clinic. Said on every page."""
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

    def _conflicts(self) -> Iterator[tuple[Place, str, Any]]:
        """What no single value can know: (where it stands, what was expected, what was read)."""
        yield from self._conflicts_of_time()
        yield from _twice("locations", [self.location_id(place) for place in self.locations])
        yield from _twice("tracks", [self.track_id(track) for track in self.tracks])
        known = {self.location_id(place) for place in self.locations}
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
            yield ("time_zone",), "it is missing, and hours are given; write Eastern, Central, Mountain, Pacific ...", None
        if (self.tracks or self.locations) and not self.checked:
            said = "it is missing; write the day on which you last read this file against what is true: 2026-11-16"
            yield ("checked",), said, None
        if self.check_again and not self.checked:
            yield ("check_again",), "it stands without “checked”; write both", self.check_again
        elif self.check_again and self.checked and not 0 < (self.check_again - self.checked).days <= 366:
            yield ("check_again",), "a day after “checked” and at most a year later was expected", self.check_again
        for number, place in enumerate(self.locations):
            for row, hours in enumerate(place.hours):
                if hours.to <= hours.from_:
                    yield ("locations", number, "hours", row, "to"), "it ends before it begins; check am and pm", hours.to
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
        """Whether there is enough for a page of the clinic's own."""
        notices = any(value for _, value in self.notices)
        return bool(
            self.tracks or self.locations or self.team or self.about or self.start or self.insurers or self.self_pay
            or self.owner or self.licenses or self.accreditation or notices
        )  # fmt: skip

    def phones(self) -> list[str]:
        """Every phone number of the clinic, as links say them without "tel:"."""
        return sorted({tel(number).removeprefix("tel:") for number in self._numbers()})

    def location_id(self, place: Location) -> str:
        """The id of a location: its own, or one made from its name."""
        return place.id or _slug(place.name)

    def track_id(self, track: Track) -> str:
        """The id of a track: its own, or one made from its name."""
        return track.id or _slug(track.name)

    def places(self, track: Track) -> list[Location]:
        """The locations at which a track meets; none when it is only online."""
        where = track.where or tuple(self.location_id(place) for place in self.locations[:1])
        return [place for place in self.locations if self.location_id(place) in where]

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
    """Return the profile that a YAML file holds, with its pictures. Raises FaultsFound with every fault; writes nothing."""
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
