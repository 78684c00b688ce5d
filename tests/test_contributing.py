"""Every example in CONTRIBUTING.md is a block that works, and has its picture."""

from __future__ import annotations

from conftest import ROOT
from draw_blocks import examples, render
from iop_guide.blocks import NAMES


def test_every_block_has_an_example_that_renders_and_a_picture() -> None:
    shown = dict(examples())
    assert set(shown) == NAMES
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    for name, markdown in shown.items():
        assert "///" not in render(markdown), name
        assert f"](docs/contributing/{name}.png)" in text
        assert (ROOT / "docs/contributing" / f"{name}.png").stat().st_size > 1000, name
