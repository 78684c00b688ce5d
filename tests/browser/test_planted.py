"""The checks of test_pages.py see what they look for: each is given a small page with one fault, and a sound one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import browser_checks as checks
from browser_checks import AXE, PHONE, OpenPage, Served, Tab, end_axe, header_rules, serving, start_axe

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
STYLE = """\
:root { color-scheme: light dark; --ink: #111; --paper: #fff }
@media (prefers-color-scheme: dark) { :root { --ink: #eee; --paper: #111 } }
* { box-sizing: border-box }
body { margin: 0; font: 18px/1.6 sans-serif; background: var(--paper); color: var(--ink); overflow-wrap: break-word }
a, button { color: inherit } .term { font: inherit; background: none; border: 0; padding: 0 } :focus-visible { outline: 3px solid var(--ink) } main:focus { outline: 0 }
.help-line-top a, .sections a, summary { display: inline-block; min-height: 44px; min-width: 44px; padding: 8px }
summary { list-style: none; border: 1px solid }
.menu:not([open]) + .sections { display: none }
.skip { position: absolute; top: -99px } .skip:focus { top: 0; background: var(--paper); padding: 12px }
@media print { :root { --ink: #000; --paper: #fff } header, .skip { display: none } a::after { content: " (" attr(href) ")" } }
"""
SCRIPT = """\
const menu = document.querySelector(".menu");
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && menu.open) { menu.open = false; menu.firstElementChild.focus(); }
});
"""
HELP = """\
<aside class="help-line-top" aria-label="Help"><a href="tel:988">Call 988</a> or <a href="sms:988">text 988</a>
<a href="tel:911">Call 911</a><a class="skip" href="#main">Skip</a></aside>"""
MENU = """\
<header><details class="menu"><summary>Menu</summary></details>
<nav class="sections" aria-label="Sections"><a href="/one">One</a><a href="/two">Two</a></nav></header>"""
MAIN = """\
<h1>A page</h1><p>A sentence with <a href="/three">a link</a> and <button class="term" popovertarget="t">a word</button>.</p>
<div id="t" popover>What it means.</div>"""
SOUND = (HELP, MENU, MAIN)


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("planted")
    (folder / "style.css").write_text(STYLE, "utf-8")
    (folder / "script.js").write_text(SCRIPT, "utf-8")
    with serving(folder) as served:
        yield served


Plant = Callable[..., Tab]


@pytest.fixture(scope="module")
def plant(field: Served, open_tab: OpenPage) -> Plant:
    """Open a page made of these parts. `late` runs in it as if a script of the site had done it."""
    tabs = {True: open_tab(field), False: open_tab(field, bypass_csp=True)}
    tabs[False].page.context.add_init_script(AXE)
    count = 0

    def open_it(help_line: str = HELP, menu: str = MENU, main: str = MAIN, *, head: str = "", css: str = "", late: str = "",
                policy: bool = True) -> Tab:  # fmt: skip
        nonlocal count
        count += 1
        (field.folder / f"{count}.css").write_text(css, "utf-8")
        meta = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">' if policy else ""
        html = (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8">{meta}'
            '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,"><title>A page</title>'
            f'<link rel="stylesheet" href="/style.css"><link rel="stylesheet" href="/{count}.css"><script src="/script.js" defer></script>'
            f'{head}</head><body>{help_line}{menu}<main id="main" tabindex="-1">{main}</main></body></html>'
        )
        (field.folder / f"{count}.html").write_text(html, "utf-8")
        tab = tabs[policy]
        tab.page.context.clear_cookies()
        tab.window(PHONE)
        tab.go(f"{count}.html")
        if late:
            tab.page.evaluate(late)
            tab.settle()
        return tab

    return open_it


def walk(tab: Tab) -> list[str]:
    tab.page.evaluate("document.querySelector('.menu').open = true")
    return checks.keyboard(tab)


def focus(tab: Tab) -> list[str]:
    tab.page.evaluate("document.querySelector('.menu').open = true")
    return checks.focus(tab)


def axe(tab: Tab) -> list[str]:
    """What axe finds when it judges every text, which must be what it finds when it judges one text of each kind."""
    start_axe(tab.page)
    found = {one.partition(",")[0] for one in end_axe(tab.page)}
    start_axe(tab.page, kinds=tab.ask("textKinds()"))
    assert {one.partition(",")[0] for one in end_axe(tab.page)} == found
    return sorted(found)


CHECKS: dict[str, Callable[[Tab], list[str]]] = {
    "quiet": checks.quiet, "foreign": checks.foreign, "kept": checks.kept, "weight": lambda tab: checks.weight(tab)[1],
    "help": checks.help_first, "keyboard": walk, "focus": focus, "skip": checks.skip_link, "menu": checks.menu, "terms": checks.terms,
    "paper": checks.paper, "room": checks.room, "sizes": checks.sizes, "wishes": checks.wishes,
    "shift": lambda tab: list(tab.ask("seen.shifts")),
}  # fmt: skip


@pytest.mark.parametrize("check", CHECKS)
def test_a_sound_page_has_no_faults(plant: Plant, check: str) -> None:
    assert CHECKS[check](plant()) == []


def test_a_sound_page_has_no_faults_for_axe(plant: Plant) -> None:
    assert axe(plant(policy=False)) == []


LONG = "Unbreakableword" * 9
FAULTS = {
    "inline script": ("quiet", {"main": MAIN + "<script>1</script>"}, "script-src"),
    "inline style": ("quiet", {"main": '<h1 style="color: red">A page</h1>'}, "style-src"),
    "text as script": ("quiet", {"late": "setTimeout(() => { document.querySelector('h1').innerHTML = 'x' })"}, "TrustedHTML"),
    "console warning": ("quiet", {"late": "console.warn('hm')"}, "hm"),
    "script error": ("quiet", {"late": "setTimeout(() => { throw new Error('oh') })"}, "oh"),
    "missing file": ("quiet", {"main": MAIN + '<img src="/none.png" alt="">'}, "404"),
    "blocked foreign picture": ("quiet", {"main": MAIN + '<img src="https://example.com/a.png" alt="">'}, "img-src"),
    "foreign picture": ("foreign", {"main": MAIN + '<img src="https://example.com/a.png" alt="">', "policy": False}, "example.com"),
    "foreign letter": ("foreign", {"css": "@font-face { font-family: F; src: url(https://example.com/f.woff2) } h1 { font-family: F }",
                                   "policy": False}, "example.com"),
    "cookie": ("kept", {"late": "document.cookie = 'a=1; max-age=60'"}, "a cookie"),
    "local storage": ("kept", {"late": "localStorage.a = 1; setTimeout(() => 0)"}, "local storage"),
    "session storage": ("kept", {"late": "sessionStorage.a = 1"}, "session storage"),
    "database": ("kept", {"late": "new Promise((done) => indexedDB.open('d').onsuccess = done).then(() => 0)"}, "a database"),
    "many requests": ("weight", {"head": "".join(f'<script src="/script.js?{n}" type="text/plain"></script><link rel="stylesheet" '
                                                 f'href="/style.css?{n}">' for n in range(3))}, "requests"),
    "late picture": ("shift", {"late": "setTimeout(() => { const box = document.createElement('p'); box.textContent = 'Late words here';"
                               " document.querySelector('main').prepend(box) }, 50); new Promise((done) => setTimeout(done, 300))"}, "moved"),
    "help after title": ("help", {"help_line": "", "main": "<h1>A page</h1>" + HELP}, "after the title"),
    "help scrolled away": ("help", {"css": "aside { padding-top: 800px }"}, "not seen without scrolling at 320 x 568"),
    "help covered": ("help", {"css": "main { position: fixed; inset: 0; background: #fff }"}, "not seen"),
    "no way to text": ("help", {"help_line": HELP.replace("sms:988", "/sms")}, "there is no link sms:988"),
    "focus trap": ("keyboard", {"late": "document.querySelectorAll('main a, main button').forEach((one) => one.addEventListener('keydown',"
                                " (event) => { if (event.key === 'Tab') { event.preventDefault();"
                                " document.querySelector('main a').focus() } }))"}, "Tab"),
    "focus on hidden": ("keyboard", {"css": "main a { opacity: 0 }"}, "something hidden"),
    "no focus ring": ("keyboard", {"css": ":focus-visible { outline: 0 !important }"}, "cannot be seen"),
    "faint focus ring": ("keyboard", {"css": ":focus-visible { outline-color: #ccc }"}, "too faint"),
    "covered focus": ("keyboard", {"css": "header { position: fixed; top: 0; z-index: 9; height: 500px; width: 100%; background: #fff }"},
                      "covered"),
    "other order": ("keyboard", {"main": '<a href="/four" tabindex="3">four</a>' + MAIN}, "another way"),
    "focus refused": ("focus", {"late": "document.querySelector('main a').addEventListener('focus', (event) => event.target.blur())"},
                      "does not take the focus"),
    "hidden without keyboard": ("focus", {"css": "main a { opacity: 0 }"}, "something hidden"),
    "no ring without keyboard": ("focus", {"css": ":focus-visible { outline: 0 !important }"}, "cannot be seen"),
    "faint ring without keyboard": ("focus", {"css": ":focus-visible { outline-color: #ccc }"}, "too faint"),
    "covered without keyboard": ("focus", {"css": "header { position: fixed; top: 0; z-index: 9; height: 500px; width: 100%; background: #fff }"},
                                 "covered"),
    "other order without keyboard": ("focus", {"main": '<a href="/four" tabindex="3">four</a>' + MAIN}, "another way"),
    "skip link to nowhere": ("skip", {"help_line": HELP.replace("#main", "#none")}, "does not take"),
    "no skip link": ("skip", {"help_line": HELP.replace('class="skip"', "")}, "does not reach"),
    "menu ignores Escape": ("menu", {"late": "addEventListener('keydown', (event) => event.stopImmediatePropagation(), true)"}, "Escape"),
    "menu ignores Enter": ("menu", {"css": ".sections { display: none !important }"}, "Enter"),
    "menu far from its links": ("menu", {"menu": MENU.replace("</header>", "").replace("<nav", '<a href="/x">x</a><nav') + "</header>",
                                         "css": ".menu[open] ~ nav { display: block } .menu:not([open]) ~ nav { display: none }"}, "first link"),
    "term without note": ("terms", {"main": MAIN.replace(" popover>", ">")}, "does not open"),
    "term that stays": ("terms", {"main": MAIN.replace(" popover>", ' popover="manual">')}, "does not close"),
    "term cut off": ("terms", {"css": "#t { position: fixed; left: 300px; width: 300px; margin: 0 }"}, "not seen whole"),
    "no help on paper": ("paper", {"css": "@media print { aside { display: none } }"}, "988 is not at the top"),
    "menu on paper": ("paper", {"css": "@media print { header { display: block !important } }"}, "on paper there is a summary"),
    "address not on paper": ("paper", {"main": MAIN + '<a href="https://example.com/x">x</a>',
                                       "css": "@media print { a::after { content: none !important } }"}, "not written out"),
    "closed on paper": ("paper", {"main": MAIN + "<details><summary>More</summary><p>Hidden words</p></details>"}, "stays closed"),
    "gray on paper": ("paper", {"css": "h1 { color: #888 }"}, "not black"),
    "dark paper": ("paper", {"css": "@media print { @media (prefers-color-scheme: dark) { p { background: #222 } } }"}, "dark: not on white"),
    "wide page": ("room", {"css": "h1 { width: 420px }"}, "320 x 568: the page is"),
    "long word": ("room", {"main": f"<h1>{LONG}</h1>", "css": "h1 { overflow-wrap: normal }"}, "wider than"),
    "text cut off": ("room", {"css": "p { overflow: hidden; height: 1em }"}, "cut off"),
    "text on text": ("room", {"css": "p { margin-top: -3.4em }"}, "text lies on text"),
    "no room for wider letters": ("room", {"css": "p { height: 1.7em; overflow: hidden }"}, "letters wider"),
    "small text": ("sizes", {"css": "p { font-size: 15px }"}, "15.0 px"),
    "small text in a picture": ("sizes", {"main": MAIN + '<svg viewBox="0 0 700 100" width="350"><text y="50" font-size="20">Hi</text></svg>'},
                                "390 px wide: 10.0 px"),
    "low button": ("sizes", {"main": MAIN + "<button>Press</button>"}, "lower than 44 px"),
    "narrow menu link": ("sizes", {"css": ".help-line-top a { padding: 8px 0; min-width: 0; width: 30px; overflow: hidden }"}, "narrower"),
    "covered button": ("sizes", {"css": ".help-line-top a { margin-bottom: -30px } header { position: relative }"}, "lower than 44 px"),
    "weak text with more contrast": ("wishes", {"css": "h1 { color: #999 }"}, "more contrast"),
    "movement": ("wishes", {"css": "a { transition: color 1s }"}, "moves"),
    "smooth scrolling": ("wishes", {"css": "html, body { scroll-behavior: smooth }"}, "moves"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_seen(plant: Plant, fault: str) -> None:
    check, parts, words = FAULTS[fault]
    found = CHECKS[check](plant(**parts))  # type: ignore[arg-type]
    assert any(words in one for one in found), found


@pytest.mark.parametrize(
    ("main", "css", "rule"),
    [
        (MAIN + '<img src="data:,">', "", "image-alt"),
        (MAIN + '<a href="/x"></a>', "", "link-name"),
        (MAIN + "<h4>Jump</h4>", "", "heading-order"),
        (MAIN, "p { color: #999 }", "color-contrast"),
        (MAIN + '<p class="b">More.</p>', ".b { background: #555 }", "color-contrast"),
        (MAIN + '<div class="b"><p>More.</p></div>', ".b { opacity: .4 }", "color-contrast"),
        (MAIN, "main a { color: #1c1c1c; text-decoration: none }", "link-in-text-block"),
        (MAIN, "@media (prefers-color-scheme: dark) { p { color: #444 } }", "color-contrast"),
    ],
)
def test_axe_sees_a_planted_fault(plant: Plant, main: str, css: str, rule: str) -> None:
    tab = plant(main=main, css=css, policy=False)
    found = axe(tab)
    if "dark" in css:
        assert not found
        tab.page.emulate_media(color_scheme="dark")
        found = axe(tab)
        tab.page.emulate_media(color_scheme="light")
    assert any(one.startswith(rule) for one in found), found


def test_headers_are_read_as_hosts_read_them(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("x")
    served = Served(tmp_path, rules=header_rules("# all\n/*\n  X-One: 1\n  X-Two: a: b\n/fonts/*\n  X-One: 2\n"))
    assert served.headers("/a.html") == {"X-One": "1", "X-Two": "a: b"}
    assert served.headers("/fonts/f") == {"X-One": "2", "X-Two": "a: b"}


@pytest.mark.parametrize(("seen", "faults"), [([[], ["b"]], []), ([["a"], []], []), ([["a"], ["b"]], ["b"])])
def test_what_moves_twice_is_a_fault(plant: Plant, monkeypatch: pytest.MonkeyPatch, seen: list[list[str]], faults: list[str]) -> None:
    tab, answers = plant(), iter(seen)
    monkeypatch.setattr(tab, "ask", lambda call: next(answers))
    assert checks.shifts(tab, "1.html") == faults
