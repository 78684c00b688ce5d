"""The rules for single values of a clinic's profile: a phone number, a time of day, a web address, a color.

Each rule takes whatever YAML made of the value and returns it in one form, or raises ValueError with what was
expected and how to mend it. The types at the end join a rule with what an editor is told about it (JSON Schema).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import partial
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator, WithJsonSchema

from . import contrast

MAX_NAME = 80
MAX_LINE = 100
MAX_WORDS = 300
MAX_PROSE = 4_000
MAX_LINES = 5
MAX_SITE = 200

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_JOINERS = "\u200c\u200d"
"""They show nothing, but Persian, Hindi and others cannot be spelled without them."""
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode categories of characters that show nothing, or turn the direction of what follows."""
_BLANK = "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"
"""By their category these are letters or marks; they show nothing all the same."""
# The spellings people use: (217) 555-0142, 217-555-0142, 217.555.0142, 2175550142, each also after +1 or 1.
# Area code and exchange begin with 2 to 9, and an area code is never N11 (North American Numbering Plan).
_PHONE = re.compile(r"(?:\+?1[ .-]?)?(?:\(([2-9][0-9]{2})\) ?|([2-9][0-9]{2})[ .-]?)[2-9][0-9]{2}[ .-]?[0-9]{4}")
_EMERGENCY = {"911", "988", "1911", "1988"}
_COLOR = re.compile(r"#[0-9a-f]{6}")
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_SEGMENT = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]*")
_EMAIL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}@((?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,})")
_CLOCK = re.compile(r"(1[0-2]|0?[1-9])(?::([0-5][0-9]))? ?([ap])\.?m\.?", re.IGNORECASE)
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LOCAL = "localhost"
_AGAINST_FORGERY = str.maketrans("", "", _JOINERS)


def text(value: Any, longest: int, *, joiners: bool = False) -> str:
    """One line of text that can be seen, with single spaces, at most `longest` characters.

    `joiners` lets the two invisible letters pass that some languages need. Raises ValueError.
    """
    if value is None:
        raise ValueError("nothing stands here; write it after the colon")
    if not isinstance(value, str):
        raise ValueError("one line of text was expected; put it in quotes")
    found = value.strip()
    if "\n" in found:
        raise ValueError("one line was expected; write it on one line")
    for character in found.translate(_AGAINST_FORGERY) if joiners else found:
        if unicodedata.category(character) in _HIDDEN or character in _BLANK:
            code = f"U+{ord(character):04X}"
            raise ValueError(f"a character that cannot be seen stands in it ({code}); delete it")
    found = " ".join(unicodedata.normalize("NFC", found).split())
    if not any(character.isalnum() for character in found):
        raise ValueError("there is no word in it; write it out")
    if len(found) > longest:
        raise ValueError(f"it has {len(found):,} characters, {longest} at most are allowed; shorten it")
    return found


def paragraphs(value: Any) -> tuple[str, ...]:
    """Text of one paragraph or more, which empty lines part. Raises ValueError."""
    if isinstance(value, list | tuple):  # what this rule returned before
        value = "\n\n".join(item if isinstance(item, str) else "" for item in value)
    if not isinstance(value, str):
        raise ValueError("text was expected; put it in quotes, or after a | on lines of their own")
    if len(value) > MAX_PROSE:
        raise ValueError(f"it has {len(value):,} characters, {MAX_PROSE:,} at most are allowed; shorten it")
    parts = [" ".join(part.split()) for part in re.split(r"\n\s*\n", value) if part.strip()]
    if not parts:
        raise ValueError("nothing stands here; write it after the colon, or take the line out")
    return tuple(text(part, MAX_PROSE, joiners=True) for part in parts)


def phone(value: Any) -> str:
    """A United States number of 10 digits, as it was written. Raises ValueError."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)  # 2175550142 without quotes is a number to YAML, and plain enough to us
    written = text(value, MAX_LINE)
    digits = re.sub(r"[^0-9]", "", written)
    if digits in _EMERGENCY:
        raise ValueError(f"{digits[-3:]} is an emergency number, not a clinic's own; write the clinic's number")
    found = _PHONE.fullmatch(written)
    if not found or (found[1] or found[2]).endswith("11"):
        raise ValueError("a US number of 10 digits, without extension, was expected; write it like (217) 555-0142")
    return written


def help_number(value: Any) -> str:
    """The number of a line that helps: 10 digits, or 211. Raises ValueError."""
    if str(value).strip() in ("211", "2-1-1"):
        return "211"
    try:
        return phone(value)
    except ValueError as error:
        said = str(error).replace("an emergency number, not a clinic's own; write the clinic's number",
                                  "on every page already; add other lines only")  # fmt: skip
        raise ValueError(said) from None


def tel(number: str) -> str:
    """A phone number as a link says it (RFC 3966)."""
    digits = re.sub(r"[^0-9]", "", number)
    return "tel:+1" + digits[-10:] if len(digits) >= 10 else f"tel:{digits}"


def address_lines(value: Any) -> Any:
    """One to five lines, as a list or as a block of text. Raises ValueError."""
    if isinstance(value, str):
        value = value.strip().split("\n")  # a block of text: one line each
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= MAX_LINES:
        count = f"{len(value)} were read" if isinstance(value, list | tuple) else "none was read"
        raise ValueError(f"1 to {MAX_LINES} lines were expected, {count}; write each on its own line, after a dash")
    return value


def site(value: Any) -> str:
    """The address of a copy in one form: lower-case ASCII host, no default port, a slash at the end.

    Raises ValueError.
    """
    value = text(value, MAX_SITE)
    expected = "an address like https://www.example.org/ or https://www.example.org/guide/ was expected"
    if found := re.search(r"[\s<>\"'`\\^{}|%]", value):
        raise ValueError(f"{expected}; take out the “{found[0]}”")
    for sign, what in (("?", "query"), ("#", "fragment"), ("@", "user name")):
        if sign in value:
            raise ValueError(f"{expected}, without a {what}; take out the part with “{sign}”")
    try:
        parts = urlsplit(value)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError(f"{expected}; check its spelling") from None
    if port == 0:
        raise ValueError(f"{expected}; no server has the port 0")
    if parts.scheme != "https" and not (parts.scheme == "http" and host == _LOCAL):
        raise ValueError(f"{expected}; it must begin with https:// (http:// is only for {_LOCAL})")
    host = _host(host)
    if not host:
        raise ValueError(f"{expected}; check the name between // and /")
    segments = parts.path.strip("/").split("/") if parts.path.strip("/") else []
    if any(not _SEGMENT.fullmatch(segment) for segment in segments) or "//" in parts.path:
        raise ValueError(f"{expected}; use only a-z, 0-9, “-”, “_” and single slashes after the host")
    if segments and re.search(r"\.(?:html?|php|aspx?)$", segments[-1], re.IGNORECASE):
        raise ValueError(f"{expected}; write the folder, without “{segments[-1]}”")
    default = 443 if parts.scheme == "https" else 80
    shown_port = f":{port}" if port is not None and port != default else ""
    return f"{parts.scheme}://{host}{shown_port}/" + "".join(f"{segment}/" for segment in segments)


def _host(host: str) -> str:
    """A host name in ASCII, or nothing when it is none."""
    try:
        host = host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ""
    labels = host.split(".")
    is_name = all(map(_LABEL.fullmatch, labels)) and len(host) <= 253 and not labels[-1].isdigit()
    return host if is_name and (len(labels) > 1 or host == _LOCAL) else ""


def web_page(value: Any) -> str:
    """The address of a page on the web, to link to. Raises ValueError."""
    value = text(value, MAX_WORDS)
    expected = "the address of a page like https://www.example.org/notice.pdf was expected"
    if not re.fullmatch(r"https://[A-Za-z0-9\u00a1-\uffff.:-]+(?:/[A-Za-z0-9._~!$&()*+,;=:/?%-]*)?", value):
        raise ValueError(f"{expected}; it begins with https:// and holds no spaces, quotes or “#”")
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise ValueError(f"{expected}; check its spelling") from None
    host = _host(parts.hostname or "")
    if not host or host == _LOCAL:
        raise ValueError(f"{expected}; check the name between // and /")
    query = f"?{parts.query}" if parts.query else ""
    return f"https://{host}{f':{port}' if port else ''}{parts.path or '/'}{query}"


def canonical(value: Any) -> str:
    """Which copy search engines shall show: `own`, `hidden`, or the address of another copy. Raises ValueError."""
    word = text(value, MAX_SITE)
    if word in ("own", "hidden"):
        return word
    if not word.startswith("http"):
        raise ValueError("own, hidden, or the address of the copy that search engines shall show was expected")
    return site(word)


def email(value: Any) -> str:
    """An e-mail address in plain ASCII. Raises ValueError."""
    written = text(value, MAX_LINE)
    found = _EMAIL.fullmatch(written)
    if not found or not _host(found[1]) or ".." in written:
        raise ValueError("an e-mail address like office@example.org was expected; check its spelling")
    return written


def accent(value: Any) -> str:
    """A color that reads as text on every light ground of the guide. Raises ValueError with the measured contrast."""
    return _readable(_color(value, "#1b5e57"), contrast.LIGHT_GROUNDS, "darker", contrast.darker)


def accent_dark(value: Any) -> str:
    """The same for every ground of the dark scheme."""
    lighter = partial(contrast.lighter, needed=contrast.NEEDED)
    return _readable(_color(value, "#9fd0c8"), contrast.DARK_GROUNDS, "lighter", lighter)


def _color(value: Any, example: str) -> str:
    if value is None:
        # The commonest mistake: to YAML, # begins a comment.
        raise ValueError(f'no color was read; it must stand in quotes, because # begins a comment: "{example}"')
    color = value.strip().lower() if isinstance(value, str) else ""
    if not _COLOR.fullmatch(color):
        raise ValueError(f'a color of # and six digits or letters a-f was expected, in quotes: "{example}"')
    return color


def _readable(color: str, grounds: Mapping[str, str], toward: str, nearest: Callable[[str], str]) -> str:
    measured, ground = contrast.worst(color, grounds.values())
    if measured < contrast.NEEDED:
        shown = int(measured * 100) / 100  # never rounded up to what is needed
        raise ValueError(
            f"as text on the guide's ground {ground} its contrast is {shown:.2f}:1, "
            f"and {contrast.NEEDED}:1 is needed; "
            f'the nearest {toward} tone that can be read is "{nearest(color)}"'
        )
    return color


def day(value: Any) -> date:
    """A date, written year first. Raises ValueError."""
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value.strip())
        except ValueError:
            value = None
    if not isinstance(value, date) or isinstance(value, datetime) or not 2000 <= value.year <= 2100:
        raise ValueError("a date like 2026-11-16 was expected: year, month, day")
    return value


def clock(value: Any) -> int:
    """A time of day as minutes after midnight. Raises ValueError.

    “6:00” alone could be morning or evening, and a reader would stand before a locked door: am or pm must be said.
    """
    written = value.strip() if isinstance(value, str) else ""
    if written.lower() in ("noon", "12 noon", "12:00 noon"):
        return 720
    found = _CLOCK.fullmatch(written)
    if not found:
        raise ValueError("a time with am or pm was expected, like 9:00 am, 6:30 pm or noon")
    return int(found[1]) % 12 * 60 + int(found[2] or 0) + (720 if found[3].lower() == "p" else 0)


def days(value: Any) -> tuple[int, ...]:
    """Days of the week, 0 for Monday, from a list or from words: “Monday to Thursday”, “Mon, Wed and Fri”.

    Raises ValueError.
    """
    if isinstance(value, list | tuple):
        if not all(isinstance(item, str) for item in value):
            raise ValueError("names of days were expected, like [Monday, Wednesday, Friday]")
        value = ", ".join(value)
    written = text(value, MAX_LINE)
    found: list[int] = []
    for part in re.split(r",|;|&|\band\b", written):
        ends = [_weekday(word) for word in re.split(r"\bto\b|\bthrough\b|[-–]", part.strip())]
        if len(ends) > 2 or (len(ends) == 2 and ends[0] >= ends[1]):
            raise ValueError(f"“{part.strip()}” is no row of days; write it like Monday to Thursday")
        found += range(ends[0], ends[-1] + 1)
    for number in found:
        if found.count(number) > 1:
            raise ValueError(f"{DAYS[number]} stands there twice; write it once")
    return tuple(sorted(found))


def _weekday(word: str) -> int:
    plain = word.strip().rstrip(".").lower().removesuffix("s")
    for number, name in enumerate(DAYS):
        full = name.lower()
        if len(plain) >= 3 and full.startswith(plain):
            return number
    raise ValueError(f"“{word.strip()[:20]}” is no day of the week; write it like Monday")


def span(value: Any) -> tuple[int, int]:
    """A number or two: 8, or “8 to 12”. Raises ValueError."""
    if isinstance(value, list | tuple) and len(value) == 2:
        value = f"{value[0]} to {value[1]}"
    found = re.fullmatch(r"([0-9]{1,3})(?: ?(?:to|-|–) ?([0-9]{1,3}))?", str(value).strip())
    if isinstance(value, bool | float) or not found:
        raise ValueError("a number or two were expected, like 8 or 8 to 12")
    least, most = int(found[1]), int(found[2] or found[1])
    if not 1 <= least <= most <= 200:
        raise ValueError("a number from 1 to 200 was expected, the smaller one first, like 8 to 12")
    return least, most


def identifier(value: Any) -> str:
    """A short name for use inside the file. Raises ValueError."""
    word = text(value, 40)
    if not _ID.fullmatch(word):
        raise ValueError("a short name in small letters, digits and “-” was expected, like main-street")
    return word


def file_name(value: Any) -> str:
    """The name of a file beside the profile, without a way out of its folder. Raises ValueError."""
    name = text(value, MAX_LINE)
    if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9 ._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9 ._-]*)*", name) or ".." in name:
        raise ValueError("a file beside this one was expected, like logo.svg; use letters, digits, “-”, “_” and “.”")
    return name


def language_code(value: Any) -> str:
    """A language as the web names it: en, es, zh-Hant. Raises ValueError."""
    if value is False:
        value = "no"  # Norwegian, which YAML takes for a no
    code = text(value, 20)
    if not re.fullmatch(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*", code):
        raise ValueError("a language code was expected, like es, vi or zh-Hant")
    return code


def folder(value: Any) -> str:
    """A folder of the guide: families/, or families/partners/. Raises ValueError."""
    if not isinstance(value, str) or not re.fullmatch(r"(?:[a-z0-9-]+/)+", value):
        raise ValueError("a folder of the guide like families/ or families/partners/ was expected")
    return value


def at_most(count: int, what: str, example: str = "") -> Callable[[Any], Any]:
    """The rule for a list of 1 to `count` items, called `what` in messages; `example` is how one may be written."""

    def rule(value: Any) -> Any:
        if not isinstance(value, list | tuple):
            like = f", like - {example}" if example else ""
            raise ValueError(f"a list of {what} was expected; write each on its own line, after a dash{like}")
        if not value:
            raise ValueError(f"the list of {what} is empty; write one, or take the line out")
        if len(value) > count:
            raise ValueError(f"there are {len(value):,} {what}, {count} at most are allowed")
        return value

    return rule


def _typed(schema: str, examples: list[Any], pattern: str = "", **more: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": schema, "examples": examples, **({"pattern": pattern} if pattern else {}), **more})


def _of(rule: Callable[[Any, int], str], longest: int) -> BeforeValidator:
    return BeforeValidator(lambda value: rule(value, longest))


_ONE_LINE = r"\S"
Name = Annotated[str, _of(text, MAX_NAME), _typed("string", ["Maple Street Counseling"], maxLength=MAX_NAME)]
Line = Annotated[str, _of(text, MAX_LINE), _typed("string", [], _ONE_LINE, maxLength=MAX_LINE)]
Words = Annotated[str, _of(text, MAX_WORDS), _typed("string", [], _ONE_LINE, maxLength=MAX_WORDS)]
Prose = Annotated[tuple[str, ...], BeforeValidator(paragraphs), _typed("string", [], maxLength=MAX_PROSE)]
Phone = Annotated[
    str, BeforeValidator(phone),
    WithJsonSchema({"type": ["string", "integer"], "examples": ["(217) 555-0142"]}),
]  # fmt: skip
HelpNumber = Annotated[
    str, BeforeValidator(help_number),
    WithJsonSchema({"type": ["string", "integer"], "examples": ["(217) 555-0188", "211"]}),
]  # fmt: skip
Address = Annotated[tuple[Line, ...], BeforeValidator(address_lines), WithJsonSchema({
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string", "maxLength": MAX_LINE},
                                   "minItems": 1, "maxItems": MAX_LINES}],
})]  # fmt: skip
Site = Annotated[str, BeforeValidator(site), _typed("string", ["https://www.example.org/iop-guide/"], "^https?://")]
WebPage = Annotated[str, BeforeValidator(web_page), _typed("string", ["https://www.example.org/"], "^https://")]
Canonical = Annotated[str, BeforeValidator(canonical), _typed("string", ["own", "hidden"], "^(own|hidden|https://.*)$")]
Email = Annotated[str, BeforeValidator(email), _typed("string", ["office@example.org"], "@")]
Accent = Annotated[str, BeforeValidator(accent), _typed("string", ["#1b5e57"], "^#[0-9A-Fa-f]{6}$")]
AccentDark = Annotated[  # not "| None" outside: what is read of a color without quotes is None, and has to be told
    str | None, BeforeValidator(accent_dark), _typed("string", ["#9fd0c8"], "^#[0-9A-Fa-f]{6}$"),
]  # fmt: skip
Day = Annotated[date, BeforeValidator(day), _typed("string", ["2026-11-16"], format="date")]
Clock = Annotated[int, BeforeValidator(clock), _typed("string", ["9:00 am", "noon"], "([ap]\\.?m|noon)")]
Days = Annotated[tuple[int, ...], BeforeValidator(days), WithJsonSchema({
    "anyOf": [{"type": "string", "examples": ["Monday to Thursday"]},
              {"type": "array", "items": {"enum": list(DAYS)}, "minItems": 1}],
})]  # fmt: skip
Span = Annotated[
    tuple[int, int], BeforeValidator(span),
    WithJsonSchema({"type": ["string", "integer"], "examples": [8, "8 to 12"]}),
]  # fmt: skip
Id = Annotated[str, BeforeValidator(identifier), _typed("string", ["main-street"], f"^{_ID.pattern}$")]
FileName = Annotated[str, BeforeValidator(file_name), _typed("string", ["logo.svg"])]
LanguageCode = Annotated[str, BeforeValidator(language_code), _typed("string", ["es", "vi"])]
Folder = Annotated[str, BeforeValidator(folder), _typed("string", ["families/"], "/$")]
