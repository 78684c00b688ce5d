"""Logos: what is taken and refused; the QR code, read back as a phone would; the preview."""

from __future__ import annotations

import os
import re
import struct
import time
import zlib
from pathlib import Path

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st

from iop_guide.faults import FaultsFound
from iop_guide.pictures import MAX_BYTES, Picture, check_logo, preview_png, qr_svg, read_logo
from iop_guide.profile import Profile, load_profile

ROOT = Path(__file__).resolve().parents[1]
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 40"><path d="M0 0h9"/></svg>'
PLAIN = "name: A\nphone: 217-555-0142\naddress: [B]\nlogo: {file: logo.svg}\n"


def png(width: int = 120, height: int = 40) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + b"\x7f" * width for _ in range(min(height, 50)))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffdb0004 0000ffc00011080028007803012200021101031101".replace(" ", ""))
WEBP = b"RIFF\x1a\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + (119).to_bytes(3, "little") + (39).to_bytes(3, "little") + b"\0" * 8


@pytest.mark.parametrize(
    ("data", "kind", "ratio"),
    [
        (SVG.encode(), "svg", 3.0),
        (b"\xef\xbb\xbf<?xml version='1.0' encoding='utf-8'?><!-- by hand -->" + SVG.encode(), "svg", 3.0),
        (SVG.replace("viewBox", 'width="60" height="30" data-x').encode(), "svg", 2.0),
        (SVG.replace("<path", '<defs><linearGradient id="g"/></defs><path fill="url(#g)"').encode(), "svg", 3.0),
        (SVG.replace("<path", '<path style="fill:#123"').encode(), "svg", 3.0),
        (SVG.replace("<path", '<use href="#a"/><path').encode(), "svg", 3.0),
        (SVG.replace("<path", '<linearGradient id="b" href="#a"/><linearGradient id="a"/><g id="fff"><path fill="#fff"/></g>' + '<path fill="url(#b)"/>' * 900 + "<path").encode(), "svg", 3.0),
        (png(), "png", 3.0),
        (JPEG, "jpg", 3.0),
        (WEBP, "webp", 3.0),
    ],
)
def test_logos_that_are_taken(data: bytes, kind: str, ratio: float) -> None:
    found = check_logo(data, "logo.anything")
    assert isinstance(found, Picture), found
    assert (found.kind, found.width / found.height, found.data) == (kind, ratio, data)


def inside(element: str) -> bytes:
    return SVG.replace("<path", f"{element}<path").encode()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (inside("<script>alert(1)</script>"), "holds <script>"),
        (inside("<SCRIPT>alert(1)</SCRIPT>"), "holds <SCRIPT>"),
        (inside('<s:script xmlns:s="http://www.w3.org/2000/svg">alert(1)</s:script>'), "holds <s:script>"),
        (inside('<foreignObject><p xmlns="http://www.w3.org/1999/xhtml">x</p></foreignObject>'), "holds <foreignObject>"),
        (inside('<a href="https://example.com/">x</a>'), "holds <a>"),
        (inside('<image href="https://example.com/pixel.png"/>'), "holds <image>"),
        (inside('<use href="https://example.com/a.svg#b"/>'), "a link to something else"),
        (inside('<use xmlns:x="http://www.w3.org/1999/xlink" x:href="//example.com/a.svg#b"/>'), "a link to something else"),
        (inside('<use href="data:image/svg+xml;base64,AAAA"/>'), "a link to something else"),
        (inside("<style>@import url(https://example.com/a.css)</style>"), "holds <style>"),
        (inside('<animate attributeName="href" to="javascript:alert(1)"/>'), "holds <animate>"),
        (inside('<set attributeName="onclick" to="alert(1)"/>'), "holds <set>"),
        (inside("<feImage/>"), "holds <feImage>"),
        (inside('<h:img xmlns:h="http://www.w3.org/1999/xhtml" srcset="https://example.com/p 1x"/>'), "holds HTML"),
        (inside('<body xmlns="http://www.w3.org/1999/xhtml" background="https://example.com/p"/>'), "holds HTML"),
        (SVG.replace("<svg", "<svg style=\"background:image-set('https://example.com/p' 1x)\"").encode(), "loads or runs"),
        (inside('<path style="cursor:-webkit-image-set(&quot;//example.com/p&quot; 1x)"/>'), "loads or runs"),
        (inside('<g id="a0"/>' + "".join(f'<g id="a{n}">' + f'<use href="#a{n - 1}"/>' * 10 + "</g>" for n in range(1, 9))), "again and again"),
        (inside('<g id="a"><use href="#b"/></g><g id="b"><path fill="url(#a)"/></g>'), "drawn inside itself"),
        (SVG.replace("<svg", '<svg onload="alert(1)"').encode(), "the event “onload”"),
        (SVG.replace("<path", '<path ONCLICK="alert(1)"').encode(), "the event “ONCLICK”"),
        (inside('<path fill="url(https://example.com/a.svg#g)"/>'), "something that loads or runs"),
        (inside('<path style="background: u\\72l(//example.com)"/>'), "something that loads or runs"),
        (inside('<path filter="url( &quot;//example.com/f&quot; )"/>'), "something that loads or runs"),
        (inside('<path d="jav&#x09;ascript:alert(1)"/>'), "something that loads or runs"),
        (b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + SVG.encode(), "a DOCTYPE"),
        (b'<!DOCTYPE svg SYSTEM "file:///etc/passwd">' + SVG.encode(), "a DOCTYPE"),
        (b'<?xml-stylesheet href="https://example.com/a.css"?>' + SVG.encode(), "a processing instruction"),
        (SVG.encode("utf-16"), "no SVG text"),
        (inside("<g>" * 60 + "</g>" * 60), "too many elements"),
        (inside("<g/>" * 6_000), "too many elements"),
        (b"<svg", "no valid SVG"),
        (b"<html><svg/></html>", "<html> instead of <svg>"),
        (SVG.replace(' viewBox="0 0 120 40"', "").encode(), "how large it is"),
        (SVG.replace("0 0 120 40", "0 0 0 0").encode(), "how large it is"),
        (SVG.replace("0 0 120 40", "0 0 1 900").encode(), "too narrow"),
        (SVG.replace(' xmlns="http://www.w3.org/2000/svg"', "").encode(), "xmlns is missing"),
        (b"GIF89a" + b"\0" * 50, "no picture that every browser shows"),
        (b"", "no picture"),
        (b"%PDF-1.7", "no picture"),
        (png(5_000, 40), "5,000 by 40 pixels"),
        (png(0, 40), "0 by 40 pixels"),
        (b"\x89PNG\r\n\x1a\n", "no picture"),
        (b"\xff\xd8\xff\xe0\x00\x00", "no picture"),
        (b"MZ" + b"\0" * 100, "no picture"),
    ],
)
def test_logos_that_are_refused(data: bytes, says: str) -> None:
    found = check_logo(data, "logo.png")
    if isinstance(found, Picture) or "no SVG text" in says:
        found = check_logo(data, "logo.svg")
    assert not isinstance(found, Picture)
    assert says in found[0] and found[1]


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=400), st.binary(max_size=200).map(lambda b: b"\xff\xd8\xff" + b), st.binary(max_size=60).map(
    lambda b: b"RIFF....WEBP" + b), st.text(max_size=200).map(lambda t: f"<svg {t}".encode()), st.text(max_size=99).map(inside)))  # fmt: skip
def test_any_bytes_are_a_picture_or_refused(data: bytes) -> None:
    found = check_logo(data, "logo.svg")
    assert isinstance(found, Picture) or (found[0] and found[1])


def test_a_huge_logo_costs_neither_time_nor_memory(tmp_path: Path) -> None:
    with (tmp_path / "logo.svg").open("wb") as file:
        file.truncate(50_000_000)
    started = time.monotonic()
    found = read_logo(tmp_path, "logo.svg")
    assert not isinstance(found, Picture) and f"has 50,000,000 bytes, and {MAX_BYTES:,} at most" in found[0]
    assert time.monotonic() - started < 0.5


def test_a_logo_outside_its_folder_is_not_read(tmp_path: Path) -> None:
    folder = tmp_path / "clinic"
    folder.mkdir()
    (tmp_path / "secret.svg").write_text(SVG)
    os.symlink(tmp_path / "secret.svg", folder / "logo.svg")
    found = read_logo(folder, "logo.svg")
    assert not isinstance(found, Picture) and "leads out of the folder" in found[0]
    (folder / "clinic.yml").write_text(PLAIN)
    with pytest.raises(FaultsFound) as raised:
        load_profile(folder / "clinic.yml")
    assert str(raised.value).startswith(f"{folder}/clinic.yml:4: “logo.file”: the file “logo.svg” is a link")


def test_a_logo_that_links_to_itself_is_a_fault_and_no_traceback(tmp_path: Path) -> None:
    os.symlink("logo.svg", tmp_path / "logo.svg")
    found = read_logo(tmp_path, "logo.svg")
    assert not isinstance(found, Picture) and "cannot be read" in found[0]


def test_a_missing_logo_and_one_with_a_script_are_told_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "clinic.yml"
    path.write_text(PLAIN.replace("{file: logo.svg}", "\n  file: logo.svg\n  dark: dark.svg"))
    (tmp_path / "dark.svg").write_bytes(inside("<script/>"))
    with pytest.raises(FaultsFound) as raised:
        load_profile(path)
    first, second = map(str, raised.value.faults)
    assert first.startswith(f"{path}:5: “logo.file”: there is no file “logo.svg”; put the file beside the profile")
    assert second.startswith(f"{path}:6: “logo.dark”: “dark.svg” holds <script>, and a logo may only draw; export it")


# The QR code.


def read_qr(svg: bytes) -> str:
    """What a phone reads in the drawing: each module drawn as 4 by 4 points of a gray picture."""
    text = svg.decode()
    side = int(re.search(r'viewBox="0 0 (\d+) \1"', text)[1])  # type: ignore[index]
    scale = 4
    rows = [bytearray(b"\xff" * side * scale) for _ in range(side * scale)]
    paths = re.findall(r'<path(?: fill="#fff")? d="([^"]*)"/>', text)
    assert paths[0] == f"M0 0h{side}v{side}H0z"
    for x, y, long in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", paths[1]):
        for row in range(int(y) * scale, int(y) * scale + scale):
            rows[row][int(x) * scale : (int(x) + int(long)) * scale] = b"\0" * (int(long) * scale)
    view = memoryview(b"".join(rows)).cast("B", (side * scale, side * scale))
    [found] = zxingcpp.read_barcodes(view)
    return str(found.text)


@pytest.mark.parametrize(
    "address",
    ["https://example.org/", "https://maple-street.example.org/iop-guide/", f"https://{'a' * 60}.example.org/{'b' * 100}/"],
)
def test_a_phone_reads_the_address(address: str) -> None:
    assert read_qr(qr_svg(address)) == address
    assert qr_svg(address) == qr_svg(address)


@settings(max_examples=40, deadline=None)
@given(st.from_regex(r"[a-z][a-z0-9]{0,20}(?:-[a-z0-9]{1,8})?", fullmatch=True), st.from_regex(r"(?:[A-Za-z0-9_-]{1,12}/){0,4}", fullmatch=True))
def test_a_phone_reads_any_address_that_a_profile_takes(host: str, folder: str) -> None:
    profile = Profile.model_validate(
        {"name": "A", "phone": "217-555-0142", "address": ["B"], "site": f"https://{host}.example.org/{folder}"}
    )
    assert profile.site
    assert read_qr(qr_svg(profile.site)) == profile.site


def test_the_preview_is_a_small_picture_in_the_clinic_s_color() -> None:
    data = preview_png("#6d3b6e")
    assert check_logo(data, "preview.png") == Picture("png", 1200, 630, data)
    assert len(data) < 8_000 and bytes.fromhex("6d3b6e") in data[:60]
    at, seen = 8, []
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + size]
        assert struct.unpack(">I", data[at + 8 + size : at + 12 + size])[0] == zlib.crc32(kind + body)
        seen.append(kind)
        if kind == b"IDAT":
            pixels = zlib.decompress(body)
            assert len(pixels) == 630 * 1201 and max(pixels) == 3
        at += 12 + size
    assert seen == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]
