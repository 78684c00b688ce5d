"""The only file that knows MkDocs: each hook hands over to the package and puts the result where MkDocs wants it.

Order of one build: on_config (evidence) → on_files → on_nav → each page: on_page_markdown, on_page_content → on_env
(trace) → on_post_template (the error page) → each page: on_post_page (checksum, regions) → on_post_build (search, JSON,
headers, checks).
Faults are gathered on the way and told all together at the end, so one build names everything to mend.
The preview builds again and again in one process; what has not changed it takes from memory.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))  # MkDocs is started from many places; the package is always here

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort
from mkdocs.structure.files import Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page as MkDocsPage

from iop_guide.faults import Fault, FaultsFound
from iop_guide.site import Guide, Memory

log = logging.getLogger("mkdocs.iop_guide")  # loggers below "mkdocs" count for strict mode
_state: dict[str, Any] = {"serving": False, "memory": Memory()}
_CODE = sorted([*(ROOT / "scripts").rglob("*.py"), *(ROOT / "overrides" / "regions").iterdir()])  # read once
_CODE_AT_START = [path.stat().st_mtime_ns for path in _CODE]


def _guide() -> Guide:
    guide: Guide = _state["guide"]
    return guide


def on_startup(*, command: str, dirty: bool) -> None:
    _state["serving"] = command == "serve"
    if not _state["serving"]:
        # A build ends before its garbage matters, and looking for it among so many facts takes a fifth of the time.
        gc.disable()


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    if _state["serving"] and [path.stat().st_mtime_ns for path in _CODE] != _CODE_AT_START:
        os.execv(sys.executable, [sys.executable, "-m", "mkdocs", *sys.argv[1:]])  # the preview follows our code too
    try:
        guide = _state["guide"] = Guide.begin(ROOT, _state["memory"] if _state["serving"] else None)
    except FaultsFound as found:
        _tell(found)
        raise Abort("Nothing was published.") from None
    config.markdown_extensions += guide.extensions()  # type: ignore[arg-type]  # instances are as good as names
    config.extra.update(guide.template_data())
    return config


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    for file in list(files):
        source = Path(file.abs_src_path or "")
        # Material's own styles, scripts, language files and source maps, and the pictures that stand in the pages.
        if (file.src_uri.startswith("assets/") and "material" in source.parts) or source.parent.name == "pictures":
            files.remove(file)
    return files


def on_nav(nav: Navigation, *, config: MkDocsConfig, files: Files) -> Navigation:
    sections = {page.file.src_uri: page.parent.title if page.parent else "" for page in nav.pages}
    _guide().check_nav(sections, [f.src_uri for f in files.documentation_pages()], config_nav=config.nav or [])
    return nav


def on_page_markdown(markdown: str, *, page: MkDocsPage, config: MkDocsConfig, files: Files) -> str:
    return "" if _guide().remembers(page.file.src_uri) else markdown


def on_page_content(html: str, *, page: MkDocsPage, config: MkDocsConfig, files: Files) -> str:
    told = _guide().after_page(page.file.src_uri, page.url, html, page.toc)
    page.toc, page.meta["sources"] = told.contents, told.text.sources
    return told.html


def on_env(env: Any, *, config: MkDocsConfig, files: Files) -> None:
    config.extra.update(_guide().all_read())


def on_post_template(output: str, *, template_name: str, config: MkDocsConfig) -> str:
    return _guide().finish_page(output, template_name) if template_name == "404.html" else output


def on_post_page(output: str, *, page: MkDocsPage, config: MkDocsConfig) -> str:
    return _guide().finish_page(output, page.file.dest_uri)


def on_post_build(*, config: MkDocsConfig) -> None:
    try:
        lines = _guide().finish_site(Path(config.site_dir))
    except FaultsFound as found:
        _tell(found)
        if not _state["serving"]:  # the preview shows the page all the same
            raise Abort(f"{len(found.faults)} to mend. Nothing was published.") from None
        return
    _report([], lines)
    for line in lines:
        log.info(line)


def _report(faults: list[Fault], lines: list[str]) -> None:
    """Hand on what became of the build to the command that started it (cli.py)."""
    if path := os.environ.get("IOP_GUIDE_REPORT"):
        Path(path).write_text(json.dumps({"faults": [asdict(fault) for fault in faults], "lines": lines}), "utf-8")


def _tell(found: FaultsFound) -> None:
    _report(found.faults, [])
    for fault in found.faults:
        log.error(str(fault))
