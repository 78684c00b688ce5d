"""The evidence folder: good files are read, and every kind of bad one gives all its faults, each on its line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field

from conftest import ROOT, SMALL_EVIDENCE, write_evidence
from iop_guide.evidence import Way, read_evidence
from iop_guide.faults import FaultsFound
from iop_guide.yamlfile import Strict, parse, read_text


def faults_of(folder: Path, **changed: str) -> list[tuple[str, int, str]]:
    with pytest.raises(FaultsFound) as found:
        read_evidence(write_evidence(folder, **changed), "evidence")
    assert all(fault.mend for fault in found.value.faults)
    return [(fault.file, fault.line, fault.what) for fault in found.value.faults]


def changed(name: str, old: str, new: str) -> dict[str, str]:
    assert old in SMALL_EVIDENCE[name]
    return {name.replace(".", "_").replace("-", "_"): SMALL_EVIDENCE[name].replace(old, new, 1)}


@pytest.mark.parametrize(
    ("name", "old", "new", "line", "what"),
    [
        ("sources.yml", "  year: 2024", "  yeer: 2024", 5, "“sources.0.yeer” is not known"),
        ("sources.yml", "id: trial", "id: agency", 10, "the id “agency” stands twice (first on line 2)"),
        ("sources.yml", "https://agency.example.org/hours", "agency.example.org", 6, "not a web address"),
        ("sources.yml", "https://agency.example.org/hours", "javascript:alert(1)", 6, "not a web address"),
        ("sources.yml", "kind: trial", "kind: gossip", 15, "sources.1.kind"),
        ("sources.yml", "official: agency", "official: nobody", 26, "there is no source “nobody”"),
        ("facts.yml", "sources: [trial]", "sources: [nothing]", 10, "there is no source “nothing”"),
        ("facts.yml", "id: one-in-five", "id: nine-hours", 7, "the id “nine-hours” stands twice"),
        ("facts.yml", "expires: 2026-12-31", "expires: 2026-13-45", 23, "“facts.3.expires”"),
        ("facts.yml", "as_of: 2026", "as_of: soon", 22, "write a date as YYYY"),
        ("facts.yml", "  topic: structure\n", "", 2, "“facts.0.topic” is missing"),
        ("facts.yml", "confirmed: recalled", "confirmed: maybe", 16, "facts.2.confirmed"),
        ("facts.yml", "sources: [agency, copy]", "sources: &x [agency]", 5, "an alias or anchor"),
        ("facts.yml", "topic: cost", "topic: !!python/object cost", 18, "a tag"),
        ("facts.yml", "topic: cost", "topic: cost\n  topic: cost", 19, "“topic” stands twice"),
        ("facts.yml", "topic: cost", "topic: [cost", 19, "this is not valid YAML"),
        ("claims.yml", "why: it is advertising", "", 8, "a claim that is dropped says why"),
        ("claims.yml", "open: []", "open: [z99]", 9, "there is no claim that a page could carry “z99”"),
        ("claims.yml", "open: []", "open: [a05]", 9, "there is no claim that a page could carry “a05”"),
        ("claims.yml", "a04:", "b04:", 7, "there is no article “b”"),
        ("help-lines.yml", "group: crisis", "group: none-such", 6, "there is no group “none-such”"),
        ("help-lines.yml", "facts: [nine-hours]", "facts: [gone]", 12, "there is no fact “gone”"),
        ("help-lines.yml", "check_again: 2027-05-21", "check_again: 2026-01-01", 4, "check_again must be later than checked"),
        ("help-lines.yml", 'number: "988", label: Call', "label: Call", 10, "needs a number, an address or the name"),
        ("help-lines.yml", 'number: "988", label: Call', 'number: "9AA8", label: Call', 10, "lines.0.ways.0.number"),
        ("terms.yml", "[stepping down]", "[step down]", 2, "the id “step down” stands twice"),
        ("words.yml", "hedges:", "hegdes:", 4, "“hegdes” is not known"),
    ],
)
def test_each_fault_is_on_its_line(tmp_path: Path, name: str, old: str, new: str, line: int, what: str) -> None:
    found = faults_of(tmp_path, **changed(name, old, new))
    assert [row for row in found if row[0] == f"evidence/{name}" and row[1] == line and what in row[2]], found


def test_all_faults_of_all_files_at_once(tmp_path: Path) -> None:
    files = changed("sources.yml", "kind: trial", "kind: gossip") | changed("facts.yml", "confirmed: recalled", "confirmed: maybe")
    files["facts_yml"] = files["facts_yml"].replace("topic: cost", "topik: cost")
    assert {(file, line) for file, line, _ in faults_of(tmp_path, **files)} >= {
        ("evidence/sources.yml", 15), ("evidence/facts.yml", 16), ("evidence/facts.yml", 18),
    }  # fmt: skip


def test_a_missing_file_is_one_clear_fault(tmp_path: Path) -> None:
    folder = write_evidence(tmp_path)
    (folder / "terms.yml").unlink()
    with pytest.raises(FaultsFound) as found:
        read_evidence(folder, "evidence")
    assert [str(fault) for fault in found.value.faults] == [
        "evidence/terms.yml: there is no such file; check the name, or make the file"
    ]


@pytest.mark.parametrize(
    ("data", "line", "what"),
    [
        (b"\xef\xbb\xbfa: 1\n", 1, "byte-order mark"),
        (b"a: 1\r\nb: 2\r\n", 1, "Windows line ends"),
        (b"a: 1\nb: \xe9\n", 2, "not UTF-8"),
        (b"", 0, "empty"),
        (b"   \n", 0, "empty"),
        (b"a" * 3_000_000, 0, "3,000,000 bytes"),
    ],
)
def test_bytes_that_are_not_text_of_ours(tmp_path: Path, data: bytes, line: int, what: str) -> None:
    (tmp_path / "x.yml").write_bytes(data)
    with pytest.raises(FaultsFound) as found:
        read_text(tmp_path / "x.yml", "x.yml")
    assert [(fault.line, what in fault.what) for fault in found.value.faults] == [(line, True)]


class Any_(Strict):
    name: str = Field(max_length=10, default="")
    numbers: list[int] = Field(default_factory=list)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.sampled_from("ab:-[]{}&*!|>'\"#\n\t 01,é\u202e\x00nameumbers"), max_size=60))
def test_any_text_is_a_model_or_faults(text: str) -> None:
    try:
        parse(text, "x.yml", Any_)
    except FaultsFound as found:
        assert found.faults
        assert all(fault.line >= 1 for fault in found.faults)


def test_a_deep_nest_and_a_bomb_are_refused_quickly() -> None:
    for text in ("name: " + "[" * 5000, "a: &a [x]\nname: [*a, *a]", "{" * 3000):
        with pytest.raises(FaultsFound):
            parse(text, "x.yml", Any_)


def test_the_way_to_reach_a_line() -> None:
    def href(**keys: str) -> str:
        return Way.model_validate({"label": "x", **keys}).href

    assert href(kind="call", number="988") == "tel:988"
    assert href(kind="call", number="1-800-662-4357") == "tel:+18006624357"
    assert href(kind="text", number="741741") == "sms:741741"
    assert href(kind="chat", address="https://988lifeline.org/chat") == "https://988lifeline.org/chat"
    assert href(kind="chat", site="thetrevorproject.org") == ""


def test_every_number_of_a_help_line_stands_in_one_of_its_facts() -> None:
    """A wrong digit here could cost a life, so the real files are read, letters of vanity numbers left aside."""
    evidence = read_evidence(ROOT / "docs" / "evidence")
    for line in evidence.help_lines.values():
        said = " ".join(f"{evidence.facts[i].fact} {evidence.facts[i].note or ''}" for i in line.facts)
        digits = "".join(c for c in said if c.isdigit() or c.isspace())
        for way in line.ways:
            if way.number:
                wanted = way.number.replace("-", "").removeprefix("1")
                spelled = wanted in digits.replace(" ", "") or (wanted[-4:] in digits and wanted[:3] in digits)
                assert spelled, (line.id, way.number)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="a file without end is a thing of Unix")
def test_a_file_without_end_is_refused() -> None:
    with pytest.raises(FaultsFound, match="keep it under 1,000"):
        read_text(Path("/dev/zero"), "zero.yml", 1_000)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a pipe with a name is a thing of Unix")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "facts.yml").symlink_to("pipe")
    with pytest.raises(FaultsFound, match="this is no plain file"):
        read_text(tmp_path / "facts.yml", "facts.yml")
