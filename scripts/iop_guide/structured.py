"""What search engines are told about a clinic and its pages, as JSON-LD (schema.org).

It says nothing that the page does not say, and nothing for the sake of a place in a list. `reviewedBy` stands only
where a named clinician has read this very text.
"""

from __future__ import annotations

import json
from typing import Any

from .fields import DAYS, tel
from .parts import Location
from .profile import Profile

CONTEXT = "https://schema.org"


def clinic(profile: Profile) -> dict[str, Any]:
    """The clinic as a MedicalClinic, with its places, hours and programs."""
    assert profile.site
    found: dict[str, Any] = {
        "@type": "MedicalClinic", "@id": f"{profile.site}#clinic", "name": profile.name,
        "telephone": tel(profile.phone)[4:], "address": ", ".join(profile.address), "medicalSpecialty": "Psychiatric",
    }  # fmt: skip
    if profile.website:
        found["url"] = profile.website
    if profile.email:
        found["email"] = profile.email
    if profile.owner:
        found["parentOrganization"] = {"@type": "Organization", "name": profile.owner.name}
    if profile.languages:
        found["knowsLanguage"] = list(profile.languages)
    if profile.locations:
        found["department" if len(profile.locations) > 1 else "location"] = [
            _place(p, profile) for p in profile.locations
        ]
    if profile.tracks:
        found["availableService"] = [
            {"@type": "MedicalTherapy", "name": track.name, "description": track.for_} for track in profile.tracks
        ]
    return found


def _place(place: Location, profile: Profile) -> dict[str, Any]:
    many = len(profile.locations) > 1
    found: dict[str, Any] = {
        "@type": "MedicalClinic" if many else "Place", "name": place.name, "address": ", ".join(place.address),
    }  # fmt: skip
    if place.phone:
        found["telephone"] = tel(place.phone)[4:]
    if place.hours:
        found["openingHoursSpecification"] = [
            {"@type": "OpeningHoursSpecification", "dayOfWeek": [f"{CONTEXT}/{DAYS[day]}" for day in row.days],
             "opens": _hhmm(row.from_), "closes": _hhmm(row.to)}
            for row in place.hours
        ]  # fmt: skip
    return found


def _hhmm(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def page(profile: Profile, address: str, title: str, description: str, checked: str, reviewed: bool) -> dict[str, Any]:
    """A page of the guide as a MedicalWebPage. `checked` is its date; `reviewed` says that the clinic's reviewer has
    read this text."""
    assert profile.site
    found: dict[str, Any] = {
        "@type": "MedicalWebPage", "@id": address, "url": address, "name": title, "inLanguage": "en-US",
        "publisher": {"@id": f"{profile.site}#clinic"}, "isAccessibleForFree": True,
        "license": "https://creativecommons.org/licenses/by/4.0/",
    }  # fmt: skip
    if description:
        found["description"] = description
    if checked:
        found["dateModified"] = checked
    if reviewed and profile.reviewer:
        found["lastReviewed"] = profile.reviewer.date.isoformat()
        found["reviewedBy"] = {
            "@type": "Person", "name": profile.reviewer.name,
            "hasCredential": {"@type": "EducationalOccupationalCredential", "name": profile.reviewer.credentials},
        }  # fmt: skip
    return found


def script(*things: dict[str, Any]) -> str:
    """The data block for the head of a page. No text in it can end the block or begin another element."""
    data: dict[str, Any] = {"@context": CONTEXT, "@graph": list(things)}
    text = _harmless(json.dumps(data, ensure_ascii=False, separators=(",", ":")))
    return f'<script type="application/ld+json">{text}</script>'


def escaped(text: str) -> str:
    """A text as it stands between the quotes of such a block."""
    return _harmless(json.dumps(text, ensure_ascii=False)[1:-1])


def _harmless(text: str) -> str:
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text
