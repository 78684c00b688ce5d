"""What the fragments say of a clinic and cannot read off its profile: the week, addresses, notices, files.

Made once for each clinic; whatever takes time is worked out on first use and kept.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, cached_property, lru_cache
from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup

from . import calendars, contrast, finish, pictures, search, structured, timetable
from .parts import License, Notice, Tagline, Track
from .profile import Profile

OWN_PAGE = "our-program/index.html"
ERROR_PAGE = "404.html"
STYLESHEET = "assets/clinic.css"
SEARCH_FILE = "search/own.json"
PICTURES = "assets/clinic/"
_ABOUT_THE_GUIDE = ("about/", "search/", "clinics/")
"""Pages that are not about health."""
LOGO_HEIGHT = 40

NOTICES = {
    "nondiscrimination": "Notice of nondiscrimination",
    "language_assistance": "Free help in your language",
    "privacy_practices": "Notice of privacy practices",
    "good_faith_estimate": "Your right to a good-faith estimate",
    "consumer_health_data": "Consumer health data privacy",
    "accessibility": "Accessibility at the clinic",
}
"""By the key in the profile, in the order of the page."""
FEDERAL_NOTICES = ("nondiscrimination", "language_assistance", "privacy_practices", "good_faith_estimate")
"""Those that federal law may ask of a clinic (parts.Notices names the rules)."""


@cache  # every copy has the same pages
def url(path: str) -> str:
    """The address of a page below that of its site: "a/index.html" → "a/"."""
    return quote(re.sub(r"(^|/)index\.html$", r"\1", path))


@dataclass(frozen=True)
class PageFacts:
    """What a finished page says of itself."""

    title: str = ""
    description: str = ""
    checked: date | None = None
    checksum: str = ""
    changed: bool = False
    """Whether its text is no longer the one of its checksum."""


@dataclass(frozen=True)
class ShownNotice:
    """A notice as the page shows it."""

    id: str
    title: str
    text: tuple[str, ...]
    link: str | None
    taglines: tuple[Tagline, ...]


@dataclass(frozen=True)
class ShownLogo:
    """A logo in the head of a page: paths from the top of the site, size in CSS pixels."""

    file: str
    dark: str | None
    width: int
    height: int


@dataclass(frozen=True)
class Part:
    """A heading of the clinic's own page."""

    id: str
    title: str


class View:
    """A clinic as its copy shows it."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.page_path = OWN_PAGE
        self.letters = timetable.LETTERS

    def address(self, path: str) -> str | None:
        """Where a page of the copy is on the web; None where that is not known."""
        return self.profile.site + url(path) if self.profile.site else None

    def canonical(self, path: str) -> str | None:
        """The address under which search engines shall show a page; None where there is none."""
        policy = self.profile.canonical
        if path == OWN_PAGE or policy == "own":
            return self.address(path)
        return None if policy == "hidden" else policy + url(path)

    @cached_property
    def clinic_data(self) -> dict[str, object]:
        """What search engines are told about the clinic."""
        return structured.clinic(self.profile)

    @cached_property
    def credentials(self) -> tuple[License, ...]:
        """Licenses and accreditations."""
        return self.profile.licenses + self.profile.accreditation

    @cached_property
    def week(self) -> list[tuple[str, list[timetable.Slot]]]:
        """The week, day by day."""
        return timetable.week(self.profile)

    @cached_property
    def week_svg(self) -> Markup:
        """The week as a drawing; it holds numbers, letters and names of days only."""
        return Markup(timetable.week_svg(self.profile))

    @cached_property
    def waits(self) -> list[Track]:
        """The tracks that say how long one waits."""
        return [track for track in self.profile.tracks if track.wait]

    @cached_property
    def calendars(self) -> dict[str, Track]:
        """The calendar files of the tracks that have dates: path → track."""
        profile = self.profile
        return {
            f"our-program/{profile.id_of(track)}{calendars.ENDING}": track
            for track in profile.tracks
            if calendars.has_dates(profile, track)
        }

    def calendar_of(self, track: Track) -> str | None:
        """The path of a track's calendar file, or None."""
        return next((path for path, of in self.calendars.items() if of is track), None)

    @cached_property
    def notices(self) -> list[ShownNotice]:
        """The notices that the clinic shows."""
        found = []
        for key, title in NOTICES.items():
            value: Notice | tuple[Tagline, ...] | None = getattr(self.profile.notices, key)
            if isinstance(value, Notice):
                found.append(ShownNotice(key.replace("_", "-"), title, value.text or (), value.link, ()))
            elif value:
                found.append(ShownNotice(key.replace("_", "-"), title, (), None, value))
        return found

    @cached_property
    def parts(self) -> list[Part]:
        """The headings of the clinic's own page, for its list of contents."""
        clinic = self.profile
        tracks = "Our programs, one by one" if len(clinic.tracks) > 1 else "The program in detail"
        there = (
            ("start", "How to start", clinic.start or clinic.bring or clinic.first_day or self.waits),
            ("the-week", "The week", clinic.tracks),
            ("tracks", tracks, clinic.tracks),
            ("closed", "Days on which we are closed", clinic.closed and not clinic.tracks),
            ("costs", "What it costs", clinic.insurers or clinic.self_pay or clinic.notices.good_faith_estimate),
            ("getting-here", "Getting here", clinic.locations),
            ("languages", "Languages", clinic.languages or clinic.interpreters),
            ("team", "The care team", clinic.team),
            ("who-we-are", "Who we are", clinic.owner or clinic.licenses or clinic.accreditation or clinic.reviewer),
            ("notices", "Notices", self.notices),
        )
        return [Part(anchor, title) for anchor, title, is_there in there if is_there]

    @cached_property
    def logo(self) -> ShownLogo | None:
        """The logo, if there is one."""
        picture, dark = self.profile.picture("logo"), self.profile.picture("dark")
        if not picture:
            return None
        width = max(1, round(LOGO_HEIGHT * picture.width / picture.height))
        other = f"{PICTURES}logo-dark.{dark.kind}" if dark else None
        return ShownLogo(f"{PICTURES}logo.{picture.kind}", other, width, LOGO_HEIGHT)

    def files(self) -> dict[str, bytes]:
        """The clinic's own files beside its pages: path → content."""
        profile = self.profile
        made = {STYLESHEET: self._stylesheet()}
        for which, name in (("logo", "logo"), ("dark", "logo-dark")):
            if picture := profile.picture(which):
                made[f"{PICTURES}{name}.{picture.kind}"] = picture.data
        if profile.site:
            made[f"{PICTURES}qr.svg"] = pictures.qr_svg(profile.site)
            made[f"{PICTURES}preview.png"] = pictures.preview_png(profile.accent)
        for path, track in self.calendars.items():
            made[path] = calendars.calendar(profile, track)
        made["our-program/clinic.json"] = self._facts_file()
        return made

    def _stylesheet(self) -> bytes:
        accent, dark = self.profile.accent, self.profile.dark_accent
        # Only on screens: on paper the guide is black on white, whatever the accent.
        colors = (
            f"@media screen {{ :root {{ --link: {accent}; --deep: {accent} }} }}\n"
            f"@media screen and (prefers-color-scheme: dark) {{ :root {{ --link: {dark}; --deep: {accent}; "
            f"--pic-deep: {contrast.picture_tone(accent)} }} }}\n"
        )
        return colors.encode() + styles()

    def _facts_file(self) -> bytes:
        """What a program may want to know of a copy: its dates, waits, notices and numbers."""
        profile = self.profile
        shown = {notice.id.replace("-", "_") for notice in self.notices}
        reviewer = profile.reviewer
        content = {
            "name": profile.name, "site": profile.site, "base": profile.base, "canonical": profile.canonical,
            "checked": profile.checked, "check_again": profile.due,
            "waits": [{"track": t.name, "wait": t.wait.time, "as_of": t.wait.as_of} for t in self.waits if t.wait],
            "notices": [key for key in NOTICES if key in shown],
            "notices_missing": [key for key in NOTICES if key not in shown],
            "local_help": [{"name": line.name, "number": line.number} for line in profile.local_help],
            "phones": profile.phones(),
            "reviewer": {"name": reviewer.name, "date": reviewer.date} if reviewer else None,
            "colors": {"accent": profile.accent, "dark_accent": profile.dark_accent},
            "calendars": list(self.calendars),
        }  # fmt: skip
        return (json.dumps(content, default=str, ensure_ascii=False, indent=1) + "\n").encode()

    def search_file(self, html: str) -> dict[str, bytes]:
        """The clinic's own page for the search: its words with their weight, and its parts for snippets.

        `html` is the finished page. The words are cut as those of the guide (search.py), so the script can add the page
        to the guide's index. Levels: 3 in the title, 2 in a heading, 1 more than once, 0 once.
        """
        inside = html[html.find("<main") : html.rfind("</main>")]
        # The crumbs, the list of contents and the drawing say nothing that is not said again.
        inside = re.sub(r"<nav\b.*?</nav>|<svg\b.*?</svg>|<h1\b.*?</h1>", "", inside, flags=re.DOTALL)
        pieces = re.split(r'<h[23][^>]*? id="([^"]+)"[^>]*>(.*?)</h[23]>', inside, flags=re.DOTALL)
        sections = [["", "", _words_of(pieces[0])]]
        sections += [
            [anchor, _words_of(title), _words_of(text)]
            for anchor, title, text in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True)
        ]
        levels: dict[str, int] = {}
        counted = Counter(_stem(w) for part in sections for w in search.words(part[2]) if w not in search.STOP)
        for word, times in counted.items():
            levels[word] = int(times > 1)
        for level, texts in ((2, [part[1] for part in sections]), (3, ["Our program", self.profile.name])):
            for text in texts:
                levels |= {_stem(w): level for w in search.words(text) if w not in search.STOP}
        content = {
            "location": "our-program/",
            "title": "Our program",
            "section": self.profile.name,
            "about": f"From {self.profile.name}: times, costs, the team, getting here, and how to start.",
            "words": dict(sorted(levels.items())),
            "sections": [part for part in sections if part[1] or part[2]],
        }
        return {SEARCH_FILE: json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()}


def outline(path: str, facts: PageFacts) -> tuple[object, ...]:
    """What decides, with `is_reviewed`, how a fragment reads on a page; a `Pattern` has places for the words.

    Whatever a fragment asks of `here.path` must be told apart here; tests/test_network.py compares all pages.
    """
    alone = path in (ERROR_PAGE, "index.html", OWN_PAGE)
    kind = path if alone else path.startswith(_ABOUT_THE_GUIDE)
    return kind, path.count("/"), facts.checked, facts.changed, bool(facts.title), bool(facts.description)


def is_reviewed(view: View | None, path: str, facts: PageFacts) -> bool:
    """Whether the clinic's reviewer has read a page as it stands now."""
    reviewer = view.profile.reviewer if view else None
    if not reviewer or not facts.checked or facts.changed or path == OWN_PAGE:
        return False
    return facts.checked <= reviewer.date and (not reviewer.pages or path.startswith(reviewer.pages))


class Here:
    """A page of a copy, or of the neutral guide (without a view), as its own fragments may speak of it."""

    def __init__(self, view: View | None, path: str, facts: PageFacts) -> None:
        self._view, self.path, self._facts = view, path, facts
        self.title, self.description, self.checked = facts.title, facts.description, facts.checked
        self.checksum, self.changed = facts.checksum, facts.changed

    @cached_property
    def address(self) -> str | None:
        """Where the page is on the web; None where that is not known."""
        return self._view.address(self.path) if self._view else None

    @cached_property
    def canonical(self) -> str | None:
        """The address under which search engines shall show it; None where there is none."""
        return self._view.canonical(self.path) if self._view else None

    @property
    def reviewed(self) -> bool:
        """Whether the clinic's reviewer has read this page as it stands now."""
        return is_reviewed(self._view, self.path, self._facts)

    @property
    def data(self) -> Markup:
        """What search engines are told about the page. Nothing in it can leave the block (structured.py)."""
        if not self._view or not self.address:
            return Markup("")
        profile = self._view.profile
        things = [self._view.clinic_data] if self.path in ("index.html", OWN_PAGE) else []
        if not self.path.startswith(_ABOUT_THE_GUIDE):
            checked = profile.checked if self.path == OWN_PAGE else self.checked
            shown = checked.isoformat() if checked else ""
            things.append(structured.page(profile, self.address, self.title, self.description, shown, self.reviewed))
        return Markup(structured.script(*things)) if things else Markup("")


TITLE, DESCRIPTION, CHECKSUM, URL = "\ue000", "\ue001", "\ue002" * 12, "\ue003"
"""What stands for a page's own words in a `Pattern`: characters for private use, which no profile may hold."""


class Pattern(Here):
    """All pages of one shape at once: a fragment is rendered with this, and each page's own words are put in afterward.

    A copy has more than a hundred pages and a few shapes, so this saves most of its time.
    """

    def __init__(self, view: View | None, path: str, facts: PageFacts) -> None:
        title, description = facts.title and TITLE, facts.description and DESCRIPTION
        checksum = facts.checksum[:7] + CHECKSUM
        super().__init__(view, path, replace(facts, title=title, description=description, checksum=checksum))

    @cached_property
    def address(self) -> str | None:
        """As for a page, with a place for its own part."""
        return self._opened(self._view.address(self.path)) if self._view else None

    @cached_property
    def canonical(self) -> str | None:
        """As for a page, with a place for its own part."""
        return self._opened(self._view.canonical(self.path)) if self._view else None

    def _opened(self, address: str | None) -> str | None:
        return address.removesuffix(url(self.path)) + URL if address else None


_stem = lru_cache(maxsize=50_000)(search.stem)  # clinics use much the same words, and a network has many clinics
_BREAKS = re.compile(r"<br>|</(?:td|th|div|h[1-6]|caption)>")


def _words_of(html: str) -> str:
    # A name and its value read as one sentence; the search ends what nobody ended, as in a list.
    return search.plain_text(_BREAKS.sub(" ", html.replace("</dt>", ": ").replace("</dd>", "</li>")))


@cache
def styles() -> bytes:
    """What every copy's own stylesheet holds besides its colors."""
    text = (Path(__file__).parent / "clinic.css").read_text("utf-8")
    return (finish.plain_css(text) + "\n").encode()
