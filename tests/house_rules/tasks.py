"""What a Celery task must have: a name, keywords only, patience with newer callers, a place in the schedule."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.house_rules.house import Finding, House, Source

SCHEDULE = "changzhi_eco/celery.py"


def declared_tasks(house: House) -> Iterator[tuple[Source, ast.FunctionDef, str]]:
    """Each task with the name it was given, "" when it was given none."""
    for source in house.python():
        for node in source.nodes:
            for mark in node.decorator_list if isinstance(node, ast.FunctionDef) else ():
                if re.match(r"(shared_task|app\.task)\b", ast.unparse(mark)) and isinstance(node, ast.FunctionDef):
                    yield source, node, _given_name(mark)


def _given_name(mark: ast.expr) -> str:
    keywords = mark.keywords if isinstance(mark, ast.Call) else []
    return next((str(ast.literal_eval(key.value)) for key in keywords if key.arg == "name"), "")


def unnamed_tasks(house: House) -> Iterator[Finding]:
    """Tasks not called <app>.<verb_noun>: a name that follows the module breaks queued messages when it moves."""
    for source, node, name in declared_tasks(house):
        if not re.fullmatch(rf"{source.app}\.[a-z]+(_[a-z]+)*", name):
            yield source.at(node, f"name it {source.app}.{node.name}")


def positional_tasks(house: House) -> Iterator[Finding]:
    """Tasks that take positional arguments or choke on one they do not know, while old and new workers overlap."""
    for source, node, _ in declared_tasks(house):
        args = node.args
        is_open = args.kwarg is not None and args.kwarg.arg == "_newer"
        if args.posonlyargs or args.args or args.vararg or not is_open:
            yield source.at(node, "keywords only, ending in **_newer")


def unscheduled_tasks(house: House) -> Iterator[Finding]:
    """Tasks that beat never repeats, so that a lost message would be the end of it."""
    scheduled = set(_scheduled(house))
    for source, node, name in declared_tasks(house):
        if name not in scheduled:
            yield source.at(node, f"{name} is missing from the beat schedule")


def _scheduled(house: House) -> Iterator[str]:
    for source in house.files:
        for node in source.nodes if source.path == SCHEDULE else ():
            if isinstance(node, ast.Dict):
                yield from (
                    str(value.value)
                    for key, value in zip(node.keys, node.values, strict=True)
                    if isinstance(key, ast.Constant) and key.value == "task" and isinstance(value, ast.Constant)
                )
