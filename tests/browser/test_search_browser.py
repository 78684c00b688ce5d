"""The search page as a reader meets it: what is found, what is said, and what never leaves the page."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from iop_guide import search
from search_sites import decode_postings, decode_words, serving, synthetic_guide, write_site

pytestmark = pytest.mark.browser

PAGES = [
    {"location": "", "title": "Home", "description": "Plain help on intensive outpatient programs.", "section": ""},
    {
        "location": "cost/",
        "title": "What it costs",
        "description": "What you may pay, and who can help.",
        "section": "Cost",
    },
    {
        "location": "families/",
        "title": "For families",
        "description": "How to help someone you love.",
        "section": "Families",
    },
    {
        "location": "week/",
        "title": "A week in a program",
        "description": "Days, hours and sessions.",
        "section": "Inside",
    },
    {"location": "safe/", "title": "Staying safe", "description": "When danger is near.", "section": "Inside"},
]
RENDERED = {
    "": "<p>Care while you live at home.</p>",
    "cost/": "<p>Insurance often pays for a part.</p>"
             '<h2 id="bill">What is on a bill?</h2><p>Ask for the price first.<sup>1</sup> Fees &amp; rooms.</p>',
    "families/": "<p>You did not cause this.</p>"
                 '<h2 id="say">What can I say?</h2><ul><li>I am here</li><li>Tell me more</li></ul>',
    "week/": '<p>Three evenings of group therapy.</p><h2 id="hours">How many hours?</h2><p>' + "Some programs meet in the morning. " * 30
             + "Many meet in the evening, after work. " + "Others meet at noon. " * 30 + "</p>",
    "safe/": "<p>Thoughts of suicide can be spoken about with therapists.</p>",
}  # fmt: skip
WORDS: dict[str, Any] = {
    "synonyms": [["cost", "price", "afford", "money"], ["partner", "husband", "wife"], ["day program", "program"], ["from home", "virtual"]],
    "danger": ["suicide", "kill myself", "end my life", "overdose", "hits me", "cutting", "die"],
}  # fmt: skip
TERMS = [{"term": "copay", "also": ["co-payment"], "meaning": "What you pay at each visit.", "url": "cost/"}]
LINES: list[dict[str, Any]] = [
    {"id": "988", "name": "988 Lifeline", "for": "Anyone in distress.", "ways": [{"kind": "call", "href": "tel:988", "label": "Call 988"}]},
    {"id": "911", "name": "911", "for": "A life is in danger.", "ways": [{"kind": "call", "href": "tel:911", "label": "Call 911"}]},
    {"id": "home", "name": "Violence Hotline", "for": "Anyone hurt by a partner.", "ways": [{"kind": "call", "href": "tel:1", "label": "Call"}]},
]  # fmt: skip


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[str]]]:
    """A guide of five pages, served; gives its address and what was asked of the server."""
    folder = tmp_path_factory.mktemp("small")
    write_site(folder, RENDERED, PAGES, WORDS, TERMS, LINES)
    with serving(folder) as served:
        yield served


@pytest.fixture
def opened(small: tuple[str, list[str]], browser: Browser) -> Iterator[Page]:
    """The search page of the small guide; the test fails if the browser complained of anything."""
    page = browser.new_page()
    complaints: list[str] = []
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    small[1].clear()
    page.goto(small[0] + "search/", wait_until="networkidle")
    yield page
    page.close()
    assert not [text for text in complaints if "ERR_FAILED" not in text]


def wait_until_loaded(page: Page) -> None:
    """Wait until the index and the one file of texts are here and read."""
    # Not wait_for_function: it evaluates text, which the page's policy forbids.
    count = "performance.getEntriesByType('resource').filter((e) => e.name.endsWith('.json') && e.responseEnd).length"
    for _ in range(200):
        if page.evaluate(count) > 1:
            break
        page.wait_for_timeout(25)
    page.wait_for_timeout(50)


def ask(page: Page, words: str) -> list[str]:
    """Type into the field and return the titles of the pages found."""
    if page.locator("#search-field").input_value() == "":
        page.locator("#search-field").fill("e")  # the first key loads what the search needs
        wait_until_loaded(page)
    page.locator("#search-field").fill(words)
    return page.locator(".search-result-title").all_inner_texts()


def test_a_page_is_found_by_its_words_their_endings_a_wrong_letter_and_words_that_mean_the_same(opened: Page) -> None:
    for words, first in {
        "families": "For families",
        "family": "For families",
        "famliy": "For families",
        "famili": "For families",
        "insured": "What it costs",
        "insurence": "What it costs",
        "affordable": "What it costs",
        "money": "What it costs",
        "evening": "A week in a program",
        "will it be in the evenings": "A week in a program",
        "therapist suicide": "Staying safe",
        "husband bill": "What it costs",
    }.items():
        assert ask(opened, words)[:1] == [first], words
    for nothing in ("", " ", "zzzzzz", "?!", "<b>", "\\", "i", "(["):
        assert ask(opened, nothing) == [], nothing


def test_a_result_shows_its_section_and_a_snippet_with_the_words_marked(opened: Page) -> None:
    ask(opened, "work in the evenings")
    item = opened.locator(".search-results > li").first
    expect(item.locator("[data-place]")).to_have_attribute("href", opened.url.replace("search/", "week/#hours"))
    expect(item.locator("[data-page]")).to_have_attribute("href", opened.url.replace("search/", "week/"))
    snippet = item.locator("[data-snippet]")
    expect(snippet).to_contain_text("Many meet in the evening, after work.")
    assert snippet.locator("mark").all_inner_texts() == ["evening", "work"]
    assert len(snippet.inner_text().split()) < 45
    ask(opened, "fees rooms")
    expect(opened.locator("[data-snippet]").first).to_have_text("Ask for the price first. Fees & rooms.")
    ask(opened, "from home")  # also known as "virtual", but "home" alone is not
    assert "Home" in opened.locator("[data-page]").all_inner_texts()
    ask(opened, "day program")
    assert {"program", "programs"} <= set(opened.locator("mark").all_inner_texts())
    ask(opened, "tell")
    expect(opened.locator("[data-snippet]").first).to_have_text("I am here; Tell me more")


def test_what_is_fetched_never_depends_on_what_is_typed(small: tuple[str, list[str]], opened: Page) -> None:
    address, asked = small
    assert not [path for path in asked if path.endswith(".json")], "nothing of the search before it is used"
    fetched = []
    for words in ("suicide", "evening", "xyzzyx"):
        asked.clear()
        opened.goto("about:blank")
        opened.goto(address + "search/", wait_until="networkidle")
        opened.locator("#search-field").press_sequentially(words)
        wait_until_loaded(opened)
        fetched.append([path for path in asked if ".json" in path])
    assert fetched[0] == fetched[1] == fetched[2]
    assert fetched[0][0] == "/search/index.json" and len(fetched[0]) == 2


def test_nothing_typed_reaches_an_address_the_history_or_storage(small: tuple[str, list[str]], opened: Page) -> None:
    address, asked = small
    before = opened.evaluate("history.length")
    opened.locator("#search-field").press_sequentially("kill myself evening")
    opened.locator("#search-field").press("Enter")
    wait_until_loaded(opened)
    assert opened.url == address + "search/"
    kept = opened.evaluate(
        """async () => [history.length, localStorage.length, sessionStorage.length, document.cookie, history.state,
        (await indexedDB.databases()).length, (await caches.keys()).length, document.forms.length]"""
    )
    assert kept == [before, 0, 0, "", None, 0, 0, 0]
    links = opened.locator("a").evaluate_all("links => links.map((link) => link.href)")
    for text in [*links, *asked]:  # the path of the page that answers "evening" is "week/"
        assert "?" not in text and "kill" not in text and "evening" not in text
    field = opened.locator("#search-field")
    for name, value in {"autocomplete": "off", "spellcheck": "false", "name": None}.items():
        assert field.get_attribute(name) == value
    opened.reload()
    assert field.input_value() == ""


def test_danger_shows_the_help_lines_first_and_still_the_pages(opened: Page) -> None:
    box = opened.locator("[data-danger]")
    for words in (
        "suicide",
        "sucide",
        "suici",
        "i want to kill myself",
        "kill just myself",
        "Overdosed",
        "to end my life",
        "die",
    ):
        ask(opened, words)
        assert box.is_visible(), words
        assert [line.get_attribute("data-line") for line in box.locator("[data-line]:visible").all()] == ["988", "911"]
        if "suic" in words:
            assert "Staying safe" in opened.locator(".search-result-title").all_inner_texts()
            assert box.bounding_box()["y"] < opened.locator(".search-results").bounding_box()["y"]  # type: ignore[index]
    for words in (
        "evening",
        "diet",
        "cut costs",
        "decide",
        "inside",
        "end of my week",
        "my life",
        "kill",
        "skill myself",
        " ",
    ):
        ask(opened, words)
        assert not box.is_visible(), words


def test_danger_shows_the_line_that_fits(opened: Page) -> None:
    ask(opened, "my husband hits me")
    shown = opened.locator("[data-danger] [data-line]:visible").all()
    assert [line.get_attribute("data-line") for line in shown] == ["988", "911", "home"]


def test_the_count_is_said_once_after_typing_has_paused(opened: Page) -> None:
    opened.evaluate(
        """() => { window.said = []; new MutationObserver(() => window.said.push(document.querySelector("[role=status]").textContent))
        .observe(document.querySelector("[role=status]"), { childList: true, characterData: true, subtree: true }); }"""
    )
    opened.locator("#search-field").press_sequentially("evening", delay=30)
    expect(opened.locator("[role=status]")).to_have_text("1 page found.")
    opened.wait_for_timeout(300)
    assert [text for text in opened.evaluate("window.said") if text] == ["1 page found."]
    opened.locator("#search-field").fill("suicide")
    expect(opened.locator("[role=status]")).to_have_text("Help lines are shown first. 1 page found.")
    opened.locator("#search-field").fill("zzzzzz")
    expect(opened.locator("[role=status]")).to_contain_text("No pages found.")


def test_arrows_walk_the_results_and_tab_still_works(opened: Page) -> None:
    assert len(ask(opened, "program")) > 1
    focused = "document.activeElement.textContent"
    opened.keyboard.press("ArrowDown")
    assert opened.evaluate(focused) == opened.locator("[data-page]").nth(0).text_content()
    opened.keyboard.press("ArrowDown")
    assert opened.evaluate(focused) == opened.locator("[data-page]").nth(1).text_content()
    opened.keyboard.press("ArrowUp")
    opened.keyboard.press("ArrowUp")
    assert opened.evaluate("document.activeElement.id") == "search-field"
    opened.keyboard.press("Tab")
    assert opened.evaluate("document.activeElement.matches('[data-page]')")


def test_without_script_the_page_is_a_list_from_a_to_z(small: tuple[str, list[str]], browser: Browser) -> None:
    page = browser.new_page(java_script_enabled=False)
    page.goto(small[0] + "search/")
    expect(page.locator("#search-field")).to_be_disabled()
    assert [link.inner_text() for link in page.locator(".a-to-z-entries a").all()] == [
        "co-payment", "copay", "For families", "Home", "Staying safe", "A week in a program", "What it costs",
    ]  # fmt: skip
    assert "The list below has every page" in page.content()  # in a noscript, which this way of switching off hides
    page.close()


def test_a_search_that_cannot_be_loaded_says_so_and_tries_again(small: tuple[str, list[str]], opened: Page) -> None:
    opened.route("**/index.json", lambda route: route.abort())
    opened.locator("#search-field").press_sequentially("evening")
    expect(opened.locator("[role=status]")).to_contain_text("could not be loaded")
    opened.unroute("**/index.json")
    opened.locator("#search-field").press_sequentially("s")
    expect(opened.locator(".search-result-title")).to_have_text(["A week in a program"])


def test_the_script_cuts_words_and_reads_the_index_as_python_does(small: tuple[str, list[str]], opened: Page) -> None:
    rendered, pages = synthetic_guide(pages=12)
    known = sorted({word for html in [*rendered.values(), *RENDERED.values()] for word in search._WORD.findall(html)})
    known += [
        "Amélie\u2019s",
        "DON'T",
        "straße",
        "İzmir",
        "\u212aelvin",
        "½",
        "naïve",
        "Ωμέγας",
        "x\u00b2",
        "co\u00f6peration",
        "a\u030a",
    ]
    made = search.files(rendered, WORDS["synonyms"], WORDS["danger"], pages, TERMS)
    raw = json.loads(made[search.INDEX])
    said = opened.evaluate(
        """async ([words, raw]) => {
            const { normal, makeStemmer, readIndex } = await import("../assets/search.js");
            const stem = makeStemmer(raw.steps);
            const index = readIndex(raw);
            return [words.map((word) => normal(word)), words.map((word) => stem(normal(word))), index.vocabulary,
                index.postings.map(({ pages, weights }) => [...pages].map((page, n) => [page, Math.round(weights[n] * 100)]))];
        }""",
        [known, raw],
    )
    assert said[0] == [search.normal(word) for word in known]
    assert said[1] == [search.stem(search.normal(word)) for word in known]
    assert said[2] == decode_words(raw["words"])
    weights = [round(weight * 100) for weight in raw["weights"]]
    postings = decode_postings(raw["counts"], raw["postings"], raw["levels"])
    assert said[3] == [[[page, weights[level]] for page, level in places.items()] for places in postings]


def distance(one: str, other: str) -> int:
    """How many letters differ: added, left out, changed, or two neighbors exchanged (optimal string alignment)."""
    table = [[max(i, j) if not (i and j) else 0 for j in range(len(other) + 1)] for i in range(len(one) + 1)]
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            same = one[i - 1] == other[j - 1]
            table[i][j] = min(table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + (not same))
            if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
                table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1)
    return table[-1][-1]


def test_one_wrong_letter_is_what_the_textbook_says(opened: Page) -> None:
    chance = random.Random(7)
    pairs = [["".join(chance.choices("ab c"[:3], k=chance.randint(1, 6))) for _ in "12"] for _ in range(4000)]
    said = opened.evaluate(
        """async (pairs) => { const { nearly } = await import("../assets/search.js");
        return pairs.map(([one, other]) => [nearly(one, other), nearly(one, other, true)]); }""",
        pairs,
    )
    for (one, other), (whole, beginning) in zip(pairs, said, strict=True):
        assert whole == (distance(one, other) <= 1), (one, other)
        assert beginning == any(distance(one, other[:end]) <= 1 for end in range(len(other) + 1)), (one, other)


# What people may type, and a page that must be among the first three; where several answer, one of them.
# Add a line when a search disappoints.
EXPECTED = {
    "what is an iop": "What is an IOP?",
    "intensive outpatient": "What is an IOP?",
    "how do i start": "What is an IOP?|The first call",
    "iop vs php": "Levels of care",
    "day program": "Levels of care",
    "residential rehab": "Levels of care",
    "inpateint": "Levels of care",
    "does it work": "Does it work?",
    "success rate": "Does it work?",
    "how many people drop out": "Does it work?",
    "evening schedule": "A week in an IOP",
    "how many hours a week": "A week in an IOP",
    "teen after school": "Teens and young adults",
    "can i keep working": "daily life|Keeping your life",
    "childcare": "daily life|child care",
    "grop therpay": "Group therapy",
    "do i have to talk in group": "Group therapy",
    "is it confidential": "Group therapy|Privacy in groups|privacy",
    "my husband won't go": "When they refuse",
    "what can i say to my son": "What to say",
    "alcohol withdrawal": "another kind of care",
    "detox": "another kind of care",
    "hearing voices": "another kind of care",
    "depresion": "depression",
    "anxeity": "anxiety",
    "ptsd": "trauma",
    "medication side effects": "Medication",
    "relapse": "Setbacks|Return to use",
    "what happens when i call 988": "Help now",
    "will they send the police": "Help now",
    "who wrote this": "How this guide is made",
    "can i bring my baby": "Pregnancy and after",
    "i shared a needle what do i do": "Alcohol and drug use",
    "he is on meth and sees people in the walls": "another kind of care",
    "can i drink on my antidepressant": "Medication",
    "my ex wants to use this against me for custody": "daily life",
    "does it show on a background check": "daily life",
    "i have a crush on my therapist": "care team",
    "someone in my group is recording us": "Group therapy",
    "my teen ran away": "Teens and young adults",
    "my daughter is 19 and they wont tell me anything": "privacy",
    "insurance denied my iop what do i do": "how to appeal",
    "will my kids put me in a home if i tell them im depressed": "Older adults",
    "can i get fired for going to iop": "Changes at work",
    "who watches my kids while im in group": "child care",
    "will they use my name and pronouns in group": "LGBTQ+",
    "they want my daughter to sign for me in therapy": "Interpreters",
    "does clinic tell ice about me": "No papers?",
    "im a nurse and my patients might be in my group": "health workers",
    "nearest program is 2 hours away": "Far from any program",
    "firefighter cant sleep after bad calls": "firefighters",
    "cost": "What does an IOP cost",
    "the tv is talking to me": "psychosis|Psychosis",
    "gambling iop is that a thing": "Is an IOP right for me",
    "they gave me percs after surgery now i cant stop": "Alcohol and drug use",
    "i check the stove 50 times is there a program for that": "OCD",
    "will my PO find out if i pee dirty": "Courts|courts",
    "i sleep in my car can i still go": "Without a safe home",
    "my husband died and i dont want to get up anymore": "depression",
    "do they feed you": "Your first day",
    "my deductible is 6000 help": "insurance",
    "can i call and ask how my son is doing hes 22": "Family sessions",
    "grandbaby lives with me who signs": "Who decides",
}


@pytest.fixture(scope="module")
def guide(site: Path, browser: Browser) -> Iterator[Page]:
    """The search page of the guide itself, ready to answer."""
    with serving(site) as (address, _):
        page = browser.new_page()
        page.goto(address + "search/", wait_until="networkidle")
        ask(page, "iop")
        yield page
        page.close()


def test_what_people_type_finds_the_page_that_answers(guide: Page) -> None:
    missed = {}
    for words, title in EXPECTED.items():
        found = ask(guide, words)[:3]
        if not any(part in text for part in title.split("|") for text in found):
            missed[words] = found
    assert not missed


def test_every_link_of_the_search_page_leads_somewhere(guide: Page, site: Path) -> None:
    ask(guide, "program")
    root = guide.url.removesuffix("search/")
    paths = {
        str(link).partition("#")[0]
        for link in guide.locator("main a").evaluate_all("links => links.map((link) => link.href)")
    }
    for path in paths:
        if path.startswith(root):
            assert (site / path.removeprefix(root) / "index.html").is_file(), path


def test_danger_shows_the_real_lines_first(guide: Page) -> None:
    shown = guide.locator("[data-danger] [data-line]:visible")
    for words, fitting in {
        "suicide": [],
        "veteran suicidal": ["veterans"],
        "pregnant and want to die": ["maternal"],
    }.items():
        ask(guide, words)
        ids = [line.get_attribute("data-line") for line in shown.all()]
        assert ids[:2] == ["988", "911"] and set(fitting) <= set(ids) and len(ids) <= 5, words
    assert guide.locator("[data-danger] a[href='tel:988']").first.is_visible()
