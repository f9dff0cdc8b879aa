"""What a template must be: used by something, and free of anything inline, which the content policy refuses."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.house_rules.house import Finding, House, Source

#: Found by Django, or by status, under a name that no code spells out.
FOUND_BY_NAME = re.compile(
    r"templates/((admin|registration|rest_framework|django/forms)/.+|(400|403|404|500|503|403_csrf)\.html)"
)
REFERENCE = re.compile(r"{%\s*(?:extends|include)\s+[\"']([^\"']+)[\"']")
TEMPLATE_CODE = re.compile(r"{%.*?%}|{{.*?}}|{#.*?#}", re.DOTALL)
INLINE = re.compile(
    r"<style\b|<script\b(?![^>]*\ssrc=)|<[a-z][^>]*\s(?:style|on[a-z]+|hx-on[^=\s]*)\s*=|=\s*[\"']?\s*(?:javascript|js):",
    re.IGNORECASE,
)
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
TOO_NEW = re.compile(r"color-mix\(|oklch\(|:has\(")


def orphan_templates(house: House) -> Iterator[Finding]:
    """Templates that no page needs; a part that only HTMX asks for, for its page must work without a script."""
    templates = list(house.templates())
    included = {name for source in templates for name in REFERENCE.findall(source.text) if name != _name(source)}
    rendered = {
        node.value
        for source in house.python()
        for node in source.nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    for source in templates:
        name = _name(source)
        is_part = name.rpartition("/")[2].startswith("_")
        if name not in included and (is_part or name not in rendered) and not FOUND_BY_NAME.fullmatch(source.path):
            yield Finding(source.path, 0, "no full page includes it" if is_part else "nothing renders or extends it")


def _name(source: Source) -> str:
    return source.path.removeprefix("templates/")


def inline_code(house: House) -> Iterator[Finding]:
    """Scripts, styles and handlers written into a page."""
    for source in house.templates():
        for line, found in _search(INLINE, _without(TEMPLATE_CODE, source.text)):
            yield Finding(source.path, line, f"move {found.split()[-1]} to static/")


def styles_too_new(house: House) -> Iterator[Finding]:
    """Style sheets that engines before version 111 do not paint, lights included: docs/adr/0004."""
    for source in house.files:
        if source.path.endswith(".css"):
            for line, found in _search(TOO_NEW, _without(COMMENT, source.text)):
                yield Finding(source.path, line, f"old browsers do not know {found}")


def _without(pattern: re.Pattern[str], text: str) -> str:
    """The text less what matches, in which every line keeps its number."""
    return pattern.sub(lambda gone: "\n" * gone[0].count("\n"), text)


def _search(pattern: re.Pattern[str], text: str) -> Iterator[tuple[int, str]]:
    return ((text.count("\n", 0, found.end()) + 1, found[0]) for found in pattern.finditer(text))
