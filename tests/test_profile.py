"""clinic.yml: what is taken, what is refused and with which words, and that nothing else ever comes out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iop_guide import contrast
from iop_guide.faults import FaultsFound
from iop_guide.profile import MAX_BYTES, Profile, load_profile
from iop_guide.yamlfile import parse

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "samples" / "maple-street" / "clinic.yml"
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
    assert profile.model_dump() == {
        "name": "Maple Street Counseling (sample)",
        "phone": "(217) 555-0142",
        "address": ("12 Maple Street, Suite 200", "Exampleton, IL 00000"),
        "site": "https://maple-street.example.org/iop-guide/",
        "accent": "#6d3b6e",
    }
    assert (profile.tel, profile.base) == ("tel:+12175550142", "/iop-guide/")


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
    ],
)
def test_refused_with_a_reason(field: str, value: str, says: str) -> None:
    faults = faults_of(yaml_of(**{field: value}))
    line = list(GOOD).index(field) + 1
    assert len(faults) == 1
    assert faults[0].startswith(f"clinic.yml:{line}: ")
    assert says in faults[0]


def test_html_is_text_like_any_other() -> None:
    assert read(name="<script>alert(1)</script>").name == "<script>alert(1)</script>"  # escaped where it is shown


def test_all_faults_at_once_each_on_its_line() -> None:
    text = "name: ''\nphone: 911\naddress:\n  - 12 Maple Street\n  - 7\nsite: ftp://example.org\nlogo: a.svg\n"
    faults = faults_of(text)
    assert [re.findall(r"“([a-z.0-9]+)”", fault)[0] for fault in faults] == [
        "accent",
        "name",
        "phone",
        "address.1",
        "site",
        "logo",
    ]
    assert [int(fault.split(":")[1]) for fault in faults] == [1, 1, 2, 5, 6, 7]


def test_the_message_about_contrast_has_both_ratios_and_a_color_that_passes() -> None:
    (fault,) = faults_of(yaml_of(accent='"#2a9d8f"'))
    assert fault == (
        "clinic.yml:5: “accent”: as text on the guide's ground #e6f0ed its contrast is 2.85:1, and 4.5:1 is needed; "
        "the nearest darker tone that can be read is \"#20776d\"; what was read is '#2a9d8f'"
    )
    assert read(accent='"#20776d"').accent == "#20776d"


@given(st.from_regex(r"#[0-9a-f]{6}", fullmatch=True))
def test_every_color_has_a_darker_and_a_lighter_tone_that_can_be_read(color: str) -> None:
    assert contrast.worst(contrast.darker(color), contrast.LIGHT_GROUNDS.values())[0] >= 4.5
    assert contrast.worst(contrast.lighter(color), contrast.DARK_GROUNDS.values())[0] >= 7
    # White text stands on the accent too, and white is lighter than any ground.
    assert contrast.ratio(contrast.darker(color), "#ffffff") >= 4.5


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
        (b"name: x\n" * 5_000, f"keep it under {MAX_BYTES:,}"),
        (yaml_of().encode() + b"name: twice\n", "the key “name” stands twice"),
        (b"name: !!python/object/apply:os.system [ls]\n", "a tag"),
        (b"name: &a [x]\nphone: *a\n", "an alias or anchor"),
        (b"name: [\n", "not valid YAML"),
        (b"--- a\n--- b\n", "not valid YAML"),
        (b"\tname: x\n", "not valid YAML"),
        (b"[" * 15_000, ""),
        (b"- " * 9_000, "nested too deep"),
        (b"name: " + b"1:" * 300 + b"1.5\n", "“name”"),
        (b"phone: 0001-99-99\n", "“phone”"),
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
        profile = Profile.model_validate(good | {field: value})
    except ValueError:  # what pydantic raises; yamlfile turns it into faults
        return
    assert profile.site.startswith("https://") and profile.site.endswith("/")
    assert re.fullmatch(r"tel:\+1[0-9]{10}", profile.tel)
