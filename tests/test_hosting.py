"""Hosting: a real nginx with the sample of ours, the header files, the workflow, and what a clinic hands on."""

from __future__ import annotations

import argparse
import gzip
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
import yaml
from justhtml import JustHTML
from selectolax.lexbor import LexborHTMLParser

from iop_guide import share, stamp
from iop_guide.profile import Profile, load_profile

ROOT = Path(__file__).resolve().parents[1]
MAPLE = ROOT / "samples" / "maple-street" / "clinic.yml"
SAMPLE = ROOT / "samples" / "hosting" / "nginx.conf"
WORKFLOW = ROOT / ".github" / "workflows" / "publish-clinic-copy.yml"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/bin")


@pytest.fixture(scope="module")
def copy(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("hosted") / "copy"
    stamp.copy(site, load_profile(MAPLE), out)
    return out


# nginx, started for real.


@pytest.fixture(scope="module")
def server(copy: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An nginx that serves the copy below /iop-guide/, and something else at the top."""
    if not NGINX:
        pytest.skip("nginx is not installed here (Debian and Ubuntu: apt-get install nginx-light)")
    place = tmp_path_factory.mktemp("nginx")
    (place / "home").mkdir()
    (place / "home/index.html").write_text("the clinic's own site")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    sample = SAMPLE.read_text("utf-8").replace("/var/www/iop-guide/", f"{copy}/")
    (place / "nginx.conf").write_text(
        f"""\
{"user root;" if os.geteuid() == 0 else ""}
daemon off; worker_processes 1; pid {place}/pid; error_log {place}/error.log;
events {{}}
http {{
    access_log off; server_tokens off;
    client_body_temp_path {place}/a; proxy_temp_path {place}/b; fastcgi_temp_path {place}/c; uwsgi_temp_path {place}/d;
    scgi_temp_path {place}/e;
    types {{ text/html html; text/css css; application/javascript js; application/json json; image/svg+xml svg; font/woff2 woff2; }}
    server {{ listen 127.0.0.1:{port}; root {place}/home;
{sample}
    }}
}}
"""
    )
    process = subprocess.Popen([NGINX, "-p", str(place), "-c", str(place / "nginx.conf")], stderr=subprocess.PIPE, text=True)
    try:
        for _ in range(100):
            with socket.socket() as asking:
                if asking.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, process.stderr.read() if process.stderr else ""
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.communicate(timeout=10)


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def ask(address: str, **headers: str) -> tuple[int, Message, bytes]:
    """One request, redirects not followed: status, headers, body as it came."""
    request = urllib.request.Request(address, headers={name.replace("_", "-"): value for name, value in headers.items()})
    opener = urllib.request.build_opener(_Stay, urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=10) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def security(copy: Path) -> dict[str, str]:
    """The headers of `_headers` for every page: what a host must send."""
    lines = (copy / "_headers").read_text("utf-8").split("\n")
    block = lines[1 : next(n for n, line in enumerate(lines) if n and not line.startswith(" "))]
    return dict(line.strip().split(": ", 1) for line in block)


@pytest.mark.parametrize("path", ["", "families/", "our-program/", "info.html", "assets/guide.js", "assets/fonts/atkinson-next.woff2", "gone/"])
def test_nginx_sends_the_security_headers_with_everything(server: str, copy: Path, path: str) -> None:
    _, headers, _ = ask(f"{server}/iop-guide/{path}")
    wanted = security(copy)
    assert len(wanted) > 4 and {name: headers[name] for name in wanted} == wanted
    assert headers.get_all("Cache-Control") is not None and len(headers.get_all("Cache-Control") or []) == 1


def test_nginx_serves_pages_compressed_and_not_stale(server: str, copy: Path) -> None:
    status, headers, body = ask(f"{server}/iop-guide/families/", Accept_Encoding="gzip")
    assert status == 200 and headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers["Content-Encoding"] == "gzip" and gzip.decompress(body) == (copy / "families/index.html").read_bytes()
    assert headers["Cache-Control"] == "no-cache"
    assert ask(f"{server}/iop-guide/families/", If_None_Match=headers["ETag"])[0] == 304
    assert ask(f"{server}/iop-guide/assets/fonts/atkinson-next.woff2")[1]["Cache-Control"].endswith("immutable")
    calendar = next((copy / "our-program").glob("*.ics"))
    status, headers, body = ask(f"{server}/iop-guide/our-program/{calendar.name}")
    assert (status, headers["Content-Type"], body) == (200, "text/calendar; charset=utf-8", calendar.read_bytes())


def test_nginx_finds_the_sub_folder_the_error_page_and_nothing_else(server: str, copy: Path) -> None:
    assert (ask(f"{server}/iop-guide")[0], ask(f"{server}/iop-guide")[1]["Location"]) == (301, "/iop-guide/")
    assert ask(f"{server}/iop-guide/families")[1]["Location"] == "/iop-guide/families/"
    status, _, body = ask(f"{server}/iop-guide/no/such/page/")
    assert (status, body) == (404, (copy / "404.html").read_bytes()) and b'<base href="/iop-guide/">' in body
    for hidden in (".iop-guide", "_headers", "nginx-security-headers.conf"):
        assert ask(f"{server}/iop-guide/{hidden}")[0] == 404 and (copy / hidden).is_file()
    assert ask(f"{server}/")[2] == b"the clinic's own site"


def test_every_link_of_a_page_works_under_the_sub_folder(server: str, copy: Path) -> None:
    page = LexborHTMLParser((copy / "families/index.html").read_text("utf-8"))
    asked = {node.attributes["href"] or "" for node in page.css("a[href]")} | {node.attributes["src"] or "" for node in page.css("script[src]")}
    inside = {address.partition("#")[0] for address in asked if address.startswith(".")}
    assert len(inside) > 20
    assert {address: ask(urllib.request.urljoin(f"{server}/iop-guide/families/", address))[0] for address in inside} == dict.fromkeys(inside, 200)  # type: ignore[attr-defined]


def test_the_sample_changes_in_two_places_only() -> None:
    text = "\n".join(line for line in SAMPLE.read_text("utf-8").split("\n") if not line.startswith("#"))
    paths = re.findall(r"(?:^|\s)\^?(/\S+)", text)
    assert len(paths) > 8 and all(path.startswith(("/iop-guide", "/var/www/iop-guide/")) for path in paths)


# The workflow cannot run here. What can be known without GitHub is checked.


@pytest.fixture(scope="module")
def workflow() -> dict[str, Any]:
    text = WORKFLOW.read_text("utf-8").replace("\non:\n", "\n'on':\n")  # to YAML 1.1, on is true
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def steps(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def test_the_workflow_asks_for_no_more_rights_than_it_needs(workflow: dict[str, Any]) -> None:
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["jobs"]["build"]["permissions"] == {"contents": "read", "pages": "write"}
    assert workflow["jobs"]["publish"]["permissions"] == {"pages": "write", "id-token": "write"}
    uses = [step["uses"] for step in steps(workflow) if "uses" in step]
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", name) for name in uses), "only GitHub's own actions"
    assert "secrets." not in WORKFLOW.read_text("utf-8")


def test_no_words_from_outside_reach_a_shell(workflow: dict[str, Any]) -> None:
    for step in steps(workflow):
        assert "${{" not in step.get("run", ""), "an expression in a script is code"


def test_every_step_and_output_that_is_named_exists(workflow: dict[str, Any]) -> None:
    text = WORKFLOW.read_text("utf-8")
    ids = {step["id"] for step in steps(workflow) if "id" in step}
    assert set(re.findall(r"steps\.(\w+)\.", text)) == ids
    assert set(re.findall(r"needs\.(\w+)\.", text)) <= set(workflow["jobs"])
    names = [step["name"] for step in steps(workflow)]
    assert len(set(names)) == len(names)


def test_a_repository_without_a_clinic_does_nothing(workflow: dict[str, Any]) -> None:
    build = workflow["jobs"]["build"]["steps"]
    after = build[[step.get("id") for step in build].index("file") + 1 :]
    assert all(re.search(r"steps\.file\.outputs\.(there|publish) == 'yes'", step["if"]) for step in after)
    assert workflow["jobs"]["publish"]["if"] == "needs.build.outputs.publish == 'yes'"


def test_the_commands_of_the_workflow_are_ours_and_known(workflow: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command line is taken by the parser, to the last option."""
    from iop_guide import cli

    taken: list[list[str]] = []
    original = argparse.ArgumentParser.parse_args

    def parse(self: argparse.ArgumentParser, arguments: Any = None, namespace: Any = None) -> Any:
        given = original(self, arguments, namespace)
        taken.append(list(arguments))
        given.run = lambda _: 0
        return given

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parse)
    for step in steps(workflow):
        for line in step.get("run", "").splitlines():
            line = re.sub(r'\$\{ADDRESS:\+(.*?)\}', r"\1", line.strip()).replace('"', "")
            words = line.split()
            if words[:2] == ["python3", "scripts/build.py"]:
                assert cli.main(["build", *words[2:]]) == 0
            elif words[:1] == [".venv/bin/iop-guide"]:
                assert cli.main(words[1:]) == 0
    assert [words[:2] for words in taken] == [["build", "--clinic"], ["clinic", "check"], ["clinic", "check"]]


# One page in one file, and the card.

SMALL = dict(name="Ellis & <b>Sons</b>", phone="312-555-0199", address=["1 Main St", "Exampleton"])


@pytest.mark.parametrize("whose", ["neutral", "clinic", "no address"])
def test_info_html_stands_alone(site: Path, copy: Path, whose: str) -> None:
    html = {
        "neutral": lambda: (site / "info.html").read_text("utf-8"),
        "clinic": lambda: (copy / "info.html").read_text("utf-8"),
        "no address": lambda: stamp.fill((site / "info.html").read_text("utf-8"), Profile.model_validate(SMALL), "info.html"),
    }[whose]()
    assert len(html.encode()) <= share.MAX_INFO
    assert not JustHTML(html, collect_errors=True).errors
    page = LexborHTMLParser(html)
    assert not page.css("script, link, img[src], iframe, form, button, base") and "url(" not in html
    for link in page.css("a[href]"):
        assert re.match(r"(https://|tel:|sms:|#)", link.attributes["href"] or ""), link.html
    ids = {node.attributes["id"] for node in page.css("[id]")}
    assert {(link.attributes["href"] or "")[1:] for link in page.css('a[href^="#"]')} <= ids
    assert [link.attributes["href"] for link in page.css("a[href]")][:2] == ["tel:988", "sms:988"]
    assert page.css("svg") and page.css(".sources li") and "noindex" in html
    if whose == "no address":
        assert "Ellis &amp; &lt;b&gt;Sons&lt;/b&gt;" in html and "312-555-0199" in html
    if whose == "clinic":
        assert 'href="https://maple-street.example.org/iop-guide/"' in html


def test_what_is_handed_on_is_in_no_search_and_no_sitemap(copy: Path) -> None:
    sitemap = (copy / "sitemap.xml").read_text("utf-8")
    assert "/families/" in sitemap and not any(path in sitemap for path in share.LOOSE)
    assert not any(path.encode() in (copy / "search/index.json").read_bytes() for path in share.LOOSE)


def test_the_card_holds_only_what_editors_keep(copy: Path) -> None:
    page = LexborHTMLParser((copy / "link-card.html").read_text("utf-8"))
    shown, source = page.css_first(".contact-card"), page.css_first("pre code")
    assert shown and source
    pasted = LexborHTMLParser(source.text())
    assert {node.tag for node in pasted.css("body *")} == {"h3", "p", "ul", "li", "a", "strong"}
    assert {name for node in pasted.css("body *") for name in node.attributes} == {"href"}
    links = [node.attributes["href"] or "" for node in pasted.css("a")]
    assert all(re.match(r"https://maple-street\.example\.org/iop-guide/|tel:|sms:", link) for link in links)
    assert {"tel:988", "sms:988", "tel:911", "https://maple-street.example.org/iop-guide/"} <= set(links)
    assert shown.text().split() == (pasted.body.text().split() if pasted.body else [])
    for link in links:  # each leads to a page that is there
        if link.startswith("https:"):
            assert (copy / link.removeprefix("https://maple-street.example.org/iop-guide/") / "index.html").is_file()


def test_a_name_stays_text_in_the_card_and_in_its_source(site: Path) -> None:
    profile = Profile.model_validate(SMALL | {"site": "https://ellis.example.org/"})
    html = stamp.fill((site / "link-card.html").read_text("utf-8"), profile, "link-card.html")
    assert "Ellis &amp; &lt;b&gt;Sons&lt;/b&gt;" in html  # shown
    assert "Ellis &amp;amp; &amp;lt;b&amp;gt;Sons" in html  # to be copied: once more escaped
    nowhere = stamp.fill((site / "link-card.html").read_text("utf-8"), Profile.model_validate(SMALL), "link-card.html")
    assert "Set “site:” in your clinic.yml" in nowhere
