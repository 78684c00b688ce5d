"""Take the picture in README.md and those of the two sample clinics' copies, from what is in site/.

Run: python3 scripts/build.py && .venv/bin/python tests/draw_samples.py
"""

from __future__ import annotations

import base64
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from playwright.sync_api import Browser, sync_playwright  # noqa: E402

from browser_checks import PHONE, serving  # noqa: E402
from find_browser import installed  # noqa: E402
from iop_guide import stamp  # noqa: E402
from iop_guide.faults import FaultsFound  # noqa: E402
from iop_guide.profile import Profile, load_profile  # noqa: E402

LAPTOP = (1280, 800)


@dataclass(frozen=True)
class Shot:
    """One picture: its file, and what it shows."""

    file: str
    sample: str | None
    """The folder in samples/ whose copy it shows; None for the neutral guide."""
    page: str
    part: str = ""
    """The id of what stands on top of the picture; nothing for the top of the page."""
    window: tuple[int, int] = PHONE


SHOTS = (
    Shot("docs/contributing/home.webp", None, "", window=LAPTOP),
    Shot("docs/en/clinics/samples/maple-street-home.webp", "maple-street", ""),
    Shot("docs/en/clinics/samples/maple-street-week.webp", "maple-street", "our-program/", "the-week"),
    Shot("docs/en/clinics/samples/maple-street-laptop.webp", "maple-street", "our-program/", window=LAPTOP),
    Shot("docs/en/clinics/samples/open-door-online-home.webp", "open-door-online", ""),
    Shot("docs/en/clinics/samples/open-door-online-week.webp", "open-door-online", "our-program/", "the-week"),
)


def profile_of(sample: str) -> Profile:
    """The profile in a folder of samples/."""
    return load_profile(ROOT / "samples" / sample / "clinic.yml")


def take(shot: Shot, folder: Path, browser: Browser) -> bytes:
    """What a browser shows of a page of the site in `folder`, as a WebP."""
    width, height = shot.window
    with serving(folder) as served:
        page = browser.new_page(viewport={"width": width, "height": height})
        page.goto(served.address + shot.page)
        top = page.evaluate("(id) => id ? document.getElementById(id).getBoundingClientRect().top - 16 : 0", shot.part)
        # The protocol itself: Playwright writes no WebP, and a PNG is four times as large.
        # A phone has more dots than a laptop, and its small picture must stay sharp.
        clip = {"x": 0, "y": top, "width": width, "height": height, "scale": 1.5 if shot.window == PHONE else 1}
        asked = {"format": "webp", "quality": 50, "clip": clip, "captureBeyondViewport": True}
        taken = page.context.new_cdp_session(page).send("Page.captureScreenshot", asked)
        page.close()
    return base64.b64decode(taken["data"])


def main() -> None:
    """Write one WebP for each shot."""
    guide = ROOT / "site"
    try:
        site = stamp.Site.read(guide)
    except FaultsFound as found:
        sys.exit(str(found.faults[0]))
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed(os.environ, sys.platform), args=["--no-sandbox"])
        copies = {sample: Path(scratch) / sample for sample in sorted({shot.sample for shot in SHOTS if shot.sample})}
        for sample, folder in copies.items():
            site.stamp(profile_of(sample), folder, link=True)
        for shot in SHOTS:
            file = ROOT / shot.file
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(take(shot, copies[shot.sample] if shot.sample else guide, browser))
            print(f"{shot.file}: {file.stat().st_size:,} bytes")
        browser.close()


if __name__ == "__main__":
    main()
