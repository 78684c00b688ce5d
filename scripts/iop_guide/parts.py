"""What a clinic's profile is made of: its places, programs, people, notices. profile.py puts them together.

The line under each field is what editors show; the head of a class says what it is for.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema, field_validator, model_validator

from .fields import (
    Address,
    Clock,
    Day,
    Days,
    FileName,
    Folder,
    HelpNumber,
    Id,
    LanguageCode,
    Line,
    Name,
    Phone,
    Prose,
    Span,
    WebPage,
    Words,
    at_most,
)  # fmt: skip
from .yamlfile import Strict


class Part(Strict):
    """What all parts share: the line under a field is its description in the schema."""

    model_config = ConfigDict(use_attribute_docstrings=True, title=None)

    example: ClassVar[str]
    """How it may be written: shown to somebody who wrote plain words in its place."""

    @model_validator(mode="before")
    @classmethod
    def _has_keys(cls, value: Any) -> Any:
        if not isinstance(value, dict | cls):
            raise ValueError(f"keys with values were expected, like {cls.example}")
        return value


def listed(count: int, what: str, of: type[Part] | None = None) -> BeforeValidator:
    """The rule of a list of 1 to `count` items, called `what` in messages, which show how one of them is written."""
    return BeforeValidator(at_most(count, what, of.example if of else ""))


class Logo(Part):
    """A picture for the head of each page."""

    example = "{file: logo.svg}"

    file: FileName
    """The file, beside this one: SVG without scripts, PNG, JPEG or WebP, 100 KB at most."""
    dark: FileName | None = None
    """The same for dark screens. Without it the logo stands on a pale plate there."""


class Opening(Part):
    """Days and hours on which somebody is there."""

    example = "{days: Monday to Friday, from: 8:00 am, to: 5:30 pm}"

    days: Days
    """[Monday, Wednesday], or Monday to Friday."""
    from_: Clock = Field(alias="from")
    """With am or pm: 8:00 am."""
    to: Clock
    """With am or pm: 5:30 pm."""
    note: Line | None = None
    """Such as: by phone only."""


class Closed(Part):
    """A day on which the clinic, or one of its places, is closed."""

    example = "{date: 2026-12-25, name: Christmas Day}"

    date: Day
    """Such as 2026-12-25."""
    name: Line | None = None
    """Such as Christmas Day."""


class Location(Part):
    """A place where people come."""

    example = '{name: The house on Main Street, address: ["1 Main Street", "Exampleton, IL 00000"]}'

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
    hours: Annotated[tuple[Opening, ...], listed(14, "rows of hours", Opening)] = ()
    """When the office is open."""
    closed: Annotated[tuple[Closed, ...], listed(60, "days", Closed)] = ()
    """Days on which only this place is closed, besides those of the whole clinic."""
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


class Session(Part):
    """Days of the week with the same hours."""

    example = "{days: Monday to Thursday, from: 9:00 am, to: noon}"

    days: Days
    """[Monday, Wednesday], or Monday to Thursday."""
    from_: Clock = Field(alias="from")
    """With am or pm: 9:00 am."""
    to: Clock
    """With am or pm: noon."""


class Wait(Part):
    """How long a person who calls now waits for the first session."""

    example = "{time: about 2 weeks, as_of: 2026-11-16}"

    time: Line
    """Such as: about 2 weeks."""
    as_of: Day
    """The day on which this was true."""


def _as_list(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Where = Annotated[
    tuple[Line, ...],  # whether it is an id, and which ones there are, is told with the locations (profile.py)
    listed(60, "places"),
    BeforeValidator(_as_list),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]


class Track(Part):
    """One program with its own group: mornings for adults, evenings, teens after school, online."""

    example = "{name: Morning program, for: Adults, sessions: [{days: Monday, from: 9:00 am, to: noon}]}"

    id: Id | None = None
    """A short name for addresses. Made from the name when it is missing."""
    name: Name
    """Such as Morning program."""
    for_: Words = Field(alias="for")
    """Whom it is for, in plain words."""
    ages: Line | None = None
    """Such as 18 and older."""
    where: Where = ()
    """The id of a location, or online, or a list of both. Not needed where there is one location and nothing online."""
    sessions: Annotated[tuple[Session, ...], listed(14, "rows of times", Session)]
    """The week: days and hours."""
    weeks: Span | None = None
    """How many weeks most people come: 8, or 8 to 12."""
    group_size: Span | None = None
    """How many people are in a group: 8, or 6 to 10."""
    languages: Annotated[tuple[Line, ...], listed(30, "languages")] = ()
    """Languages in which the group meets."""
    insurers: Annotated[tuple[Line, ...], listed(80, "insurers")] = ()
    """If they differ from the clinic's."""
    self_pay: Words | None = None
    """The price for someone without insurance, if it differs from the clinic's."""
    wait: Wait | None = None
    """The wait, with the day on which it was true."""
    starts: Day | None = None
    """The first day, if the group has not begun yet."""
    ends: Day | None = None
    """The last day, if the group ends for good."""


class Member(Part):
    """A person or a profession in the care team."""

    example = "{role: Group therapist, name: Casey Example}"

    role: Line
    """Such as Group therapist."""
    name: Line | None = None
    """If the clinic names people."""
    license: Line | None = None
    """Such as LCSW, Illinois 149.000000."""
    about: Words | None = None
    """What this person does for a patient."""


class HelpLine(Part):
    """A crisis or help line of the town, county or state. It is added to the guide's; those always stay."""

    example = "{name: County Crisis Line, number: (217) 555-0188, for: Anyone nearby, hours: any hour}"

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

    @field_validator("name")
    @classmethod
    def _is_another_line(cls, name: str) -> str:
        if re.search(r"(?<!\d)(?:988|911)(?!\d)", name):
            raise ValueError("988 and 911 are on every page already; write the name of the other line without them")
        return name


class Reviewer(Part):
    """A clinician who has read the guide's text. Only if this is true."""

    example = "{name: Robin Sample, credentials: MD, date: 2026-11-16}"

    name: Name
    """The person."""
    credentials: Line
    """Such as MD, board-certified in psychiatry."""
    date: Day
    """The day of the review. A page that was changed after it is not said to be reviewed."""
    pages: Annotated[tuple[Folder, ...], listed(200, "pages")] = ()
    """Folders of the guide that were read, such as families/. Without this: all of it."""


class License(Part):
    """A license or an accreditation."""

    example = "{what: Outpatient license, by: the state, number: A-0000}"

    what: Line
    """Such as Outpatient behavioral health facility license."""
    by: Line
    """Who gave it: a state's department, an accrediting body."""
    number: Line | None = None
    """If it has one."""


class Notice(Part):
    """A notice that the clinic has to show: its text, or a link to it, or both."""

    example = "{link: https://www.example.org/notice.pdf}"

    text: Prose | None = None
    """After a | on lines of its own; empty lines part paragraphs."""
    link: WebPage | None = None
    """A page or PDF of the clinic's own site."""

    @model_validator(mode="after")
    def _says_something(self) -> Notice:
        if not self.text and not self.link:
            raise ValueError("neither text nor link was read; write one of them")
        return self


class Tagline(Part):
    """One sentence or two on free language help, in one language."""

    example = "{language: Español, code: es, text: Ayuda gratuita en español}"

    language: Line
    """The language's own name, such as Español."""
    code: LanguageCode
    """Such as es."""
    text: Prose
    """The words, translated by a qualified person (45 CFR 92.201(c)(3))."""


class Notices(Part):
    """What the law may ask a clinic to show. The guide cannot say which of these apply; a lawyer can."""

    example = "{privacy_practices: {link: https://www.example.org/privacy.pdf}}"

    nondiscrimination: Notice | None = None
    """45 CFR 92.10."""
    language_assistance: Annotated[tuple[Tagline, ...], listed(40, "languages", Tagline)] = ()
    """45 CFR 92.11: the notice that language help is free, in the languages of the state."""
    privacy_practices: Notice | None = None
    """45 CFR 164.520: the HIPAA notice of privacy practices."""
    good_faith_estimate: Notice | None = None
    """45 CFR 149.610: people without insurance may ask for a written estimate."""
    consumer_health_data: Notice | None = None
    """State laws, such as Washington's My Health My Data Act."""
    accessibility: Notice | None = None
    """The clinic's own accessibility statement and whom to tell of barriers."""


class Owner(Part):
    """Who owns the clinic. The name stands on every page."""

    example = '{name: "Example Behavioral Health, Inc."}'

    name: Line
    """The legal name."""
    about: Words | None = None
    """Anything a reader would want to know, such as a parent company or who refers patients for payment."""
