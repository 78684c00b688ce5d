"""A clinic's pictures: its logo, checked before it is taken; the QR code of its address; the preview for messengers.

A logo comes from outside. Whatever could run, load or follow something is refused, not mended: a clinic should know
what its logo holds.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections import Counter
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from xml.parsers import expat

import segno

MAX_BYTES = 100_000
"""A logo is on the first screen of each page, often on a slow phone."""
MAX_SIDE = 4_000
_SIZE = re.compile(r"\s*([0-9]{1,5}(?:\.[0-9]+)?)\s*(?:px)?\s*")
_FORBIDDEN = {
    "script", "foreignobject", "iframe", "object", "embed", "audio", "video", "a", "animate", "set", "animatetransform",
    "animatemotion", "handler", "listener", "image", "feimage", "style", "link", "meta", "base",
}  # fmt: skip
"""Elements that run, load, lead somewhere or change others. `style` may load by `@import` and `url()`."""
_MAX_DEPTH, _MAX_ELEMENTS, _MAX_DRAWN = 50, 5_000, 50_000
_XHTML = "http://www.w3.org/1999/xhtml"
_REFERENCE = re.compile(r"url\([\"']?#([^\"')]+)")
_EXPORT = "export it again as “plain SVG”, or as PNG"


@dataclass(frozen=True)
class Picture:
    """A picture that may be shown."""

    kind: str
    """The ending of its file name: svg, png, jpg, webp."""
    width: int
    height: int
    data: bytes


Refusal = tuple[str, str]
"""What is wrong, and how to mend it."""


def read_logo(folder: Path, name: str) -> Picture | Refusal:
    """Read and check a logo that stands in `folder`; return it, or what is wrong with it."""
    path = folder / name
    beside = "put the file beside the profile, and check its name (large and small letters differ)"
    try:
        if folder.resolve() not in path.resolve().parents:
            return f"the file “{name}” is a link that leads out of the folder", "put the file itself there"
        if not path.is_file():
            return f"there is no file “{name}”", beside
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)  # never all of it
        size = max(path.stat().st_size, len(data))
    except (OSError, ValueError, RuntimeError):  # the last: a link that leads to itself
        return f"the file “{name}” cannot be read", beside
    if size > MAX_BYTES:
        return (
            f"the file “{name}” has {size:,} bytes, and {MAX_BYTES:,} at most are allowed",
            "make it smaller: about 400 pixels wide is enough, or use SVG",
        )
    return check_logo(data, name)


def check_logo(data: bytes, name: str) -> Picture | Refusal:
    """Check the bytes of a logo, by what they are and not by their name."""
    found = _raster(data)
    if found is None and (b"<svg" in data[:2_000].lower() or name.lower().endswith(".svg")):
        return _vector(data, name)
    if found is None:
        return f"“{name}” is no picture that every browser shows", "use SVG, PNG, JPEG or WebP"
    if not (1 <= found.width <= MAX_SIDE and 1 <= found.height <= MAX_SIDE):
        return (
            f"“{name}” is {found.width:,} by {found.height:,} pixels, {MAX_SIDE:,} at most are allowed",
            "make it smaller: about 400 pixels wide is enough",
        )
    return found


def _raster(data: bytes) -> Picture | None:
    """A PNG, JPEG or WebP with the size that its own header gives, or None."""
    if data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR" and len(data) > 24:
        width, height = struct.unpack(">II", data[16:24])
        return Picture("png", width, height, data)
    if data.startswith(b"\xff\xd8\xff"):
        at = 2
        while at + 9 < len(data) and data[at] == 0xFF:
            marker = data[at + 1]
            if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
                height, width = struct.unpack(">HH", data[at + 5 : at + 9])
                return Picture("jpg", width, height, data)
            at += 2 + max(2, struct.unpack(">H", data[at + 2 : at + 4])[0])
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP" and len(data) > 30:
        kind = data[12:16]
        if kind == b"VP8X":
            return Picture(
                "webp", 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little"), data
            )
        if kind == b"VP8L":
            bits = int.from_bytes(data[21:25], "little")
            return Picture("webp", 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF), data)
        if kind == b"VP8 ":
            width, height = struct.unpack("<HH", data[26:30])
            return Picture("webp", width & 0x3FFF, height & 0x3FFF, data)
    return None


class _Refused(Exception):
    pass


def _vector(data: bytes, name: str) -> Picture | Refusal:
    """An SVG that only draws. It is read as the browser reads it, as XML; entities and doctypes are not taken."""
    root: dict[str, str] = {}
    depth = count = 0
    around: list[str] = []  # the id of each element that is open; "" for none
    size: Counter[str] = Counter()  # the elements in what has an id
    uses: dict[str, Counter[str]] = {"": Counter()}  # what is drawn again, by the id that it stands in

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth, count
        depth, count = depth + 1, count + 1
        local = tag.rpartition(":")[2].lower()
        if depth > _MAX_DEPTH or count > _MAX_ELEMENTS:
            raise _Refused("too many elements for a logo")
        if count == 1:
            if local != "svg":
                raise _Refused(f"<{tag[:30]}> instead of <svg>")
            root.update(attributes)
        if local in _FORBIDDEN:
            raise _Refused(f"<{tag[:30]}>")
        around.append(attributes.get("id", ""))
        inside = {"", *around}
        size.update(inside)
        for key, value in attributes.items():
            if key.startswith("xmlns"):
                if value.strip() == _XHTML:
                    raise _Refused("HTML, which loads and leads elsewhere")
                continue
            word, plain = key.rpartition(":")[2].lower(), re.sub(r"[\s\x00-\x1f]", "", value).lower()
            if word.startswith("on"):
                raise _Refused(f"the event “{key[:30]}”")
            if word in ("href", "src", "base") and not plain.startswith("#"):
                raise _Refused(f"a link to something else ({key[:30]}=“{value[:40]}”)")
            if re.search(r"url\((?![\"']?#)|(?:image-set|image|src|expression)\(|javascript:|@import|data:|\\", plain):
                raise _Refused(f"something that loads or runs ({key[:30]}=“{value[:40]}”)")
            for target in [value.strip()[1:]] if word == "href" else _REFERENCE.findall(value):
                for one in inside:
                    uses.setdefault(one, Counter())[target] += 1

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        around.pop()

    def drawn(name: str, above: tuple[str, ...] = ()) -> int:
        """How many elements a browser draws for one with this id, all that it refers to included."""
        if name in above or len(above) > _MAX_DEPTH:
            raise _Refused("a part that is drawn inside itself")
        if name not in known:
            again = uses.get(name, Counter())
            known[name] = size[name] + sum(times * drawn(other, (*above, name)) for other, times in again.items())
            if known[name] > _MAX_DRAWN:
                raise _Refused("parts that are drawn again and again, too many for a logo")
        return known[name]

    known: dict[str, int] = {}

    def refuse(*_: object) -> None:
        raise _Refused("a DOCTYPE, an entity or a processing instruction")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = parser.ProcessingInstructionHandler = refuse
    try:
        if data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] != b"<" or b"\x00" in data:
            raise _Refused("bytes that are no SVG text")
        parser.Parse(data, True)
        drawn("")
    except _Refused as refused:
        return f"“{name}” holds {refused}, and a logo may only draw", _EXPORT
    except (expat.ExpatError, ValueError, LookupError) as error:
        return f"“{name}” is no valid SVG ({str(error)[:80]})", _EXPORT
    if not any(value == "http://www.w3.org/2000/svg" for key, value in root.items() if key.startswith("xmlns")):
        return f"“{name}” does not say that it is SVG (xmlns is missing)", _EXPORT
    width, height = (_SIZE.fullmatch(root.get(side, "")) for side in ("width", "height"))
    box = re.split(r"[\s,]+", root.get("viewBox", "").strip())
    try:
        sizes = (float(width[1]), float(height[1])) if width and height else (float(box[2]), float(box[3]))
        wide, high = round(sizes[0] * 100 / sizes[1]), 100  # only the ratio matters
    except (IndexError, ValueError, ArithmeticError):
        return f"“{name}” does not say how large it is (viewBox is missing)", _EXPORT
    if not 10 <= wide <= 2_000:
        return f"“{name}” is {sizes[0]:g} by {sizes[1]:g}, too narrow for the head of a page", "crop it to the drawing"
    return Picture("svg", wide, high, data)


@lru_cache(maxsize=4_000)
def qr_svg(address: str) -> bytes:
    """The QR code of an address as a drawing, black on white with the quiet zone that scanners need (4 modules).

    Error correction M: a fold or a stain on the paper may cover a seventh of it. The same address gives the same bytes.
    """
    # To try all eight masks for the prettiest takes longer than all else in a copy; every reader takes any of them.
    code = segno.make(address, error="m", micro=False, boost_error=False, mask=2)
    rows = [bytes(row) for row in code.matrix]
    side = len(rows) + 8
    path = []
    for y, row in enumerate(rows):
        x = 0
        while (x := row.find(1, x)) >= 0:
            end = row.find(0, x)
            end = len(row) if end < 0 else end
            path.append(f"M{x + 4} {y + 4}h{end - x}v1h-{end - x}z")
            x = end
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{side}v{side}H0z"/><path d="{"".join(path)}"/></svg>\n'
    ).encode()


PREVIEW_SIZE = (1200, 630)
"""What messengers show beside a link, in pixels."""


@cache
def _preview_pixels() -> bytes:
    """The pixels of the preview, compressed: the guide's open door.

    They are numbers into a table of four colors, so the same bytes serve every clinic, and only the table differs.
    """
    width, height = PREVIEW_SIZE
    paper, accent, glow, floor = 0, 1, 2, 3
    rows = []
    middle, top, ground = width // 2, 110, 540

    def arch(y: int, half: int, above: int) -> tuple[int, int]:
        """The left and right end of a round-topped door on the line y; none gives an empty piece."""
        if y >= ground or y < above:
            return 0, 0
        into = y - above
        reach = half if into >= half else round((half**2 - (half - into) ** 2) ** 0.5)
        return middle - reach, middle + reach

    for y in range(height):
        row = bytearray([floor if y >= ground else paper]) * width
        for color, half, above in ((accent, 170, top), (glow, 130, top + 40)):
            left, right = arch(y, half, above)
            row[left:right] = bytes([color]) * (right - left)
        rows.append(b"\x00" + bytes(row))
    return zlib.compress(b"".join(rows), 9)


def preview_png(accent: str) -> bytes:
    """A picture of an open door in the clinic's color, without words: the words stand beside it."""
    width, height = PREVIEW_SIZE
    table = b"".join(bytes.fromhex(color[1:]) for color in ("#fffcf7", accent, "#ffe3a8", "#f6eee1"))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = (chunk(b"IHDR", head), chunk(b"PLTE", table), chunk(b"IDAT", _preview_pixels()), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)
