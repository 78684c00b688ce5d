"""The one door for YAML from outside: text in, a checked model out, or every fault with its line.

PyYAML reads, pydantic checks; this module joins the two so that a fault names the line it stands on.
Aliases and tags are refused: no file of ours needs them, and they are how YAML bombs are made.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from .faults import Fault, FaultsFound

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C loader is ten times as fast
MAX_BYTES = 2_000_000
"""More than four times the largest file of evidence; anything bigger is not one of ours."""
_MAX_DEPTH = 20
_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ue000-\uf8ff\ufeff\ufff9-\uffff]"
)
"""Control and private-use characters, and marks that turn the direction of what follows."""

_constructor = yaml.constructor.SafeConstructor()
_LONGEST_NUMBER = 50
_NUMBERS = {"tag:yaml.org,2002:int", "tag:yaml.org,2002:float"}

# Most files have nothing of the kind, and then their events need not be gone through one by one.
_UNUSUAL = re.compile(r"(?m)(?:^|[\s\[{,:-])(?:[&*]\S|!)|^ {40}")
_MANY_BRACKETS = 2_000

Location = tuple[str | int, ...]
M = TypeVar("M", bound="Strict")


class Strict(BaseModel):
    """A model that knows its keys: an unknown one is a fault, and nothing is changed once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False, str_strip_whitespace=True, defer_build=True)

    @classmethod
    def conflicts(cls, data: dict[Any, Any]) -> Iterable[tuple[Location, str, Any]]:
        """What no single value can know: (where it stands, what was expected, what was read, None if it is missing).

        Judged on the data as it was read, so that it is told together with the faults of single values.
        """
        return ()


def read_text(path: Path, shown: str, max_bytes: int = MAX_BYTES) -> str:
    """Return the text of a file that is UTF-8, has Unix line ends, no byte-order mark, and something in it.

    Raises FaultsFound with one fault otherwise. `shown` is the name that the fault gives to the file.
    """

    def stop(line: int, what: str, mend: str) -> FaultsFound:
        return FaultsFound([Fault(shown, line, what, mend)])

    try:
        if path.is_fifo():
            raise stop(0, "this is no plain file", "put the file itself there")  # nobody may ever write into a pipe
        with path.open("rb") as file:
            raw = file.read(max_bytes + 1)  # never all of it: /dev/zero has no end
        if len(raw) > max_bytes:
            size = max(path.stat().st_size, len(raw))
            raise stop(0, f"the file has {size:,} bytes", f"keep it under {max_bytes:,}: split it or shorten it")
    except FileNotFoundError:
        raise stop(0, "there is no such file", "check the name, or make the file") from None
    except OSError as error:
        raise stop(0, f"the file cannot be read ({error.strerror})", "check that it is a file you may read") from None
    if raw.startswith(b"\xef\xbb\xbf"):
        raise stop(1, "the file starts with a byte-order mark", 'save it as "UTF-8", not "UTF-8 with BOM"')
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise stop(line, "the file is not UTF-8 text", 'save it again with the encoding "UTF-8"') from None
    if "\r" in text:
        line = text[: text.index("\r")].count("\n") + 1
        raise stop(line, "the file has Windows line ends", 'save it with line ends "LF"')
    if not text.strip():
        raise stop(0, "the file is empty", "write it, or delete it")
    return text


def unseen(text: str, shown: str, first_line: int = 1) -> list[Fault]:
    """A fault for each line with a character that nobody sees, but that programs and screen readers trip over."""
    return [
        Fault(shown, number, f"a character that cannot be seen stands here (U+{ord(found[0]):04X})", "delete it")
        for number, line in enumerate(text.split("\n"), first_line)
        if (found := _CONTROL.search(line))
    ]


def parse(text: str, shown: str, model: type[M], first_line: int = 1) -> tuple[M, dict[Location, int]]:
    """Return the model that the YAML text holds, and the line on which each of its values stands.

    `first_line` is the line of `shown` on which the text begins (front matter does not begin on 1).
    Raises FaultsFound with every fault: YAML that does not parse, duplicate or unknown keys, wrong values.
    """
    faults: list[Fault] = []
    lines: dict[Location, int] = {}

    def fault(line: int, what: str, mend: str) -> None:
        faults.append(Fault(shown, line, what, mend))

    faults += unseen(text, shown, first_line)
    if faults:
        raise FaultsFound(faults)

    def build(node: yaml.Node, where: Location) -> Any:
        line = node.start_mark.line + first_line
        lines[where] = line
        if len(where) > _MAX_DEPTH:
            raise too_deep(line)
        if isinstance(node, yaml.MappingNode):
            result: dict[Any, Any] = {}
            for key_node, value_node in node.value:
                key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
                key_line = key_node.start_mark.line + first_line
                if key is None or key in result:
                    name = "a key that is not a word" if key is None else f"the key “{_short(key)}” stands twice"
                    fault(key_line, name, "keep one of them" if key else "write a plain word before the colon")
                    continue
                result[key] = build(value_node, (*where, key))
                lines[(*where, key)] = key_line
            return result
        if isinstance(node, yaml.SequenceNode):
            return [build(item, (*where, number)) for number, item in enumerate(node.value)]
        return _scalar(node)

    def too_deep(line: int) -> FaultsFound:
        what, mend = "this is nested too deep", "keep to the keys that the file's header explains"
        return FaultsFound([*faults, Fault(shown, line, what, mend)])

    def refuse(text: str) -> None:
        """Look for aliases, tags and deep nests on the events, before anything is expanded or built."""
        # The C loader composes in recursion, and dies of text that is 50,000 brackets deep.
        depth = 0
        for event in yaml.parse(text, Loader=_Loader):
            line = (event.start_mark.line if event.start_mark else 0) + first_line
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _MAX_DEPTH:
                raise too_deep(line)
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                fault(
                    line,
                    "an alias or anchor (* or &) stands here",
                    "write the value out; put it in quotes if it is text",
                )
                break
            if tag := getattr(event, "tag", None):
                fault(line, f"a tag ({tag}) stands here", "take it out; put the value in quotes if it is text")
                break

    try:
        if _UNUSUAL.search(text) or text.count("[") + text.count("{") > _MANY_BRACKETS:
            refuse(text)
        node = None if faults else yaml.compose(text, Loader=_Loader)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "it is not YAML"
        at = mark.line if mark else 0
        what = f"this is not valid YAML ({problem})"
        mend = (
            "look on this line and the one above for text with a colon that needs quotes, a missing quote, "
            "or another indent than its neighbors"
        )
        if any(re.match(r" *\t", line) for line in text.split("\n")[at : at + 1]):
            what, mend = "a tab stands at the beginning of this line", "write spaces, as many as its neighbors have"
        raise FaultsFound([Fault(shown, at + first_line, what, mend)]) from None
    if faults:
        raise FaultsFound(faults)
    data = build(node, ()) if node is not None else {}
    if faults:
        raise FaultsFound(faults)
    made, told = None, set[Location]()
    try:
        made = model.model_validate(data)
    except ValidationError as error:
        for item in error.errors(include_url=False):
            where = tuple(item["loc"])
            told.add(where)
            fault(_nearest(lines, where, first_line), *_explain(item, where))
    for where, expected, read in model.conflicts(data) if isinstance(data, dict) else ():
        if where not in told:
            mend = "add it" if read is None else f"what was read is {_shown(read)}"
            fault(_nearest(lines, where, first_line), f"“{_name(where)}”: {expected}", mend)
    if made is None or faults:
        raise FaultsFound(faults)
    return made, lines


def _scalar(node: yaml.Node) -> Any:
    """A scalar as YAML's safe schema reads it, so that dates, numbers and yes/no come out as themselves."""
    if node.tag in _NUMBERS and (":" in node.value or len(node.value) > _LONGEST_NUMBER):
        # YAML 1.1 takes 9:30 for the number 570; to everyone else it is a time of day. And Python refuses to print a
        # number of many thousand digits, so nobody could be told what is wrong.
        return node.value
    _constructor.constructed_objects.clear()  # it remembers every node otherwise
    try:
        return _constructor.construct_object(node)
    except (ValueError, ArithmeticError, yaml.YAMLError):
        return node.value  # "2026-13-40": let the model say what is wrong with it


def _nearest(lines: dict[Location, int], where: Location, default: int) -> int:
    while where not in lines:
        if not where:
            return default
        where = where[:-1]
    return lines[where]


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def _name(where: Location) -> str:
    return _short(".".join(str(part) for part in where if not str(part).startswith("function-")))


def _shown(read: Any) -> str:
    return "nothing" if read is None else _short(str(read) if isinstance(read, date) else repr(read))


def _explain(item: Any, where: Location) -> tuple[str, str]:
    key, shown = _name(where), _shown(item["input"])
    if not where and item["type"] == "model_type":
        return "the file holds no keys with values", "write each key on its own line, with a colon and its value"
    match item["type"]:
        case "missing":
            return f"“{key}” is missing", f"add “{where[-1]}:” with its value"
        case "extra_forbidden":
            return f"the key “{key}” is not known", "check its spelling against the header of the file, or take it out"
        case "value_error":
            return f"“{key}”: {item['ctx']['error']}", f"what was read is {shown}"
        case "model_type" | "model_attributes_type" if where:
            return f"“{key}”: keys with values were expected here, each on its own line", f"what was read is {shown}"
        case _:
            message = item["msg"][0].lower() + item["msg"][1:]
            return f"“{key}”: {message}", f"what was read is {shown}"


def load(path: Path, shown: str, model: type[M]) -> tuple[M, dict[Location, int]]:
    """`read_text` and `parse` in one: the usual way to read one of our files."""
    return parse(read_text(path, shown), shown, model)
