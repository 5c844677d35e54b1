"""Lets the apps of many tests share what Textual made of the style sheets: a third of the time that an app takes.

Each app parses the same texts, and finds the styles of each component class of each widget, which depend on nothing but
the widget's place in the DOM.
"""

from __future__ import annotations

from typing import Any

import pytest
from textual.app import App
from textual.css.stylesheet import Stylesheet
from textual.dom import DOMNode

_MOVING = Stylesheet._EXCLUDE_PSEUDO_CLASSES_FROM_CACHE
"""Pseudo-classes that Textual doesn't cache either: they depend on a widget's neighbours and children."""


class SharedStyles:
    """What was made of style sheets so far."""

    def __init__(self) -> None:
        self._parsed: dict[object, Any] = {}
        self._parse = Stylesheet._parse_rules
        self._found: dict[tuple[int, ...], dict[object, Any]] = {}
        """By the rules of a style sheet: they are the same objects in each app, since these share what was parsed."""
        self._sheet: tuple[object, dict[object, Any]] = None, {}
        self._apply = Stylesheet.apply

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Have all apps use it."""
        patch.setattr(Stylesheet, "_parse_rules", lambda sheet, css, **given: self._parse_once(sheet, css, **given))
        patch.setattr(Stylesheet, "apply", lambda sheet, node, **options: self._apply_once(sheet, node, **options))

    def _parse_once(self, sheet: Stylesheet, css: str, **given: Any) -> Any:
        key = css, *given.items(), *sheet._variables.items()
        if key not in self._parsed:
            self._parsed[key] = self._parse(sheet, css, **given)
        return self._parsed[key]

    def _apply_once(self, sheet: Stylesheet, node: DOMNode, **options: Any) -> None:
        """Apply a style sheet to a node; of the nodes that stand for component classes, only to the first at its place."""
        if type(node) is not DOMNode:
            self._apply(sheet, node, **options)
            return
        found = self._found_with(sheet)
        place = tuple(_selected_by(above) for above in node.css_path_nodes)
        rules = found.get(place)
        if rules is not None:
            sheet.replace_rules(node, rules)
            return
        self._apply(sheet, node, **options)
        selecting = [rule for name in sheet.rules_map.keys() & node._selector_names for rule in sheet.rules_map[name]]
        if all(_MOVING.isdisjoint(rule.pseudo_classes) for rule in selecting):
            found[place] = dict(node.styles.base.get_rules())

    def _found_with(self, sheet: Stylesheet) -> dict[object, Any]:
        if self._sheet[0] is not sheet.rules:
            self._sheet = sheet.rules, self._found.setdefault(tuple(map(id, sheet.rules)), {})
        return self._sheet[1]


def _selected_by(node: DOMNode) -> tuple[object, ...]:
    """What a selector can name of a node."""
    state = node.pseudo_classes if isinstance(node, App) else node._pseudo_classes_cache_key
    return type(node), node.id, node.classes, state
