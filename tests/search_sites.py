"""For the search's tests and benchmark: small sites in a plain frame, a guide of any size, and its index read back."""

from __future__ import annotations

import gzip
import html
import random
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import yaml
from jinja2 import ChoiceLoader, DictLoader, Environment, FileSystemLoader

from iop_guide import search

ROOT = Path(__file__).resolve().parents[1]
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'self'; form-action 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
FRAME = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<link rel="icon" href="data:,"><link rel="stylesheet" href="{{{{ root }}}}assets/guide.css"><title>{{{{ title }}}}</title>
{{% block extrahead %}}{{% endblock %}}</head><body><main>{{% block content %}}{{% endblock %}}</main></body></html>
"""


def write_site(
    folder: Path,
    rendered: dict[str, str],
    pages: list[dict[str, str]],
    words: dict[str, Any],
    terms: list[dict[str, Any]],
    lines: list[dict[str, Any]],
) -> dict[str, bytes]:
    """Write a site that has the real search page in a plain frame and nothing else; return the search's files."""
    files = search.files(rendered, words.get("synonyms", ()), words.get("danger", ()), pages, terms)
    loader = ChoiceLoader([DictLoader({"main.html": FRAME}), FileSystemLoader(ROOT / "overrides")])
    extra = {"help": {"lines": lines}, "a_to_z": search.a_to_z(pages, terms)}
    search_page = (
        Environment(loader=loader, autoescape=False)
        .get_template("search.html")
        .render(config={"extra": extra}, root="../", title="Search", meta={}, page={"content": "<p>Type a word.</p>"})
    )
    for page in pages:
        target = folder / page["location"] / "index.html"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(f"<!doctype html><title>{page['title']}</title><h1>{page['title']}</h1>", encoding="utf-8")
    (folder / "search").mkdir(parents=True, exist_ok=True)
    (folder / "search" / "index.html").write_text(search_page, encoding="utf-8")
    shutil.copytree(ROOT / "overrides" / "assets", folder / "assets", dirs_exist_ok=True)
    for path, content in files.items():
        (folder / path).write_bytes(content)
    return files


def synthetic_guide(
    pages: int = 120, words: int = 900, sections: int = 8
) -> tuple[dict[str, str], list[dict[str, str]]]:
    """Return (rendered pages by location, what the search must know of them): a guide made of the evidence's facts.

    The facts alone have too few different words for a guide of this length, so one word in twenty is made up, rare
    words and common ones in the proportion that is usual in English. The same arguments give the same guide.
    """
    chance = random.Random(120)
    data = yaml.safe_load((ROOT / "docs" / "evidence" / "facts.yml").read_text(encoding="utf-8"))
    facts = [re.sub(r"\s+", " ", fact["fact"]) for fact in data["facts"]]
    parts = ["ba", "co", "di", "fer", "gal", "hin", "ju", "ker", "lo", "mun", "nas", "per", "qui", "ros", "tel", "vin"]
    rare = ["".join(chance.choices(parts, k=chance.randint(2, 4))) for _ in range(6000)]

    def sentence(near: int) -> str:
        fact = facts[(near + chance.randint(0, 14)) % len(facts)] if chance.random() < 0.6 else chance.choice(facts)
        kept = [
            word if chance.random() > 0.05 else rare[int(chance.paretovariate(0.35)) % 6000] for word in fact.split()
        ]
        return " ".join(kept)

    rendered: dict[str, str] = {}
    listed: list[dict[str, str]] = []
    for number in range(pages):
        near = number * len(facts) // pages
        location = f"section-{number // 12}/page-{number}/"
        title = " ".join(sentence(near).split()[:5])
        about, section = sentence(near)[:140], f"Section {number // 12}"
        listed.append({"location": location, "title": title, "description": about, "section": section})
        for part in range(sections + 1):
            text: list[str] = []
            while sum(len(piece.split()) for piece in text) < words / (sections + 1) - 12:
                text.append(sentence(near))
            heading = " ".join(sentence(near).split()[:6])
            above = f'<h2 id="part-{part}">{html.escape(heading)}</h2>' if part else ""
            paragraphs = "".join(f"<p>{html.escape(piece)}</p>" for piece in text)
            rendered[location] = rendered.get(location, "") + above + paragraphs
    return rendered, listed


def decode_words(vocabulary: str) -> list[str]:
    """Return the words of a vocabulary as search.py wrote it; overrides/assets/search.js does the same."""
    found: list[str] = []
    before = ""
    for shared, rest in re.findall(r"([A-Z])([^A-Z]*)", vocabulary):
        before = before[: ord(shared) - 65] + rest
        found.append(before)
    return found


def decode_postings(counts: Sequence[int], postings: str, levels: str) -> list[dict[int, int]]:
    """Return {page: level} for each word in the order of the vocabulary; overrides/assets/search.js does the same."""
    found: list[dict[int, int]] = []
    place = entry = 0
    for count, many in enumerate(counts):
        for _ in range(many):
            pages: dict[int, int] = {}
            last = -1
            for _ in range(count):
                gap = 0
                while (digit := search._DIGITS.index(postings[place])) >= search._BASE:
                    gap += (digit - search._BASE + 1) * search._BASE
                    place += 1
                last += gap + digit + 1
                place += 1
                pages[last] = "abcd".index(levels[entry])
                entry += 1
            found.append(pages)
    return found


class _Handler(SimpleHTTPRequestHandler):
    """Serves a folder as a host does: text is compressed, a folder's address shows its index."""

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        if not path.is_file():
            self.send_error(404)
            return
        content = path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        if path.suffix in (".html", ".css", ".js", ".json", ".svg"):
            content = gzip.compress(content, 6, mtime=0)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: what was asked for is in `asked`."""


@contextmanager
def serving(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Serve a folder; gives its address and the list of what is asked for, which grows."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(folder)))
    asked: list[str] = []
    server.asked = asked  # type: ignore[attr-defined]
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/", asked
    finally:
        server.shutdown()
        server.server_close()
