"""A clinic's profile: `clinic.yml` in, a checked `Profile` out, or every fault at once with its line.

To add a field: give it a type with its rule here, use it in a fragment of overrides/regions, and show it in
samples/.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator

from . import contrast, yamlfile
from .yamlfile import Strict

MAX_BYTES = 20_000
"""Far more than five fields need. It also bounds what a hostile file can cost."""
MAX_NAME = 80
MAX_LINE = 100
MAX_LINES = 5
MAX_SITE = 200

_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode categories of characters that show nothing, or turn the direction of what follows."""
# The spellings people use: (217) 555-0142, 217-555-0142, 217.555.0142, 2175550142, each also after +1 or 1.
# Area code and exchange begin with 2 to 9, and an area code is never N11 (North American Numbering Plan).
_PHONE = re.compile(r"(?:\+?1[ .-]?)?(?:\(([2-9][0-9]{2})\) ?|([2-9][0-9]{2})[ .-]?)[2-9][0-9]{2}[ .-]?[0-9]{4}")
_EMERGENCY = {"911", "988", "1911", "1988"}
_COLOR = re.compile(r"#[0-9a-f]{6}")
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_SEGMENT = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]*")
_LOCAL = "localhost"


def _text(value: Any, longest: int) -> str:
    """One line of text that can be seen, with single spaces, at most `longest` characters."""
    if value is None:
        raise ValueError("nothing stands here; write it after the colon")
    if not isinstance(value, str):
        raise ValueError("one line of text was expected; put it in quotes")
    text = value.strip()
    if "\n" in text:
        raise ValueError("one line was expected; write it on one line")
    for character in text:
        if unicodedata.category(character) in _HIDDEN:
            code = f"U+{ord(character):04X}"
            raise ValueError(f"a character that cannot be seen stands in it ({code}); delete it")
    text = " ".join(unicodedata.normalize("NFC", text).split())
    if not any(character.isalnum() for character in text):
        raise ValueError("there is no word in it; write it out")
    if len(text) > longest:
        raise ValueError(f"it has {len(text):,} characters, {longest} at most are allowed; shorten it")
    return text


def _name(value: Any) -> str:
    return _text(value, MAX_NAME)


def _phone(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)  # 2175550142 without quotes is a number to YAML, and plain enough to us
    text = _text(value, MAX_LINE)
    digits = re.sub(r"[^0-9]", "", text)
    if digits in _EMERGENCY:
        raise ValueError(f"{digits[-3:]} is an emergency number, not a clinic's own; write the clinic's number")
    found = _PHONE.fullmatch(text)
    if not found or (found[1] or found[2]).endswith("11"):
        raise ValueError("a US number of 10 digits, without extension, was expected; write it like (217) 555-0142")
    return text


def _address(value: Any) -> Any:
    if isinstance(value, str):
        value = value.strip().split("\n")  # a block of text: one line each
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= MAX_LINES:
        count = f"{len(value)} were read" if isinstance(value, list | tuple) else "none was read"
        raise ValueError(f"1 to {MAX_LINES} lines were expected, {count}; write each on its own line, after a dash")
    return value


def _line(value: Any) -> str:
    return _text(value, MAX_LINE)


def _site(value: Any) -> str:
    """The address in one form: lower-case ASCII host, no default port, a slash at the end."""
    value = _text(value, MAX_SITE)
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
    if parts.scheme != "https" and not (parts.scheme == "http" and host == _LOCAL):
        raise ValueError(f"{expected}; it must begin with https:// (http:// is only for {_LOCAL})")
    try:
        host = host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        host = ""
    labels = host.split(".")
    is_name = all(map(_LABEL.fullmatch, labels)) and len(host) <= 253 and not labels[-1].isdigit()
    if not is_name or (len(labels) < 2 and host != _LOCAL):
        raise ValueError(f"{expected}; check the name between // and /")
    segments = parts.path.strip("/").split("/") if parts.path.strip("/") else []
    if any(not _SEGMENT.fullmatch(segment) for segment in segments) or "//" in parts.path:
        raise ValueError(f"{expected}; use only a-z, 0-9, “-”, “_” and single slashes after the host")
    if segments and re.search(r"\.(?:html?|php|aspx?)$", segments[-1], re.IGNORECASE):
        raise ValueError(f"{expected}; write the folder, without “{segments[-1]}”")
    default = 443 if parts.scheme == "https" else 80
    shown_port = f":{port}" if port is not None and port != default else ""
    return f"{parts.scheme}://{host}{shown_port}/" + "".join(f"{segment}/" for segment in segments)


def _accent(value: Any) -> str:
    if value is None:
        # The commonest mistake: to YAML, # begins a comment.
        raise ValueError('no color was read; it must stand in quotes, because # begins a comment: "#1b5e57"')
    color = value.strip().lower() if isinstance(value, str) else ""
    if not _COLOR.fullmatch(color):
        raise ValueError('a color of # and six digits or letters a-f was expected, in quotes: "#1b5e57"')
    measured, ground = contrast.worst(color, contrast.LIGHT_GROUNDS.values())
    if measured < contrast.NEEDED:
        shown = int(measured * 100) / 100  # never rounded up to what is needed
        raise ValueError(
            f"as text on the guide's ground {ground} its contrast is {shown:.2f}:1, "
            f"and {contrast.NEEDED}:1 is needed; "
            f'the nearest darker tone that can be read is "{contrast.darker(color)}"'
        )
    return color


class Profile(Strict):
    """A clinic whose name stands on a copy of the guide. Every value is checked; to show it, escape it."""

    name: Annotated[str, BeforeValidator(_name)]
    """As patients know it."""
    phone: Annotated[str, BeforeValidator(_phone)]
    """As it was written; `tel` is the form for links."""
    address: Annotated[tuple[Annotated[str, BeforeValidator(_line)], ...], BeforeValidator(_address)]
    """The postal address, line by line."""
    site: Annotated[str, BeforeValidator(_site)]
    """Where the copy will be found; ends with a slash."""
    accent: Annotated[str, BeforeValidator(_accent)]
    """The color of links and actions in the light scheme: #rrggbb, readable on every ground of the guide."""

    @property
    def tel(self) -> str:
        """The phone number as a link says it (RFC 3966)."""
        return "tel:+1" + re.sub(r"[^0-9]", "", self.phone)[-10:]

    @property
    def base(self) -> str:
        """The path of the copy on its host: "/" or "/guide/"."""
        return urlsplit(self.site).path

    @property
    def dark_accent(self) -> str:
        """The accent as text in the dark scheme: mixed with white until it reads on every dark ground."""
        return contrast.lighter(self.accent)


def load_profile(path: Path) -> Profile:
    """Return the profile that a YAML file holds. Raises FaultsFound with every fault; nothing is written."""
    shown = str(path)
    return yamlfile.parse(yamlfile.read_text(path, shown, MAX_BYTES), shown, Profile)[0]
