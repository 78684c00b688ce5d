"""The one way in which every check says what is wrong."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


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


class FaultsFound(Exception):
    """Raised by a step that cannot go on; carries every fault that was found, not only the first."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = sorted(set(faults))
        super().__init__("\n".join(str(fault) for fault in self.faults))
