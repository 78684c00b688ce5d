"""Draw the pictures in CONTRIBUTING.md from the examples there, in the guide's own styles. Run: python tests/draw_blocks.py"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from markdown import Markdown  # noqa: E402
from markdown.extensions import Extension  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402

from find_browser import installed  # noqa: E402
from iop_guide.blocks import GuideBlocks  # noqa: E402
from iop_guide.citations import CitationsExtension  # noqa: E402
from iop_guide.evidence import read_evidence  # noqa: E402
from iop_guide.profile import load_profile  # noqa: E402
from iop_guide.stamp import fill  # noqa: E402

FOLDER = ROOT / "docs" / "contributing"


def examples() -> Iterator[tuple[str, str]]:
    """(block name, Markdown) of every example in CONTRIBUTING.md."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    for code in re.findall(r"```markdown\n(.*?)```", text, re.S):
        name = re.match(r"/// ([\w-]+)", code)
        assert name, code
        yield name[1], code


def render(markdown: str) -> str:
    """One example as HTML, on the real evidence, with the neutral profile in its regions, or a sample clinic's words."""
    clinic = load_profile(ROOT / "samples" / "maple-street" / "clinic.yml") if markdown.startswith("/// clinic ") else None
    evidence = read_evidence(ROOT / "docs" / "evidence")
    extensions: list[str | Extension] = ["tables", CitationsExtension(evidence), GuideBlocks(evidence, ROOT / "overrides" / "pictures")]
    return fill(Markdown(extensions=extensions).convert(markdown), clinic, "index.html")


def main() -> None:
    """Write one PNG for each example."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        shutil.copytree(ROOT / "overrides" / "assets", Path(scratch) / "assets")
        browser = playwright.chromium.launch(executable_path=installed(os.environ, sys.platform), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 720, "height": 900})
        for name, markdown in examples():
            body = f'<main class="wrap"><article><div class="content">{render(markdown)}</div></article></main>'
            html = f'<!doctype html><html lang="en"><link rel="stylesheet" href="assets/guide.css"><body>{body}'
            (Path(scratch) / "index.html").write_text(html, "utf-8")
            page.goto(f"file://{scratch}/index.html")
            page.locator(".content").screenshot(path=FOLDER / f"{name}.png")
            print(f"docs/contributing/{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
