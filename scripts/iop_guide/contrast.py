"""How well one color can be read on another, after WCAG 2.2, and the tones that can be.

A clinic's accent takes the place of the guide's evergreen: as the color of links on every ground of the
pages, and as the ground of white text. The grounds are those of overrides/assets/guide.css; a test keeps the
two the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

LIGHT_GROUNDS = {
    "paper": "#fffcf7",
    "card": "#ffffff",
    "sand": "#f6eee1",
    "mist": "#e6f0ed",
    "amber-wash": "#fdf0d2",
    "red-wash": "#fdf0ee",
}
"""What links stand on in the light scheme, by the name of the custom property."""
DARK_GROUNDS = {
    "paper": "#161c1c",
    "card": "#1e2626",
    "sand": "#23251f",
    "mist": "#1b2b2a",
    "amber-wash": "#3a2f17",
    "red-wash": "#2c1a18",
}
"""The same in the dark scheme."""
NEEDED = 4.5
"""WCAG 2.2, success criterion 1.4.3 (AA), for text of the usual size."""
NEEDED_DARK = 7.0
"""Criterion 1.4.6 (AAA), for the tone that we choose ourselves: a saturated one is tiring at night at less."""


def ratio(one: str, other: str) -> float:
    """The contrast of two colors written #rrggbb: from 1 (the same) to 21 (black on white)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def worst(color: str, grounds: Iterable[str]) -> tuple[float, str]:
    """The smallest contrast of a color with any of the grounds, and that ground."""
    return min((ratio(color, ground), ground) for ground in grounds)


def darker(color: str) -> str:
    """The nearest tone toward black, in steps of 1 in 100, that reads on every light ground."""
    return _toward(color, 0, LIGHT_GROUNDS.values(), NEEDED)


def lighter(color: str, needed: float = NEEDED_DARK) -> str:
    """The nearest tone toward white, in steps of 1 in 100, that reads on every dark ground."""
    return _toward(color, 255, DARK_GROUNDS.values(), needed)


def picture_tone(color: str) -> str:
    """The nearest tone toward white for large shapes in the dark scheme (WCAG 2.2, criterion 1.4.11).

    Pictures stand on these four grounds. White letters in such a shape still read: a test says so of any color.
    """
    return _toward(color, 255, (DARK_GROUNDS[name] for name in ("paper", "card", "sand", "mist")), 3.0)


def _toward(color: str, end: int, grounds: Iterable[str], needed: float) -> str:
    grounds = list(grounds)
    channels = _channels(color)
    for step in range(101):
        tone = "#" + "".join(f"{round(c + (end - c) * step / 100):02x}" for c in channels)
        if worst(tone, grounds)[0] >= needed:
            return tone
    raise AssertionError("black and white read on every ground")  # a test says so


def _channels(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


@lru_cache(maxsize=1000)  # the grounds come again and again
def _luminance(color: str) -> float:
    """Relative luminance as WCAG 2.2 defines it, from 0 (black) to 1 (white)."""

    def linear(channel: int) -> float:
        part = channel / 255
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    red, green, blue = map(linear, _channels(color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
