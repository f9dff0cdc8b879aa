"""What the tree itself must look like: sizes, names, its top level, nothing of one machine, no pretended world."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatch

from tests.house_rules.house import RANK, Finding, House
from tests.house_rules.layers import imported

FILE_LINES = 400
FUNCTION_LINES = 60
WRITTEN_BY_HAND = (".py", ".html", ".js", ".css")
TOP_LEVEL = (
    *RANK,
    *("templates", "static", "tests", "docs", "benchmarks", ".ci"),
    *("manage.py", "Makefile", "pyproject.toml", "requirements*.lock"),
    *("README.md", "CHANGELOG.md", ".gitignore", ".env.example"),
)
#: Character classes keep this line from matching itself.
ELSEWHERE = re.compile(
    r"(?<![\w.])[/](?:work|root|farm|home[/]\w+|tmp[/]\w+)[/]|[/]tmp[/]\w|\b[A-Z]:\\Users|python[h]osted|pypi[.]org"
    r"|npmjs[.](?:org|com)|deb[.]debian|--(?:extra-)?index-ur[l]"
)
PRETENCE = re.compile(r"(unittest\.|^)mock(\.|$)|^(pytest_mock|responses|requests_mock|fakeredis|freezegun)\b")


def long_files(house: House) -> Iterator[Finding]:
    for source in house.files:
        is_ours = (
            source.path.endswith(WRITTEN_BY_HAND) and "vendor" not in source.parts and source.layer != "migrations"
        )
        if is_ours and (lines := source.text.count("\n")) > FILE_LINES:
            yield Finding(source.path, 0, f"{lines} lines: split by noun")


def long_functions(house: House) -> Iterator[Finding]:
    for source in house.files:
        for node in source.nodes if source.path.endswith(".py") else ():
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES:
                    yield source.at(node, f"{node.name} has {lines} lines")


def clock_named_migrations(house: House) -> Iterator[Finding]:
    """Migrations with the name Django makes up, which says when and not what."""
    for source in house.files:
        if source.layer == "migrations" and re.search(r"/\d+_auto_", source.path):
            yield Finding(source.path, 0, "name it by its content")


def strangers_on_top(house: House) -> Iterator[Finding]:
    """Entries of the top folder beyond those a newcomer is promised."""
    for source in house.files:
        if not any(fnmatch(source.app, allowed) for allowed in TOP_LEVEL):
            yield Finding(source.path, 0, "find it a room below")


def traces_of_a_machine(house: House) -> Iterator[Finding]:
    """Paths and package hosts of the machine something was written on."""
    for source in house.files:
        if "vendor" not in source.parts and "\0" not in source.text[:1024]:
            for number, line in enumerate(source.text.splitlines(), start=1):
                if found := ELSEWHERE.search(line):
                    yield Finding(source.path, number, f"{found[0]} exists on one machine only")


def empty_words(house: House) -> Iterator[Finding]:
    """Identifiers of the glossary that no file of the apps uses."""
    known = {word for source in house.python() for word in re.findall(r"\w+", source.text)}
    for source in house.files:
        lines = source.text.splitlines() if source.path == "docs/glossary.md" else []
        for number, line in enumerate(lines, start=1):
            for word in re.findall(r"`(\w+)`", line):
                if word not in known:
                    yield Finding(source.path, number, f"no code knows {word}")


def second_drivers(house: House) -> Iterator[Finding]:
    """psycopg 3 beside psycopg2: Django would prefer it without a word."""
    for source in house.files:
        if source.path.endswith(".lock") and re.search(r"^psycopg(?!2)", source.text, re.MULTILINE):
            yield Finding(source.path, 0, "psycopg2 is the driver")


def pretended_worlds(house: House) -> Iterator[Finding]:
    """Tests that stand anything in for the real thing; only the clock may be set, by time-machine."""
    for source in house.tests():
        for node in source.nodes:
            if any(PRETENCE.search(name) for name in imported(node)) or _pretends(node):
                yield source.at(node, "use the real thing; only the clock may be set")


def _pretends(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(attr="setattr"), args=[*_, replacement]):
            # A plain value sets a state, as a fixture may; anything else stands in for code.
            return not isinstance(replacement, ast.Constant)
        case ast.Attribute(attr=name) | ast.arg(arg=name):
            return name == "mocker" or name.lower().endswith("task_always_eager")
    return False
