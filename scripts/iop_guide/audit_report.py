"""What an audit found: check by check, in one sentence, and as `audit.html` (to read and to file) and `audit.json`.

A check has one of two weights: what a "must" check finds breaks a promise that the copy makes on every page (exit
status 1); a "should" check finds what a person has to judge or to renew; of that, dates that have passed count for the
exit status when asked to (`--strict`).
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path

from . import share
from .faults import Fault, FaultsFound
from .publish import MARKER


@dataclass(frozen=True)
class Check:
    """One question of the audit and its answer."""

    id: str
    title: str
    """What was asked, as a statement that is true when nothing was found."""
    must: bool
    looked_at: str
    """What was read to answer it, with counts."""
    findings: tuple[Fault, ...]
    done: bool = True
    """False where it could not be answered; `looked_at` says why."""

    @property
    def state(self) -> str:
        """In a word: good, must mend, should mend, not checked."""
        if not self.done:
            return "not checked"
        return ("must mend" if self.must else "should mend") if self.findings else "good"


@dataclass(frozen=True)
class Audit:
    """A finished audit of one copy on one day."""

    site: str
    clinic: str
    address: str
    day: date
    pages: int
    files: int
    digest: str
    """Over all names and bytes: the report is of this very copy."""
    guide: str
    profile: str
    """The clinic's file from which the copy was made again to compare; empty where none was named."""
    checks: tuple[Check, ...] = field(default=())

    def count(self, must: bool) -> int:
        """How many findings there are of one weight."""
        return sum(len(check.findings) for check in self.checks if check.must == must)

    def passed(self, strict: bool = False) -> bool:
        """Whether nothing must be mended; `strict` counts dates that have passed, too.

        Missing notices never count: which of them a clinic needs is for its lawyer to say.
        """
        overdue = any(check.id == "dates" and check.findings for check in self.checks)
        return not self.count(True) and not (strict and overdue)

    @property
    def verdict(self) -> str:
        """The answer in a sentence or two: a question that could not be answered is not passed over."""
        must, should = self.count(True), self.count(False)
        found = f"{must} to mend before anyone is sent here; {should} to look at."
        left = sum(not check.done for check in self.checks)
        return (found if must or should else "Nothing to mend was found.") + (f" Not checked: {left}." if left else "")

    def as_json(self) -> str:
        """The whole report as data."""
        return json.dumps(
            asdict(self)
            | {"day": self.day.isoformat(), "must": self.count(True), "should": self.count(False)}
            | {"checks": [asdict(check) | {"state": check.state} for check in self.checks]},
            indent=1,
            ensure_ascii=False,
        )


def write(found: Audit, folder: Path) -> tuple[Path, Path]:
    """Keep a report as `audit.html` and `audit.json` in `folder`, which is made; each takes its place whole.

    Raises FaultsFound when the folder stands where it would be published, or cannot be written.
    """
    target = folder.resolve()
    if any((above / MARKER).is_file() for above in (target, *target.parents)):
        mend = "name a folder outside the copy and the guide"
        raise FaultsFound([Fault(str(folder), 0, "the report would be published with what stands there", mend)])
    html, data = folder / "audit.html", folder / "audit.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in ((html, share.page("audit.html", audit=found)), (data, found.as_json() + "\n")):
            beside = path.with_name(path.name + ".new")
            beside.write_text(text, "utf-8")
            os.replace(beside, path)
    except OSError as error:
        what = f"the report cannot be written ({error.strerror})"
        raise FaultsFound([Fault(str(folder), 0, what, "name a folder that you may write")]) from None
    return html, data
