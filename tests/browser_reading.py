"""What was found on all pages of the site: faults by check, told so that one line names all the pages that share it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import pytest

from browser_checks import COUNTS


def grouped(faults: Iterable[tuple[str, str]]) -> str:
    """One line for each fault with the pages that have it: what stands in the frame is wrong on all of them."""
    pages: dict[str, list[str]] = {}
    for fault, page in faults:
        pages.setdefault(fault, []).append(page)
    lines = [f"{fault} — {len(on)} pages: {', '.join(on[:4])}" for fault, on in pages.items()]
    return "\n".join(lines[:60] + ([f"... and {len(lines) - 60} more"] if len(lines) > 60 else []))


@dataclass
class Seen:
    """Things met on the pages so far, for checks whose answer depends on the thing and not on the page."""

    known: set[str] = field(default_factory=set)
    times: int = 0

    def new(self, things: Iterable[str]) -> list[str]:
        """Those of these that were not met before; they are from now on."""
        fresh = [thing for thing in dict.fromkeys(things) if thing not in self.known]
        self.known.update(fresh)
        self.times += bool(fresh)
        return fresh


@dataclass
class Reading:
    """What was found on all pages: faults by check, and each page's text."""

    faults: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def add(self, check: str, page: str, find: Callable[[], Iterable[str]]) -> None:
        started = time.perf_counter()
        self.faults.setdefault(check, []).extend((fault, "/" + page) for fault in find())
        self.seconds[check] = self.seconds.get(check, 0) + time.perf_counter() - started

    def assert_none(self, check: str) -> None:
        if self.faults[check]:
            pytest.fail(f"{check}: {len(self.faults[check])} faults\n{grouped(self.faults[check])}", pytrace=False)

    def report(self, name: str, pages: int, more: str = "") -> None:
        spent = ", ".join(f"{check} {seconds:.1f}" for check, seconds in self.seconds.items())
        COUNTS.append(f"{name}: {pages} pages checked{more} (seconds: {spent})")
