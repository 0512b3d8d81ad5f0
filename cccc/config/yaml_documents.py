"""YAML 1.2 as a ``Document``: ruamel composes the nodes, whose marks say where everything stands.

Values are built from the nodes here instead of by a constructor: only plain data comes out whatever tags the file
carries, a key that stands twice is noticed with both lines, and aliases cannot unfold without end.
"""

from __future__ import annotations

from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from cccc.config.document import Document, Place, Places, Span
from cccc.config.problems import Path, dotted, masked, shown_key
from cccc.errors import ConfigError

_TAG = "tag:yaml.org,2002:"
_MERGE = f"{_TAG}merge"
_TEXT = {f"{_TAG}str", f"{_TAG}timestamp", "!"}
_COLLECTIONS = {f"{_TAG}map", f"{_TAG}seq", "!"}
_CONSTRUCTED = {f"{_TAG}bool", f"{_TAG}int", f"{_TAG}float"}


def parse_yaml(text: str, name: str) -> Document:
    """Read one YAML document. Raises ``ConfigError`` where it is not YAML or not a mapping."""
    return _Reader(text, name).document()


class _Reader:
    def __init__(self, text: str, name: str) -> None:
        self.text = text
        self.name = name
        self.places = Places(name)
        self.yaml = YAML(typ="safe", pure=True)

    def document(self) -> Document:
        try:
            root = self.yaml.compose(self.text)
            data = None if root is None else self.value(root, ())
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            what = ", ".join(masked(str(part)) for part in (error.context, error.problem) if part)
            where = "" if mark is None else f":{mark.line + 1}:{mark.column + 1}"
            raise ConfigError([f"{self.name}{where}: cannot be read as YAML ({what})"]) from None
        except ReaderError as error:
            line = self.text.count("\n", 0, error.position) + 1
            raise ConfigError([f"{self.name}:{line}: holds a control character; remove it"]) from None
        except (YAMLError, RecursionError, ValueError, AssertionError, IndexError):
            raise ConfigError([f"{self.name}: cannot be read as YAML (nested too deeply or malformed)"]) from None
        if data is None:
            data = {}
        if not isinstance(data, dict):
            raise ConfigError([f"{self.name}:1:1: is not a mapping; expected sections such as server: and endpoints:"])
        return Document(self.name, data, self.places.found, tuple(self.places.problems))

    def value(self, node: Node, path: Path, inside: tuple[Node, ...] = ()) -> Any:
        if any(node is outer for outer in inside):
            raise self.refusal(node, path, "an alias that contains itself is not supported")
        if not isinstance(node, ScalarNode) and node.tag not in _COLLECTIONS:
            raise self.foreign_tag(node, path)
        match node:
            case MappingNode():
                return self.mapping(node, path, (*inside, node))
            case SequenceNode():
                return [self.item(item, (*path, i), (*inside, node)) for i, item in enumerate(node.value)]
            case _:
                return self.scalar(node, path)

    def item(self, node: Node, path: Path, inside: tuple[Node, ...]) -> Any:
        self.places.add(path, Place(_span(node), _span(node)))
        return self.value(node, path, inside)

    def mapping(self, node: MappingNode, path: Path, inside: tuple[Node, ...]) -> dict[str, Any]:
        own: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        merges: list[Node] = []
        for key, value in node.value:
            if key.tag == _MERGE:
                merges += value.value if isinstance(value, SequenceNode) else [value]
                continue
            if not isinstance(key, ScalarNode):
                raise self.refusal(key, path, "a key must be a plain word")
            deeper = (*path, key.value)
            if key.value in own:
                self.places.twice(deeper, _span(key))
                continue
            self.places.add(deeper, Place(_span(key), _span(value)))
            own[key.value] = self.value(value, deeper, inside)
        for other in merges:
            if not isinstance(other, MappingNode):
                raise self.refusal(other, path, "<< needs a mapping")
            merged = {**self.value(other, path, inside), **merged}
        return {**merged, **own}

    def scalar(self, node: Node, path: Path) -> Any:
        if node.tag in _TEXT:
            return node.value
        if node.tag == f"{_TAG}null":
            return None
        if node.tag in _CONSTRUCTED:
            try:
                return self.yaml.constructor.construct_object(node)
            except (ValueError, OverflowError):
                raise self.refusal(node, path, "is not a usable number") from None
        raise self.foreign_tag(node, path)

    def foreign_tag(self, node: Node, path: Path) -> ConfigError:
        tag = shown_key(str(node.tag).removeprefix(_TAG))
        return self.refusal(node, path, f"the tag {tag} is not supported; write a plain value")

    def refusal(self, node: Node, path: Path, why: str) -> ConfigError:
        span = _span(node)
        where = f"{dotted(path)}: " if path else ""
        return ConfigError([f"{self.name}:{span.line}:{span.column}: {where}{why}"])


def _span(node: Node) -> Span:
    start, end = node.start_mark, node.end_mark
    return Span(start.line + 1, start.column + 1, start.index, end.index)
