"""Rules of the layout that a test can hold: who may import what, what templates may use, what files may name."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from conftest import ROOT

SOURCES = sorted((ROOT / "scripts").rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_only_the_hooks_import_the_engine(path: Path) -> None:
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        for name in ([a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""] if isinstance(node, ast.ImportFrom) else [])
    }  # fmt: skip
    assert path.name == "hooks.py" or not imported & {"mkdocs", "material"}


def test_hooks_are_a_line_or_two() -> None:
    tree = ast.parse((ROOT / "scripts/hooks.py").read_text("utf-8"))
    for function in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
        assert len(function.body) <= 5, function.name


@pytest.mark.parametrize("path", sorted((ROOT / "overrides").rglob("*.html")), ids=lambda path: path.name)
def test_templates_stay_in_the_common_subset_of_jinja(path: Path) -> None:
    """No method calls: engines that read Jinja in Rust have none. Macros of our own and super() are fine."""
    text = re.sub(r"\{#.*?#\}", "", path.read_text("utf-8"), flags=re.S)
    for inside in re.findall(r"\{[{%](.*?)[%}]\}", text, flags=re.S):
        bare = re.sub(r'"[^"]*"|\'[^\']*\'', "", inside)
        assert re.findall(r"\.(\w+)\(", bare) in ([], ["t"]), inside


def test_the_readme_names_the_commands_that_there_are() -> None:
    for name in ("build.py", "serve.py", "test.py"):
        assert f"python3 scripts/{name}" in (ROOT / "README.md").read_text("utf-8") and (ROOT / "scripts" / name).is_file()


def test_no_file_names_a_package_host() -> None:
    folders = ("docs", "overrides", "samples", "scripts", "tests", ".ci", ".github")
    ours = [*(path for path in ROOT.iterdir() if path.is_file()), *(path for name in folders for path in (ROOT / name).rglob("*"))]
    kinds = (".py", ".md", ".yml", ".txt", ".toml", ".in", ".html", ".js", ".css")
    texts = {path: path.read_text("utf-8") for path in ours if path.suffix in kinds}
    assert len(texts) > 200
    hosts = ("pypi" + ".org", "files.pythonhosted" + ".org", "registry.npmjs" + ".org")
    assert [str(path) for path, text in texts.items() if any(host in text for host in hosts)] == []


def test_templates_escape_what_people_write() -> None:
    """The engine's templates do not escape by themselves; regions do (stamp.py)."""
    words = "title heading publisher note label name term sentence claim why meaning".replace(" ", "|")
    written = re.compile(rf"\{{\{{-?[^{{}}|]*\b(?:{words})\)?\s*(?:\|[^{{}}]*)?-?\}}\}}")
    bare = [
        f"{path.relative_to(ROOT)}: {found[0]}"
        for path in sorted((ROOT / "overrides").rglob("*.html"))
        if path.parent.name != "regions"
        for found in written.finditer(path.read_text("utf-8"))
        if not re.search(r"\|\s*(?:e|safe)\s*-?\}\}$", found[0])
    ]
    assert bare == []
