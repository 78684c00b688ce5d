"""The guide beside stock Material for MkDocs, on the same Markdown, in one run. Ratios travel; seconds and bytes are this machine's.

    .venv/bin/python tests/benchmarks/beside_stock_material.py [--rounds 5] [--no-browser]

Prints how long each takes to build (interleaved rounds, the middle value), what a first view of each page weighs, and
when a simulated slow phone paints (1.6 Mbit/s, 150 ms round trip, processor slowed four times). "Bare" is the same
text as plain HTML with a few lines of style: the floor.
"""

from __future__ import annotations

import argparse
import functools
import gzip
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from find_browser import installed  # noqa: E402 (the path is set above)

STOCK = """\
site_name: IOP Guide
docs_dir: docs
site_dir: site
theme: {name: material}
plugins: [search]
markdown_extensions:
  abbr: {}
  admonition: {}
  attr_list: {}
  def_list: {}
  footnotes: {}
  md_in_html: {}
  tables: {}
  toc: {toc_depth: 2}
  pymdownx.details: {}
  pymdownx.superfences: {}
  pymdownx.emoji:
    emoji_index: !!python/name:material.extensions.emoji.twemoji
    emoji_generator: !!python/name:material.extensions.emoji.to_svg
"""
SLOW_PHONE = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 750e3 / 8}


def build(folder: Path, command: list[str]) -> float:
    """Seconds of one build."""
    started = time.perf_counter()
    done = subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "scripts"), "NO_MKDOCS_2_WARNING": "1"},
    )
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return time.perf_counter() - started


def bare(site: Path, out: Path) -> None:
    """The text of each page of ours as plain HTML."""
    for path in site.rglob("index.html"):
        text = re.search(r"<main.*?</main>", path.read_text("utf-8"), re.S)
        assert text
        body = re.sub(r"<(?:button|svg|nav|script).*?</(?:button|svg|nav|script)>", "", text[0], flags=re.S)
        target = out / path.relative_to(site)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(
            '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            f"<style>body{{max-width:40rem;margin:auto;padding:1rem;font:18px/1.6 sans-serif}}</style>{body}",
            "utf-8",
        )


class _Quiet(SimpleHTTPRequestHandler):
    """Serves a folder, compressed as any web server does."""

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if not path.is_file():
            self.send_error(404)
            return
        data = path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        if path.suffix != ".woff2":
            data = gzip.compress(data, 9, mtime=0)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def paint(browser: Any, address: str) -> dict[str, float]:
    """First and largest paint in milliseconds, layout shift, requests and bytes of one cold view on a slow phone."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, device_scale_factor=2)
    page = context.new_page()
    client = context.new_cdp_session(page)
    client.send("Network.enable")
    client.send("Network.setCacheDisabled", {"cacheDisabled": True})
    client.send("Network.emulateNetworkConditions", SLOW_PHONE)
    client.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    sizes: dict[str, float] = {}
    kinds: dict[str, str] = {}
    client.on("Network.responseReceived", lambda e: kinds.update({e["requestId"]: e["type"]}))
    client.on("Network.loadingFinished", lambda e: sizes.update({e["requestId"]: e["encodedDataLength"]}))
    # Web fonts of stock Material come from another host; where that cannot be reached the page paints without them.
    page.goto(address, wait_until="load")
    page.wait_for_timeout(1500)
    seen: dict[str, float] = page.evaluate(
        """() => new Promise(done => { const seen = {shift: 0, lcp: 0};
        new PerformanceObserver(l => { for (const e of l.getEntries()) seen.lcp = e.startTime })
          .observe({type: "largest-contentful-paint", buffered: true});
        new PerformanceObserver(l => { for (const e of l.getEntries()) seen.shift += e.value })
          .observe({type: "layout-shift", buffered: true});
        seen.fcp = performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0;
        setTimeout(() => done(seen), 200) })"""
    )
    seen["requests"] = len(sizes)
    seen["bytes"] = sum(size for key, size in sizes.items() if kinds.get(key) != "Font")
    context.close()
    return seen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-browser", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        stock = scratch / "stock"
        shutil.copytree(ROOT / "docs" / "en", stock / "docs")
        for path in (stock / "docs").rglob("*.md"):  # our own templates are not there
            path.write_text(re.sub(r"^template: .*\n", "", path.read_text("utf-8"), flags=re.M), "utf-8")
        (stock / "mkdocs.yml").write_text(STOCK, "utf-8")
        ours = scratch / "site"
        pages = len(list((stock / "docs").rglob("*.md")))
        ours_command = [sys.executable, "-m", "iop_guide", "build", "--out", str(ours)]
        stock_command = [sys.executable, "-m", "mkdocs", "build", "-q"]
        seconds: dict[str, list[float]] = {"ours, with every check": [], "stock Material": []}
        for _ in range(given.rounds):
            seconds["ours, with every check"].append(build(ROOT, ours_command))
            seconds["stock Material"].append(build(stock, stock_command))
        middle = {who: statistics.median(times) for who, times in seconds.items()}
        print(f"Build of {pages} pages, middle of {given.rounds} rounds, interleaved:")
        for who, value in middle.items():
            print(f"  {who:24} {value:6.2f} s   {value / middle['stock Material']:.2f} x stock")
        if given.no_browser:
            return
        from playwright.sync_api import sync_playwright

        bare(ours, scratch / "bare")
        sites = {"ours": ours, "stock Material": stock / "site", "bare page": scratch / "bare"}
        servers = {}
        for who, folder in sites.items():
            server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
            threading.Thread(target=server.serve_forever, daemon=True).start()
            servers[who] = f"http://127.0.0.1:{server.server_port}/"
        paths = ["", "what-is-an-iop/", "what-is-an-iop/levels-of-care/"]
        rows: dict[str, list[dict[str, float]]] = {who: [] for who in sites}
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=installed(os.environ, sys.platform), args=["--no-sandbox"])
            for _ in range(given.rounds):
                for page in paths:
                    for who in sites:
                        rows[who].append(paint(browser, servers[who] + page))
            browser.close()
        print(f"First view on a simulated slow phone, {len(paths)} pages, middle of {given.rounds} rounds, interleaved:")
        print("                       bytes*  requests   FCP ms   LCP ms   layout shift")
        for who, seen in rows.items():
            m = {key: statistics.median(row[key] for row in seen) for key in seen[0]}
            print(f"  {who:18} {m['bytes']:9,.0f} {m['requests']:9.0f} {m['fcp']:8.0f} {m['lcp']:8.0f} {m['shift']:12.3f}")
        print("  * after gzip, headers included, fonts left out; stock Material's fonts come from another host")


if __name__ == "__main__":
    main()
