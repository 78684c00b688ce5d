"""clinic.yml: what is taken, what is refused and with which words, and that nothing else ever comes out."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from iop_guide import contrast, fields, parts, stamp
from iop_guide.clinic import SCHEMA, TEMPLATE, new
from iop_guide.faults import FaultsFound
from iop_guide.profile import EVERGREEN, MAX_BYTES, Profile, load_profile, schema
from iop_guide.view import STYLESHEET, View
from iop_guide.yamlfile import parse

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "samples" / "maple-street" / "clinic.yml"
LEAST = ROOT / "samples" / "open-door-online" / "clinic.yml"
GOOD = {
    "name": "Maple Street Counseling",
    "phone": "(217) 555-0142",
    "address": "[12 Maple Street, 'Exampleton, IL 00000']",
    "site": "https://maple-street.example.org/",
    "accent": '"#6d3b6e"',
}


def yaml_of(**changed: str) -> str:
    return "".join(f"{key}: {value}\n" for key, value in (GOOD | changed).items())


def read(**changed: str) -> Profile:
    return parse(yaml_of(**changed), "clinic.yml", Profile)[0]


def faults_of(text: str) -> list[str]:
    with pytest.raises(FaultsFound) as raised:
        parse(text, "clinic.yml", Profile)
    return [str(fault) for fault in raised.value.faults]


def test_the_sample_is_read_whole() -> None:
    profile = load_profile(SAMPLE)
    assert set(Profile.model_fields) - profile.model_fields_set == {"tty", "canonical", "reviewer"}
    assert (profile.tel, profile.base) == ("tel:+12175550142", "/iop-guide/")
    assert profile.address == ("12 Maple Street, Suite 200", "Exampleton, IL 00000")
    assert profile.tracks[1].model_dump() == {
        "id": "evening",
        "name": "Evening program",
        "for_": "Adults who work or care for someone by day, also those who live with substance use and something else.",
        "ages": "18 and older",
        "where": ("maple-street", "online"),
        "sessions": ({"days": (0, 1, 2), "from_": 1080, "to": 1230}, {"days": (3,), "from_": 1080, "to": 1170}),
        "weeks": (10, 10),
        "group_size": (6, 10),
        "languages": ("English",),
        "insurers": (),
        "self_pay": None,
        "wait": {"time": "no wait", "as_of": date(2026, 11, 16)},
        "starts": None,
        "ends": None,
    }
    logo, dark = profile.picture("logo"), profile.picture("dark")
    assert logo and dark and (logo.kind, dark.kind) == ("svg", "svg") and logo.data != dark.data


def test_the_least_that_is_a_profile() -> None:
    profile = parse("name: A\nphone: 217-555-0142\naddress: [B]\n", "clinic.yml", Profile)[0]
    assert (profile.site, profile.base, profile.accent, profile.due) == (None, "/", EVERGREEN, None)
    assert not profile.has_page
    virtual = load_profile(LEAST)
    assert virtual.has_page and virtual.due == date(2027, 5, 18) and virtual.places(virtual.tracks[0]) == []


def test_the_guide_s_own_color_is_the_stylesheet_s() -> None:
    assert f"--link: {EVERGREEN};" in (ROOT / "overrides" / "assets" / "guide.css").read_text("utf-8")


def test_the_key_changes_with_every_value_and_picture(tmp_path: Path) -> None:
    folder = tmp_path / "clinic"
    shutil.copytree(SAMPLE.parent, folder)
    before = load_profile(folder / "clinic.yml").key
    assert before == load_profile(SAMPLE).key
    (folder / "logo.svg").write_text((folder / "logo.svg").read_text("utf-8").replace("Maple", "Elm"), "utf-8")
    assert load_profile(folder / "clinic.yml").key != before


@pytest.mark.parametrize(
    "shown",
    [
        "(217) 555-0142",
        "(217)555-0142",
        "217-555-0142",
        "217.555.0142",
        "217 555 0142",
        "2175550142",
        '"+1 217-555-0142"',
        "1-217-555-0142",
    ],
)
def test_usual_spellings_of_a_phone_number(shown: str) -> None:
    profile = read(phone=shown)
    assert profile.phone == shown.strip('"')
    assert profile.tel == "tel:+12175550142"


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        ("https://example.org", "https://example.org/"),
        ("https://example.org/iop", "https://example.org/iop/"),
        ("https://EXAMPLE.org:443/", "https://example.org/"),
        ("https://example.org:8443/a/b-c/", "https://example.org:8443/a/b-c/"),
        ("https://klinik-süd.example.org/", "https://xn--klinik-sd-x9a.example.org/"),
        ("http://localhost:8000/iop/", "http://localhost:8000/iop/"),
    ],
)
def test_site_addresses_have_one_form(given_: str, kept: str) -> None:
    assert read(site=given_).site == kept


def test_an_address_may_be_a_block_of_lines() -> None:
    text = yaml_of(address="|\n  12 Maple Street\n  Exampleton, IL 00000")
    assert parse(text, "clinic.yml", Profile)[0].address == ("12 Maple Street", "Exampleton, IL 00000")


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("name", "", "nothing stands here"),
        ("name", '"  "', "there is no word in it"),
        ("name", "[a, b]", "one line of text was expected; put it in quotes"),
        ("name", "12", "one line of text was expected; put it in quotes"),
        ("name", "yes", "one line of text was expected; put it in quotes"),
        ("name", "A" * 81, "it has 81 characters, 80 at most"),
        ("name", '"Maple\\u202eteertS"', "a character that cannot be seen stands in it (U+202E); delete it"),
        ("name", '"Maple\\0Street"', "(U+0000)"),
        ("name", '"\\u3164\\u3164"', "a character that cannot be seen stands in it (U+3164)"),
        ("name", '"Maple\\nStreet"', "write it on one line"),
        ("name", '"\\u2800\\u2800"', "there is no word in it"),
        ("phone", "911", "911 is an emergency number, not a clinic's own"),
        ("phone", '"988"', "988 is an emergency number"),
        ("phone", "9-8-8", "988 is an emergency number"),
        ("phone", "555-0142", "a US number of 10 digits, without extension, was expected"),
        ("phone", "(217) 555-0142 ext. 5", "without extension"),
        ("phone", "(911) 555-0142", "10 digits"),
        ("phone", "٢١٧-٥٥٥-٠١٤٢", "10 digits"),
        ("phone", "true", "one line of text was expected"),
        ("phone", "javascript:alert(1)", "10 digits"),
        ("address", "", "1 to 5 lines were expected, none was read"),
        ("address", "[]", "1 to 5 lines were expected, 0 were read"),
        ("address", "[a, b, c, d, e, f]", "1 to 5 lines were expected, 6 were read"),
        ("address", "[{a: b}]", "one line of text was expected"),
        ("address", f"[{'x' * 101}]", "it has 101 characters, 100 at most"),
        ("site", "javascript:alert(1)", "it must begin with https://"),
        ("site", "http://example.org/", "it must begin with https:// (http:// is only for localhost)"),
        ("site", "//example.org/", "it must begin with https://"),
        ("site", "https://example.org/?a=b", "without a query; take out the part with “?”"),
        ("site", '"https://example.org/#top"', "without a fragment"),
        ("site", "https://me:secret@example.org/", "without a user name"),
        ("site", "https://example/", "check the name between // and /"),
        ("site", "https://10.0.0.1/", "check the name between // and /"),
        ("site", '"https://[::1]/"', "check the name between // and /"),
        ("site", '"https://[::1/"', "check its spelling"),
        ("site", "https://example.org:99999/", "check its spelling"),
        ("site", "https://example.org:0/", "no server has the port 0"),
        ("site", "https://-a.example.org/", "check the name between // and /"),
        ("site", f"https://{'a' * 64}.example.org/", "check the name between // and /"),
        ("site", "https:///iop/", "check the name between // and /"),
        ("site", "https://example.org/a/../b/", "use only a-z"),
        ("site", "https://example.org//b/", "single slashes"),
        ("site", "https://example.org/a b/", "take out the “ ”"),
        ("site", "https://example.org/%3Cscript%3E/", "take out the “%”"),
        ("site", "'https://example.org/\"><script>'", 'take out the “"”'),
        ("site", "https://example.org/index.html", "write the folder, without “index.html”"),
        ("site", f"https://example.org/{'a' * 200}/", "200 at most"),
        ("accent", "#6d3b6e", "it must stand in quotes, because # begins a comment"),
        ("accent", '"#6d3"', "a color of # and six digits"),
        ("accent", "plum", "a color of # and six digits"),
        ("accent", "'#6d3b6e;}body{display:none'", "a color of # and six digits"),
        ("accent", "123456", "a color of # and six digits"),
        ("accent_dark", "#9fd0c8", 'it must stand in quotes, because # begins a comment: "#9fd0c8"'),
        ("accent_dark", "plum", "a color of # and six digits"),
        ("canonical", "guide", "own, hidden, or the address of the copy"),
        ("canonical", "https://example.org/?a", "without a query"),
        ("email", "me@example", "an e-mail address like"),
        ("email", "me@example.org?bcc=all@example.org", "an e-mail address like"),
        ("email", "'<me@example.org>'", "an e-mail address like"),
        ("website", "javascript:alert(1)", "it begins with https://"),
        ("website", "'https://example.org/\"onload=\"x'", "no spaces, quotes"),
        ("website", "https://user@example.org/", "it begins with https://"),
        ("website", "https://localhost/", "check the name"),
        ("text_phone", "911", "emergency number"),
        ("tty", "711", "10 digits"),
        ("time_zone", "Berlin", "'Eastern', 'Central'"),
        ("checked", "soon", "a date like 2026-11-16 was expected"),
        ("checked", "2026-02-30", "a date like 2026-11-16 was expected"),
        ("checked", "2026-11-16 12:00:00", "a date like 2026-11-16 was expected"),
        ("check_again", "2027-01-01", "it stands without “checked”"),
        ("about", "12", "text was expected"),
        ("about", "x" * 4_001, "4,000 at most"),
        ("start", "call us", "a list of steps was expected"),
        ("start", "[]", "the list of steps is empty"),
        ("bring", f"[{', '.join(['a'] * 13)}]", "there are 13 things, 12 at most"),
        ("closed", "[{date: 2026-12-25, day: x}]", "the key “closed.0.day” is not known"),
        ("licenses", "[{what: a}]", "“licenses.0.by” is missing"),
        ("notices", "{nondiscrimination: {}}", "neither text nor link was read"),
        ("notices", "{privacy_practices: {link: 'http://example.org/a.pdf'}}", "it begins with https://"),
        ("notices", "{language_assistance: [{language: E, code: '<b>', text: x}]}", "a language code was expected"),
        ("reviewer", "{name: A, credentials: MD, date: 2026-11-16, pages: [../]}", "a folder of the guide"),
        ("logo", "logo.svg", "keys with values were expected, like {file: logo.svg}; what was read is 'logo.svg'"),
        ("closed", "Christmas Day", "after a dash, like - {date: 2026-12-25, name: Christmas Day}"),
        ("tracks", "Monday 9 to 12", "after a dash, like - {name: Morning program, for: Adults, sessions: [{days: Monday"),
        ("tracks", "[Mornings]", "“tracks.0”: keys with values were expected, like {name: Morning program"),
        ("notices", "HIPAA applies", "like {privacy_practices: {link: https://www.example.org/privacy.pdf}}"),
        ("notices", "{nondiscrimination: We treat all alike}", "“notices.nondiscrimination”: keys with values were expected, like {link:"),
        ("notices", "{language_assistance: Llame}", "after a dash, like - {language: Español, code: es, text: Ayuda"),
        ("owner", "Example Inc.", 'like {name: "Example Behavioral Health, Inc."}'),
        ("logo", "{file: ../../etc/passwd}", "a file beside this one was expected"),
        ("logo", "{file: /etc/passwd}", "a file beside this one was expected"),
        ("logo", "{file: 'C:\\logo.png'}", "a file beside this one was expected"),
        ("local_help", "[{name: A, number: 988, for: b, hours: c}]", "on every page already"),
        ("local_help", "[{name: A, number: 911, for: b, hours: c}]", "on every page already"),
        ("local_help", "[{name: 988 Lifeline, number: 211, for: b, hours: c}]", "without them"),
        ("local_help", "[{name: A, number: (217) 555-0142, for: b, hours: c}]", "this is the clinic's own number"),
        ("local_help", "[{name: A, number: 211, text: 1-217-555-0142, for: b, hours: c}]", "the clinic's own number"),
    ],
)
def test_refused_with_a_reason(field: str, value: str, says: str) -> None:
    faults = faults_of(yaml_of(**{field: value}))
    line = [*GOOD, field].index(field) + 1
    assert len(faults) == 1
    assert faults[0].startswith(f"clinic.yml:{line}: ")
    assert says in faults[0]


def test_html_is_text_like_any_other() -> None:
    assert read(name="<script>alert(1)</script>").name == "<script>alert(1)</script>"  # escaped where it is shown


def test_all_faults_at_once_each_on_its_line() -> None:
    text = "name: ''\nphone: 911\naddress:\n  - 12 Maple Street\n  - 7\nsite: ftp://example.org\nlogo: a.svg\n"
    faults = faults_of(text)
    assert [re.findall(r"“([a-z.0-9]+)”", fault)[0] for fault in faults] == ["name", "phone", "address.1", "site", "logo"]
    assert [int(fault.split(":")[1]) for fault in faults] == [1, 2, 5, 6, 7]


def test_the_message_about_contrast_has_both_ratios_and_a_color_that_passes() -> None:
    (fault,) = faults_of(yaml_of(accent='"#2a9d8f"'))
    assert fault == (
        "clinic.yml:5: “accent”: as text on the guide's ground #e6f0ed its contrast is 2.85:1, and 4.5:1 is needed; "
        "the nearest darker tone that can be read is \"#20776d\"; what was read is '#2a9d8f'"
    )
    assert read(accent='"#20776d"').accent == "#20776d"


def test_a_dark_accent_is_the_clinic_s_or_worked_out() -> None:
    assert read().dark_accent == contrast.lighter("#6d3b6e") and read(accent_dark='"#E3BFE0"').dark_accent == "#e3bfe0"
    (fault,) = faults_of(yaml_of(accent_dark='"#6d3b6e"'))
    assert fault == (
        "clinic.yml:6: “accent_dark”: as text on the guide's ground #3a2f17 its contrast is 1.56:1, and 4.5:1 is needed; "
        "the nearest lighter tone that can be read is \"#ac8fac\"; what was read is '#6d3b6e'"
    )
    css = View(read(accent_dark='"#e3bfe0"')).files()[STYLESHEET].decode()
    light, dark = css.split("prefers-color-scheme: dark")[:2]
    assert "--link: #6d3b6e" in light and "--link: #e3bfe0; --deep: #6d3b6e" in dark


@given(st.from_regex(r"#[0-9a-f]{6}", fullmatch=True))
def test_every_color_has_a_darker_and_a_lighter_tone_that_can_be_read(color: str) -> None:
    assert contrast.worst(contrast.darker(color), contrast.LIGHT_GROUNDS.values())[0] >= 4.5
    assert contrast.worst(contrast.lighter(color), contrast.DARK_GROUNDS.values())[0] >= 7
    assert fields.accent_dark(contrast.lighter(color, contrast.NEEDED))
    # White text stands on the accent too, and white is lighter than any ground.
    assert contrast.ratio(contrast.darker(color), "#ffffff") >= 4.5
    shape = contrast.picture_tone(contrast.darker(color))
    assert contrast.ratio(shape, "#ffffff") >= 4.5 and contrast.ratio(shape, contrast.DARK_GROUNDS["card"]) >= 3


def test_contrast_as_the_standard_gives_it() -> None:
    assert contrast.ratio("#000000", "#ffffff") == pytest.approx(21)
    assert contrast.ratio("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)


def test_the_grounds_are_those_of_the_stylesheet() -> None:
    css = (ROOT / "overrides" / "assets" / "guide.css").read_text("utf-8").replace("#fff;", "#ffffff;")
    light, dark = css.split("@media (prefers-color-scheme: dark)", 1)
    for part, grounds in ((light, contrast.LIGHT_GROUNDS), (dark, contrast.DARK_GROUNDS)):
        for name, color in grounds.items():
            assert f"--{name}: {color}" in part


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "the file is empty"),
        (b"\xef\xbb\xbf" + yaml_of().encode(), "byte-order mark"),
        (yaml_of().encode("utf-16"), "not UTF-8"),
        (yaml_of(name="Caf\xe9").encode("latin-1"), "not UTF-8"),
        (b"name: x\n" * 50_000, f"keep it under {MAX_BYTES:,}"),
        (yaml_of().encode() + b"name: twice\n", "the key “name” stands twice"),
        (b"name: !!python/object/apply:os.system [ls]\n", "a tag"),
        (b"name: &a [x]\nphone: *a\n", "an alias or anchor"),
        (b"name: [\n", "not valid YAML"),
        (b"--- a\n--- b\n", "not valid YAML"),
        (b"\tname: x\n", "clinic.yml:1: a tab stands at the beginning of this line; write spaces"),
        (b"owner:\n  name: x\n  \tabout: y\n", "clinic.yml:3: a tab stands"),
        (b"about: |\n  one\ntwo\n\nname: x\n", "another indent than its neighbors"),
        (b"[" * 15_000, ""),
        (b"- " * 9_000, "nested too deep"),
        (b"name: " + b"1:" * 300 + b"1.5\n", "“name”"),
        (b"phone: 0001-99-99\n", "“phone”"),
        (b"accent: 0x" + b"f" * 100_000 + b"\n", "a color of # and six digits"),
        (b"checked: " + b"9" * 100_000 + b"\n", "a date like"),
        (b"insurers: [" + b"a," * 90_000 + b"b]\n", "there are 90,001 insurers, 80 at most"),
        (b"tracks:\n" + b"- x\n" * 40_000, "there are 40,000 tracks, 24 at most"),
        (b"about: |\n" + b"  a\n\n" * 30_000, "4,000 at most"),
        (b'name: "\\ud800"\n', "not valid YAML"),
        (b"just words\n", ""),
        (b"[1, 2]\n", ""),
        (b"name: \x00\n", "cannot be seen"),
        ("name: a\u202eb\n".encode(), "cannot be seen"),
    ],
)
def test_hostile_files(tmp_path: Path, raw: bytes, says: str) -> None:
    path = tmp_path / "clinic.yml"
    path.write_bytes(raw)
    with pytest.raises(FaultsFound) as raised:
        load_profile(path)
    assert says in str(raised.value)
    assert [p.name for p in tmp_path.iterdir()] == ["clinic.yml"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("bring", "[A]"), ("first_day", "A"), ("languages", "[A]"), ("interpreters", "A"), ("email", "a@example.org"),
        ("website", "https://example.org/"), ("reviewer", "{name: A, credentials: MD, date: 2026-11-16}"), ("about", "A"),
        ("closed", "[{date: 2026-12-25}]"),
    ],
)  # fmt: skip
def test_whatever_only_the_clinic_s_own_page_shows_makes_that_page(field: str, value: str) -> None:
    found = read(**{field: value})
    assert found.has_page
    html = stamp.fill("<body><!--region our-program--><!--/region--></body>", found, "our-program/index.html")
    assert "<ul>\n</ul>" not in html and "Talk to us" in html


def test_days_on_which_a_clinic_is_closed_are_shown_without_any_program() -> None:
    text = yaml_of(closed="[{date: 2027-01-01}, {date: 2026-12-25, name: A <b>holiday</b>}]") + TRACK.partition("tracks:")[0]
    text = text.replace("[1 Main St]", "[1 Main St], closed: [{date: 2026-12-26}]")
    html = stamp.fill("<body><!--region our-program--><!--/region--></body>", parse(text, "clinic.yml", Profile)[0], "our-program/index.html")
    assert '<a href="#closed">Days on which we are closed</a>' in html and html.count('<h2 id="closed">') == 1
    assert "<li>December 25, 2026 (A &lt;b&gt;holiday&lt;/b&gt;)</li>\n<li>January 1, 2027</li>" in html
    assert "<dt>Also closed on</dt><dd>December 26, 2026</dd>" in html


def test_a_hostile_key_cannot_speak_to_a_terminal_or_a_workflow() -> None:
    key = '"' + "x\\n::error file=a::b\\e[2J" + "k" * 900 + '"'
    for text in (yaml_of() + f"{key}: 1\n", yaml_of() + f"? {key}\n: 1\n? {key}\n: 2\n"):
        (fault,) = faults_of(text)
        assert "\n" not in fault and "\x1b" not in fault and "x ⏎ ::error" in fault and len(fault) < 300


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "no.yml", tmp_path):
        with pytest.raises(FaultsFound):
            load_profile(path)


any_yaml = st.one_of(
    st.text(max_size=300),
    st.text(alphabet="name: phoeadrst[]{}-?!&*|>#'\"%@,.:\n 0123456789_\\xu", max_size=200),
    st.fixed_dictionaries({key: st.text(max_size=60) for key in GOOD}).map(
        lambda d: "".join(f"{key}: {value}\n" for key, value in d.items())
    ),
)


@settings(max_examples=400, deadline=None)
@given(any_yaml)
def test_any_text_gives_a_profile_or_faults(text: str) -> None:
    try:
        parse(text.encode("utf-8", "replace").decode(), "clinic.yml", Profile)
    except FaultsFound as found:
        assert found.faults


@settings(max_examples=400, deadline=None)
@given(field=st.sampled_from(list(GOOD)), value=st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.dates() | st.text(),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=6,
))  # fmt: skip
def test_any_value_in_any_field_gives_a_profile_or_faults(field: str, value: object) -> None:
    good = {**GOOD, "address": ["12 Maple Street"], "accent": "#6d3b6e"}
    try:
        list(Profile.conflicts(good | {field: value}))
        profile = Profile.model_validate(good | {field: value})
    except ValueError:  # what pydantic raises; yamlfile turns it into faults
        return
    assert profile.site is None or (profile.site.startswith("https://") and profile.site.endswith("/"))
    assert re.fullmatch(r"tel:\+1[0-9]{10}", profile.tel)


# Programs, places and times: what a reader acts on.

TRACK = """\
time_zone: Central
checked: 2026-11-16
locations:
  - {id: main, name: Main, address: [1 Main St]}
tracks:
  - name: Mornings
    for: Adults
    sessions:
      - {days: Monday to Thursday, from: 9:00 am, to: noon}
"""


def with_track(*changes: tuple[str, str]) -> str:
    text = TRACK
    for old, by in changes:
        assert old in text
        text = text.replace(old, by)
    return yaml_of() + text


def test_a_plain_track_is_taken() -> None:
    (track,) = parse(with_track(), "clinic.yml", Profile)[0].tracks
    assert (track.sessions[0].days, track.sessions[0].from_, track.sessions[0].to) == ((0, 1, 2, 3), 540, 720)


@pytest.mark.parametrize(
    ("written", "minutes"),
    [
        ("9 am", 540), ("9:00 am", 540), ("09:00 AM", 540), ("9:30 a.m.", 570), ("9am", 540), ("12:15 pm", 735),
        ("noon", 720), ("12 noon", 720), ("1:05 PM", 785), ("11:59 pm", 1439), ("12:00 am", 0), ("6 p.m.", 1080),
    ],
)  # fmt: skip
def test_times_of_day(written: str, minutes: int) -> None:
    assert fields.clock(written) == minutes


@pytest.mark.parametrize("written", ["9:00", "18:00", "'9'", "9", "900", "13 pm", "9:60 am", "0:30 am", "midnight", "9 xm", "true", "9.5"])
def test_times_without_am_or_pm_are_refused(written: str) -> None:
    (fault,) = faults_of(with_track(("9:00 am", written)))
    assert "clinic.yml:14: “tracks.0.sessions.0.from”: a time with am or pm was expected, like 9:00 am" in fault


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("Monday", (0,)), ("mondays", (0,)), ("Mon, Wed and Fri", (0, 2, 4)), ("[Friday, Monday]", (0, 4)), ("Tue & Thurs", (1, 3)),
        ("Monday to Friday", (0, 1, 2, 3, 4)), ("Mon-Wed", (0, 1, 2)), ("Monday through Thursday, Sunday", (0, 1, 2, 3, 6)),
    ],
)  # fmt: skip
def test_days(written: str, found: tuple[int, ...]) -> None:
    track = parse(with_track(("Monday to Thursday", f"'{written}'" if written[0] != "[" else written)), "clinic.yml", Profile)
    assert track[0].tracks[0].sessions[0].days == found


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("Friday to Monday", "is no row of days"), ("Mon to Wed to Fri", "is no row of days"), ("Someday", "is no day of the week"),
        ("M", "is no day of the week"), ("Monday, Mon", "Monday stands there twice"), ("[1, 2]", "names of days were expected"),
        ("Monday to Wednesday and Tuesday", "Tuesday stands there twice"), ("''", "no word"),
    ],
)  # fmt: skip
def test_days_that_are_none(written: str, says: str) -> None:
    (fault,) = faults_of(with_track(("Monday to Thursday", written if written[0] in "['" else f"'{written}'")))
    assert fault.startswith("clinic.yml:14: “tracks.0.sessions.0.days”") and says in fault


@pytest.mark.parametrize(
    ("old", "by", "line", "says"),
    [
        ("to: noon", "to: 9:15 am", 14, "a session of half an hour to ten hours was expected; check am and pm"),
        ("to: noon", "to: 8 am", 14, "check am and pm"),
        ("to: noon", "to: 11 pm", 14, "check am and pm"),
        ("time_zone: Central\n", "", 1, "“time_zone”: it is missing, and hours are given"),
        ("checked: 2026-11-16\n", "", 1, "“checked”: it is missing"),
        ("checked: 2026-11-16", "checked: 2026-11-16\ncheck_again: 2028-01-01", 8, "at most a year later"),
        ("checked: 2026-11-16", "checked: 2026-11-16\ncheck_again: 2026-11-16", 8, "a day after “checked”"),
        ("    for: Adults", "    for: Adults\n    where: The Annex", 13, "there is no location with this id; write one of main, online"),
        ("    for: Adults", "    for: Adults\n    where: annex", 13, "there is no location with this id; write one of main, online"),
        ("  - {id: main, name: Main, address: [1 Main St]}", "  - {name: A, address: [B]}\n  - {name: C, address: [D]}", 12, "“where” is missing"),
        ("  - {id: main, name: Main, address: [1 Main St]}", "  - {name: A, address: [B]}\n  - {name: a, address: [D]}\n", 10, "this name is taken"),
        ("name: Main,", "name: Main, hours: [{days: Monday, from: 9 am, to: 9 am}],", 9, "it ends before it begins"),
        ("    for: Adults", "    for: Adults\n    starts: 2027-01-04\n    ends: 2026-12-01", 14, "it ends before it starts"),
        ("    for: Adults", "    for: Adults\n    wait: {time: 2 weeks, as_of: 2026-11-17}", 13, "it is later than “checked”"),
        ("    for: Adults", "    for: Adults\n    weeks: 12 to 8", 13, "the smaller one first"),
        ("    for: Adults", "    for: Adults\n    group_size: many", 13, "a number or two were expected"),
        ("to: noon}", "to: noon}\n      - {days: Tuesday, from: 11 am, to: 1 pm}", 15, "two sessions of this track overlap (Tuesday)"),
    ],
)
def test_times_and_places_that_cannot_be(old: str, by: str, line: int, says: str) -> None:
    faults = faults_of(with_track((old, by)))
    assert [fault for fault in faults if fault.startswith(f"clinic.yml:{line}: ") and says in fault], faults


SPOILED = yaml_of(phone="911") + TRACK.replace("[1 Main St]", "[1 Main St], phone: 12").replace(
    "sessions:", "ages: 18\n    sessions:\n      - {days: Someday, from: 9:00, to: noon}"
)
"""With a fault of its own in every part: what no single value can know is told all the same."""


@pytest.mark.parametrize(
    ("old", "by", "says"),
    [
        ("9:00 am, to: noon}\n", "9:00 am, to: 8 am}\n", "“tracks.0.sessions.1.to”: a session of half an hour to ten hours was expected"),
        ("9:00 am, to: noon}\n", "9:00 am, to: noon}\n      - {days: Tuesday, from: 11 am, to: 1 pm}\n", "“tracks.0.sessions.2”: two sessions of this track overlap (Tuesday)"),
        ("    ages", "    where: [online, annex]\n    ages", "“tracks.0.where”: there is no location with this id; write one of main, online; what was read is 'annex'"),
        ("phone: 12}", "hours: [{days: x, from: 9 am, to: 8 am}]}", "“locations.0.hours.0.to”: it ends before it begins"),
        ("    ages", "    starts: 2027-01-04\n    ends: 2026-12-01\n    ages", "“tracks.0.ends”: it ends before it starts"),
        ("    ages", "    wait: {time: '', as_of: 2026-11-17}\n    ages", "“tracks.0.wait.as_of”: it is later than “checked”"),
        ("phone: 12}", "phone: 12}\n  - {id: main, name: Annex}", "“locations.1.name”: this name is taken"),
        ("phone: 12}", "phone: 12}\n  - {name: Annex, address: [B], fax: 1}", "“tracks.0”: “where” is missing"),
        ("time_zone: Central\n", "", "“time_zone”: it is missing"),
        ("checked: 2026-11-16\n", "check_again: 2026-12-01\n", "“check_again”: it stands without “checked”"),
        ("checked:", "check_again: 2028-01-01\nchecked:", "“check_again”: a day after “checked” and at most a year later"),
        ("phone: 12}", "phone: (217) 555-0190}\nlocal_help: [{name: '', number: (217) 555-0190}]", "“local_help.0.number”: this is the clinic's own number"),
    ],
)  # fmt: skip
def test_what_values_say_together_is_told_in_the_same_round(old: str, by: str, says: str) -> None:
    assert SPOILED.count(old) == 1, SPOILED
    faults = faults_of(SPOILED.replace(old, by))
    assert [fault for fault in faults if says in fault], faults
    assert [fault for fault in faults if "911 is an emergency number" in fault] and len(faults) > 3


def test_thousands_of_sessions_that_overlap_are_one_fault_for_each_that_could_be_right() -> None:
    started = time.monotonic()
    rows = "      - {days: Monday, from: 9 am, to: noon}\n" * 4_000
    faults = faults_of(with_track(("      - {days: Monday to Thursday, from: 9:00 am, to: noon}\n", rows)))
    assert len(faults) < 100 and any("there are 4,000 rows of times, 14 at most" in fault for fault in faults)
    assert time.monotonic() - started < 5


def test_what_cannot_be_judged_yet_is_not_told() -> None:
    """A place that cannot be read may be the one that is meant, and a time that is none ends neither early nor late."""
    there = "{id: main, name: Main, address: [1 Main St]}"
    for bad in ("Main Street", "{id: Main St, name: Main, address: [1 Main St]}", "{name: 7, address: [1 Main St]}"):
        text = with_track((there, bad), ("    for: Adults", "    for: Adults\n    where: main"))
        assert not [fault for fault in faults_of(text) if "where" in fault], bad
    for bad in ("7", "main", "{id: main}", ""):
        text = with_track((f"\n  - {there}", f" {bad}"), ("    for: Adults", "    for: Adults\n    where: main"))
        assert not [fault for fault in faults_of(text) if "where" in fault], bad
    (fault,) = faults_of(with_track(("to: noon", "to: 8:00")))
    assert "a time with am or pm was expected" in fault


def test_every_part_shows_how_it_may_be_written() -> None:
    for part in parts.Part.__subclasses__():
        example = yaml.safe_load(part.example)
        assert part.model_validate(example), part
    wrong = "    wait: 2 weeks\n    sessions: Monday 9 to 12\n"
    a, b = faults_of(with_track(("    sessions:\n      - {days: Monday to Thursday, from: 9:00 am, to: noon}\n", wrong)))
    assert a.endswith("“tracks.0.wait”: keys with values were expected, like {time: about 2 weeks, as_of: 2026-11-16}; what was read is '2 weeks'")
    assert "“tracks.0.sessions”: a list of rows of times was expected; write each on its own line, after a dash, like - {days: Monday to Thursday, from: 9:00 am, to: noon}" in b


def test_the_names_that_python_needs_are_not_those_of_the_file() -> None:
    unknown, missing = faults_of(with_track(("from: 9:00 am", "from_: 9:00 am")))
    assert "the key “tracks.0.sessions.0.from_” is not known" in unknown and "“tracks.0.sessions.0.from” is missing" in missing


def test_a_name_without_letters_needs_an_id() -> None:
    assert "give each its own “id”" in faults_of(with_track(("name: Mornings", "name: 上午")))[0]
    assert parse(with_track(("name: Mornings", "name: 上午\n    id: mornings")), "clinic.yml", Profile)


def test_joiners_stand_only_in_notices() -> None:
    text = "{language_assistance: [{language: فارسی, code: fa, text: 'کمک رایگان می‌شود'}]}"
    assert "\u200c" in read(notices=text).notices.language_assistance[0].text[0]
    assert "(U+200C)" in faults_of(yaml_of(name="'Ma\u200cple'"))[0]


# The file to fill in, and what editors know of it.


def uncommented() -> str:
    """The template with every example in use."""
    lines, active = [], False
    for line in TEMPLATE.read_text("utf-8").split("\n"):
        body = line[2:] if line.startswith("# ") else None
        if body is None:
            active = active and line == "#"
            lines.append(line)
            continue
        key = re.match(r"([a-z_]+):(?: |$)", body)
        active = bool(key and key[1] in Profile.model_fields) or (active and body.startswith(" "))
        lines.append(body if active else line)
    return "\n".join(lines).replace("name:\n", "name: X\n", 1).replace("phone:\n", "phone: 217-555-0142\n", 1).replace("  -\n", "  - Y\n", 1)


def test_the_template_names_every_field_and_its_examples_are_right() -> None:
    profile = parse(uncommented(), "clinic.yml", Profile)[0]
    assert profile.model_fields_set == set(Profile.model_fields)
    for part in (profile.locations[0], profile.tracks[0], profile.notices, profile.team[0], profile.local_help[0], profile.reviewer):
        assert part and part.model_fields_set == set(type(part).model_fields)


def test_a_new_profile_asks_for_three_values_and_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "clinic.yml"
    said = new(path)
    assert "Fill in name, phone and address" in said
    with pytest.raises(FaultsFound) as raised:
        load_profile(path)
    assert [re.findall("“([a-z.0]+)”", fault.what)[0] for fault in raised.value.faults] == ["name", "phone", "address.0"]
    path.write_text("mine", "utf-8")
    with pytest.raises(FaultsFound, match="there is such a file already"):
        new(path)
    assert path.read_text("utf-8") == "mine"
    for bad, says in ((tmp_path / "clinic.txt", "ends in .yml"), (tmp_path / "no" / "clinic.yml", "cannot be written")):
        with pytest.raises(FaultsFound, match=says):
            new(bad)


def test_the_published_schema_is_that_of_the_profile() -> None:
    assert SCHEMA.read_text("utf-8") == schema(), "run .venv/bin/python tests/write_schema.py"
    known = json.loads(schema())
    assert set(known["properties"]) == set(Profile.model_fields)
    assert known["additionalProperties"] is False and "from" in known["$defs"]["Session"]["properties"]
    assert all("description" in field for field in known["properties"].values())


# The whole file, hostile.

HOSTILE = [
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "javascript:alert(1)", "<!--/region-->", "{{ clinic }}", "../../x",
    "\u202egnp.exe", "\x00", "=cmd|' /C calc'!A0", "\ud800", "A" * 100_000, "🙂" * 200, "\u2028", "%3Cscript%3E", "0", "-1", "1e999",
]  # fmt: skip


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from leaves(inner, (*path, number))
    else:
        yield path


def changed(data: Any, path: tuple[Any, ...], by: Any) -> Any:
    if not path:
        return by
    copied = dict(data) if isinstance(data, dict) else list(data)
    copied[path[0]] = changed(data[path[0]], path[1:], by)
    return copied


BRANCHES: list[tuple[Any, ...]] = [
    ("locations",), ("locations", 0), ("locations", 0, "hours"), ("tracks",), ("tracks", 0), ("tracks", 0, "sessions"),
    ("tracks", 0, "sessions", 0), ("tracks", 0, "wait"), ("tracks", 1, "where"), ("local_help",), ("closed",), ("notices",),
]  # fmt: skip
RAW = yaml.load(SAMPLE.read_text("utf-8"), Loader=yaml.BaseLoader)


@pytest.mark.parametrize("path", list([*leaves(RAW), *BRANCHES]), ids=lambda path: ".".join(map(str, path)))
def test_every_field_with_every_hostile_value(path: tuple[Any, ...]) -> None:
    started = time.monotonic()
    others: list[Any] = [None, True, 7, 1.5, [], {}, [[]], {"a": "b"}, date(2026, 1, 1), ["x"] * 1_000]
    for value in [*HOSTILE, *others]:
        data = changed(RAW, path, value)
        assert all(len(said) < 300 for _, said, _ in Profile.conflicts(data))
        try:
            profile = Profile.model_validate(data)
        except ValueError:
            continue
        for part in strings(profile.model_dump()):
            assert len(part) <= 4_000
            assert not set("\x00\u202e\u2028\ud800") & set(part)
        for link in [profile.site, profile.website, *(place.map for place in profile.locations)]:
            assert link is None or link.startswith("https://")
    assert time.monotonic() - started < 5


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from strings(inner)


def test_what_hours_ask_for_is_told_in_the_same_round() -> None:
    track = TRACK.replace("time_zone: Central\nchecked: 2026-11-16\n", "")
    for text, fields_ in ((yaml_of(phone="911") + track, ["checked", "time_zone", "phone"]), (yaml_of() + track, ["checked", "time_zone"])):
        assert [re.findall("“([a-z_]+)”", fault)[0] for fault in faults_of(text)] == fields_
