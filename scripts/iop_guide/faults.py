"""The one way in which every check says what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

MAX_SHOWN = 50
"""Faults of one file that are shown at a time; whoever has more mends these first."""


@dataclass(frozen=True, order=True)
class Fault:
    """One thing that is wrong, said to the person who can mend it."""

    file: str
    """The file as the reader knows it: relative to the project, or as it was given."""
    line: int
    """Counted from 1; 0 when the fault belongs to the whole file."""
    what: str
    """What is wrong, with the words that were found."""
    mend: str
    """What to do about it."""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return printable(f"{place}: {self.what}; {self.mend}")


def printable(text: str) -> str:
    """A text on one line, without what a terminal, a workflow or a browser would obey: it may quote hostile words."""
    return "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in text).replace("\n", " ⏎ ")


def brief(faults: Iterable[Fault]) -> Iterator[Fault]:
    """The faults as they are shown to people: of each file the first ones, and how many more there are."""
    for file, group in groupby(sorted(faults), key=lambda fault: fault.file):
        found = list(group)
        yield from found[:MAX_SHOWN]
        if (more := len(found) - MAX_SHOWN) > 0:
            yield Fault(file, 0, f"and {more:,} more in this file", "mend those above first")


class FaultsFound(Exception):
    """Raised by a step that cannot go on; carries every fault that was found, not only the first."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = sorted(set(faults))
        super().__init__("\n".join(str(fault) for fault in self.faults))
