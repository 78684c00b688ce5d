"""The pictures of pages are there, and what the page for clinics says of them is what the samples hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from browser_checks import PHONE
from conftest import ROOT
from draw_samples import SHOTS, Shot, profile_of
from iop_guide.pictures import Picture, check_logo

OF_SAMPLES = [shot for shot in SHOTS if shot.sample]
SAMPLES = sorted(path.parent.name for path in (ROOT / "samples").glob("*/clinic.yml"))
MAX_BYTES = 45_000


@pytest.fixture(scope="module")
def page(site: Path) -> LexborHTMLParser:
    return LexborHTMLParser((site / "clinics/index.html").read_text("utf-8"))


@pytest.mark.parametrize("shot", SHOTS, ids=lambda shot: shot.file)
def test_a_picture_is_light_and_has_its_window_s_shape(shot: Shot) -> None:
    data = (ROOT / shot.file).read_bytes()
    picture = check_logo(data, shot.file)
    assert isinstance(picture, Picture) and picture.kind == "webp"
    assert len(data) <= MAX_BYTES
    assert picture.width * shot.window[1] == picture.height * shot.window[0]


@pytest.mark.parametrize("shot", OF_SAMPLES, ids=lambda shot: shot.file)
def test_the_page_shows_a_picture_late_in_its_room_and_names_what_it_holds(page: LexborHTMLParser, shot: Shot) -> None:
    image = page.css_first(f'img[src="{shot.file.removeprefix("docs/en/clinics/")}"]')
    assert image is not None
    shown = image.attributes
    assert (shown["width"], shown["height"], shown["loading"]) == (str(shot.window[0]), str(shot.window[1]), "lazy")
    assert shot.sample
    clinic, said = profile_of(shot.sample), shown["alt"] or ""
    assert clinic.name in said and "(sample)" in clinic.name
    assert ("on a phone" in said) == (shot.window == PHONE)
    if shot.part == "the-week":
        assert all(track.name in said for track in clinic.tracks)


def test_every_sample_is_shown_and_nothing_else(page: LexborHTMLParser) -> None:
    assert sorted({shot.sample for shot in OF_SAMPLES if shot.sample}) == SAMPLES
    files = sorted((ROOT / "docs/en/clinics/samples").iterdir())
    assert [path.relative_to(ROOT).as_posix() for path in files] == sorted(shot.file for shot in OF_SAMPLES)
    assert len(page.css(".screens img")) == len(files)
    text = page.css_first("main").text()  # type: ignore[union-attr]
    assert all(f"samples/{sample}/clinic.yml" in text for sample in SAMPLES)


def test_the_readme_shows_the_home_page_under_its_title(site: Path) -> None:
    title = LexborHTMLParser((site / "index.html").read_text("utf-8")).css_first("h1")
    shown = re.findall(r"!\[([^\]]+)\]\(([^)]+)\)", (ROOT / "README.md").read_text("utf-8"))
    assert [file for _, file in shown] == [shot.file for shot in SHOTS if not shot.sample]
    assert title is not None and title.text() in shown[0][0]
