"""Each check that stops a build, seen to fail on its planted fault and to pass beside it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conftest import FRONT_MATTER, Check, Render
from iop_guide.evidence import Evidence
from iop_guide.faults import FaultsFound
from iop_guide.lint import Read, any_of, check_guide
from iop_guide.pages import FrontMatter, Page
from iop_guide.yamlfile import parse


def whats(check: Check, body: str) -> list[str]:
    return [str(fault) for fault in check(body)]


GOOD = """
You live at home.[@a01] It takes at least 9 hours a week.[@nine-hours]

## A heading

Many programs let you work.[@a02]

/// care-now | Call 911 now if:
- a life is in danger
///
"""


def test_a_good_page_has_no_faults(check: Check) -> None:
    assert check(GOOD) == []


@pytest.mark.parametrize(
    ("body", "line", "what"),
    [
        ("Text.\n\nNine.[@nothing-here]", 11, "there is no fact “nothing-here”"),
        ("It is so.[@a99]", 9, "there is no article claim “a99”"),
        ("Buy.[@a05]", 9, "the claim “a05” was dropped (it is advertising)"),
        ("So.[@a01; @a04; @a02] Many programs.", 9, "carries 3 claims"),
        ("It takes 9 hours.", 9, "“9” has no source"),
        ("It takes three hours.", 9, "“three” has no source"),
        ("Of them, 20% left.", 9, "“20%” has no source"),
        ("It costs $50.", 9, "“$50” has no source"),
        ("One in five left.", 9, "“One in five” has no source"),
        ("A third of people left.", 9, "“A third” has no source"),
        ("A quarter of people left.", 9, "“A quarter” has no source"),
        ("Two thirds left.", 9, "“Two thirds” has no source"),
        ("One third left.", 9, "“One third” has no source"),
        ("About three-fourths left.", 9, "“three-fourths” has no source"),
        ("Four out of five left.", 9, "“Four out of five” has no source"),
        ("Hundreds of people left.", 9, "“Hundreds of” has no source"),
        ("They were twice as likely to stay.", 9, "“twice as likely” has no source"),
        ("About ¾ of them left.", 9, "“¾” has no source"),
        ("It reaches 10k people.", 9, "“10k” has no source"),
        ("The risk was 3x higher.", 9, "“3x” has no source"),
        ("The price is $2024.[@nine-hours]", 9, "“$2024” stands in none of the facts cited"),
        ("Text.[^1]\n\n[^1]: About 90% left.", 11, "“90%” has no source"),
        ("Text.[^1]\n\n[^1]: So they say.[@nothing-here]", 11, "there is no fact “nothing-here”"),
        ("<div>About 90% of people left</div>", 9, "“About 90% of people left” stands in HTML"),
        ("![About 90% left](a.png)", 9, "“90%” stands in “About 90% left”, which cannot cite"),
        ('[Words](a.md "About 90% left")', 9, "“90%” stands in “About 90% left”, which cannot cite"),
        ('<span class="example">About 90% left.</span>', 9, "the class “example” belongs to the block"),
        ("About 90% left.\n{: .example }", 10, "the class “example” belongs to the block"),
        ("Text.[@nine-hours\nmore]", 9, "the citation “[@nine-hours” is not closed on its line"),
        ("![words [@nine-hours]](a.png)", 9, "a citation stands in “![words [@”, where it is not shown"),
        ("[@a04]\n\nThere are groups.", 9, "the citation of “a04” stands alone"),
        ("///care-soon| Call today\n- x\n///", 9, "does not end in “if:”"),
        ("/// figure | raw.svg\n    title: A\n\nWords.\n///", 9, "the picture “raw.svg” has no title"),
        ("/// compare | Two\nNo table.\n///", 9, "the block “compare” (Two) holds no table"),
        ("Half of the people left.", 9, "“Half” has no source"),
        ("- a list\n- of 12 weeks", 10, "“12” has no source"),
        ("| a | b |\n|---|---|\n| x | 7 days |", 11, "“7” has no source"),
        ("It takes 12 hours.[@nine-hours]", 9, "“12” stands in none of the facts cited (nine-hours)"),
        ("A third of them left.[@one-in-five]", 9, "“A third” stands in none of the facts cited"),
        ("It has 10 people.[@from-memory]", 9, "stands beside “from-memory”, which is only recalled"),
        ("People keep their jobs.[@a02]", 9, "the claim “a02” (qualify) stands without a fact or a hedge"),
        ("People get better.[@a03]", 9, "the claim “a03” (evidence) stands without a fact or a hedge"),
        ("The deductible is $1,736.[@dated]", 7, "check_again (2027-05-21) is later than “dated” holds (2026-12-31)"),
        ("# Title", 9, "“Title” is a heading of level 1"),
        ("## Two\n\n#### Four", 11, "“Four” jumps from level 2 to level 4"),
        ("<<<<<<< ours\nOne.\n=======\nTwo.\n>>>>>>> theirs", 9, "is left from a merge"),
        ("/// nonsense\nx\n///", 9, "there is no block “nonsense”"),
        ("/// do\n- x", 9, "this block is never closed"),
        ("///", 9, "closes a block that was not opened"),
        ("/// care-now\n- x\n///", 9, "the block “care-now” is not written as it must be"),
        ("/// care-now | Call 911\n- x\n///", 9, "does not end in “if:”"),
        ("/// care-plan | Call your doctor today if:\n- x\n///", 9, "is urgent, but care-plan is for what can wait"),
        ("/// figure | gone.svg\n    title: T\n\nwords\n///", 9, "there is no picture “gone.svg”"),
        ("/// figure | bare.svg\n    title: T\n\nwords\n///", 9, "the picture “bare.svg” has no title"),
        ("/// figure | steps.svg\n\nwords\n///", 9, "the picture “steps.svg” has no title"),
        ("/// help-lines | nobody\n///", 9, "there is no group of help lines “nobody”"),
        ("![](picture.png)", 9, "has no alternative text"),
        ("A [?strange word] here.", 9, "there is no term “strange word”"),
        ("A [?step down] and [?step down].", 9, "the term “step down” is explained twice"),
        ("An addict came.", 9, "“addict” is a word that we do not use"),
        ("Word " + "and word " * 13 + "end.", 9, "a sentence of 28 words"),
        (
            "Institutional psychopharmacological considerations necessitate collaboration. " * 20,
            0,
            "the page reads at grade",
        ),
    ],
)
def test_each_fault_is_found_on_its_line(check: Check, body: str, line: int, what: str) -> None:
    found = check(body)
    assert [fault for fault in found if what in fault.what and fault.line == line], found
    assert all(fault.file == "docs/en/page.md" and fault.mend for fault in found)


@pytest.mark.parametrize(
    "body",
    [
        "/// example | A week\nIt takes 9 hours.\n///",
        "/// steps\n1. Wait 5 minutes.\n///",
        "/// say | To a friend\n“I need 10 minutes.”\n///",
        "/// unknown\nPeople get better.[@a03]\n///",
        "People may get better.[@a03]",
        "People get better; 20% left.[@one-in-five; @a03]",
        "One in five people left.[@one-in-five]",
        "In 1998 there was a trial.[@one-in-five]",
        "Call 988 or 911.",
        "## Whom to call\n\n/// help-lines | crisis\n///",
        "Programs have a leader.[@from-memory]",
    ],
)
def test_what_is_allowed_is_not_a_fault(check: Check, body: str) -> None:
    assert check(body) == []


def test_a_page_on_danger_opens_with_help(check: Check) -> None:
    front = FRONT_MATTER.replace("topic: structure", "topic: structure\ndanger: true")
    card = "/// care-now | Call 911 now if:\n- a life is in danger\n///\n"
    assert ["must open with help" in fault.what for fault in check(front + "Text.\n\n## Later\n\n" + card)] == [True]
    assert check(front + "Text.\n\n" + card + "\n## Later\n") == []


@pytest.mark.parametrize("key", ["title", "description"])
def test_front_matter_holds_no_figures(check: Check, key: str) -> None:
    front = (
        FRONT_MATTER.replace("A page", "Of 100 people", 1)
        if key == "title"
        else FRONT_MATTER.replace("all the others", "12 weeks")
    )
    assert [f"stands in the {key}" in fault.what for fault in check(front + "Text.")] == [True]


# --- all pages ---


def reads(evidence: Evidence, render: Render, **bodies: str) -> list[Read]:
    result = []
    for name, body in bodies.items():
        source = FRONT_MATTER.replace("title: A page", f"title: {name}") + body
        meta, lines = parse(source.split("---\n")[1], f"docs/en/{name}.md", FrontMatter, first_line=2)
        page = Page(f"{name}.md", f"docs/en/{name}.md", source, meta, lines)
        result.append(Read(page, render(page.body).text, evidence))
    return result


ALL_CARRIED = "Home.[@a01] Groups.[@a04] Many programs.[@a02] It may help.[@a03] "


def test_a_sentence_on_two_pages_is_a_fault(evidence: Evidence, render: Render) -> None:
    sentence = "This very sentence of nine words stands here twice."
    found = check_guide(
        reads(
            evidence,
            render,
            one=ALL_CARRIED + sentence,
            two="Hello. **This very** sentence of nine words stands here twice.",
        ),
        evidence,
    )
    assert [(f.file, f.line, "stands on docs/en/one.md too" in f.what) for f in found] == [("docs/en/two.md", 9, True)]


def test_a_short_sentence_may_stand_twice(evidence: Evidence, render: Render) -> None:
    assert (
        check_guide(reads(evidence, render, one=ALL_CARRIED + "Ask the program.", two="Ask the program."), evidence)
        == []
    )


def test_a_claim_carried_nowhere_is_a_fault(evidence: Evidence, render: Render) -> None:
    found = check_guide(reads(evidence, render, one=ALL_CARRIED.replace("[@a04]", "")), evidence)
    assert ["“a04” (there are groups) is carried on no page" in f.what for f in found] == [True]


def test_the_list_of_open_claims_may_only_shrink(evidence: Evidence, render: Render) -> None:
    still_open = replace(evidence, open_claims=("a04",))
    assert check_guide(reads(still_open, render, one=ALL_CARRIED.replace("[@a04]", "")), still_open) == []
    found = check_guide(reads(still_open, render, one=ALL_CARRIED), still_open)
    assert ["still on the list of open claims" in f.what for f in found] == [True]


def test_two_pages_of_one_title_are_a_fault(evidence: Evidence, render: Render) -> None:
    one, two = reads(evidence, render, Same=ALL_CARRIED, same="Text.")
    assert ["is also that of docs/en/Same.md" in f.what for f in check_guide([one, two], evidence)] == [True]


@pytest.mark.parametrize("hidden", ["\ue000" "0\ue001", "\x02", "\u202e", "\x00"])
def test_a_character_that_nobody_sees_is_named_with_its_line(check: Check, hidden: str) -> None:
    with pytest.raises(FaultsFound, match=r"docs/en/page.md:10: a character that cannot be seen"):
        check(f"\nText{hidden} here.")


def test_word_lists_take_signs_and_may_be_empty() -> None:
    assert any_of(["c++", "(so)"]).findall("a c++ and (so) on") == ["c++", "(so)"]
    assert any_of([]).search("anything") is None
