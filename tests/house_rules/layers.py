"""What a layer may not do: point sideways, write from a page, touch a total, ask the clock, speak HTTP."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from django.db import models

from tests.house_rules.house import RANK, Finding, House, Source

INTERFACES = ("views", "api", "pages", "rest", "forms", "filters", "templatetags")
WRITES = frozenset(["save", "create", "delete", "bulk_create", "bulk_update", "get_or_create", "update_or_create"])
RAW_SQL = frozenset(["execute", "executemany", "copy_from", "copy_expert"])
RELATIONS = frozenset(["ForeignKey", "OneToOneField", "ManyToManyField"])
TOTALS = frozenset(["RegionRollup", "ProjectRollup", "PendingDelta"])
#: A request or task asks the time once and passes it down; a duty is checked against today; an event is stamped.
CLOCKS = frozenset(["views", "api", "pages", "rest", "tasks", "management", "admin", "policy", "audit", "migrations"])
CLOCK = re.compile(r"(?:\w+\.)*(?:(?:timezone|datetime|date)\.(?:now|today|utcnow|localdate)|time\.time)|Now")
TOTAL_IN_SQL = re.compile(
    r"\b(?:insert\s+into|update|delete\s+from|merge\s+into|truncate(?:\s+table)?|copy)\s+(?:only\s+)?\"?"
    r"(progress_(?:regionrollup|projectrollup|pendingdelta)\b|\{|%)",
    re.IGNORECASE,
)


def called(node: ast.AST) -> str:
    """The last name of what a node calls: "create" for Parcel.objects.create(...); "" when it calls nothing."""
    func = node.func if isinstance(node, ast.Call) else None
    return func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")


def is_write(node: ast.AST) -> bool:
    """Whether a node may write through the ORM. A queryset's update takes keywords only, a dict's takes a dict."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    verb = node.func.attr.removeprefix("a")
    return node.func.attr in WRITES or verb in WRITES or (verb == "update" and bool(node.keywords) and not node.args)


def receiver(node: ast.AST) -> str:
    """The name a chain of calls starts from: "Parcel" for Parcel.objects.filter(...).update(...)."""
    while not isinstance(node, ast.Name):
        inner = getattr(node, "func", None) or getattr(node, "value", None)
        if inner is None:
            return ""
        node = inner
    return node.id


def imported(node: ast.AST) -> list[str]:
    """The dotted names an import statement brings in."""
    if isinstance(node, ast.ImportFrom):
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []


def upward_keys(registry: Iterable[type[models.Model]]) -> Iterator[Finding]:
    """Relations of our models whose target lies beside or above them in the arrows."""
    for model in registry:
        app = model._meta.app_label
        for field in (*model._meta.local_fields, *model._meta.local_many_to_many):
            target = field.related_model._meta.app_label if isinstance(field.related_model, type) else app
            if app in RANK and target in RANK and target != app and RANK[target] <= RANK[app]:
                yield Finding(app, 0, f"{model.__name__}.{field.name} points to {target}")


def string_keys(house: House) -> Iterator[Finding]:
    """Relations that name another app's model in a string, where import-linter cannot see them."""
    for source in house.python():
        for node in source.nodes if source.layer != "migrations" else ():
            if isinstance(node, ast.Call) and called(node) in RELATIONS:
                targets = [*node.args[:1], *(key.value for key in node.keywords if key.arg in ("to", "through"))]
                names = [target.value for target in targets if isinstance(target, ast.Constant)]
                if any("." in str(name) and str(name).partition(".")[0] != source.app for name in names):
                    yield source.at(node, "a key to another app imports the model")


def writes_in_interfaces(house: House) -> Iterator[Finding]:
    """Writes in a layer that should load, permit and call one service."""
    for source in house.python(*INTERFACES):
        for node in source.nodes:
            if is_write(node) or called(node) in RAW_SQL:
                yield source.at(node, f"{called(node)}() belongs in a service")


def writes_to_totals(house: House) -> Iterator[Finding]:
    """Totals changed anywhere but in rollups.py; a migration may hold the trigger that marks what is pending."""
    for source in house.python():
        if source.path != "progress/rollups.py":
            yield from _orm_writes_to_totals(source)
            yield from _sql_writes_to_totals(source)


def _orm_writes_to_totals(source: Source) -> Iterator[Finding]:
    """In a file that knows a total, a write must start from the name of another model."""
    for node in source.nodes if knows_totals(source) else ():
        start = receiver(node)
        if is_write(node) and (start in TOTALS or not start[:1].isupper()):
            yield source.at(node, "only rollups.py writes totals")


def _sql_writes_to_totals(source: Source) -> Iterator[Finding]:
    for node in source.nodes:
        for target in TOTAL_IN_SQL.findall(_literal(node)):
            is_trigger = source.layer == "migrations" and target.lower().endswith("pendingdelta")
            if not is_trigger and (target not in "{%" or knows_totals(source)):
                yield source.at(node, "only rollups.py writes totals")


def knows_totals(source: Source) -> bool:
    """Whether a file's code, not its comments, names one of the totals."""
    keys = ("id", "attr", "name")
    return any(getattr(node, key, None) in TOTALS for node in source.nodes for key in keys)


def _literal(node: ast.AST) -> str:
    """The text of a string, with {} where an f-string fills in a value."""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def clock_reads(house: House) -> Iterator[Finding]:
    """The time asked below the layers where a request or task begins; `at` and `on` are passed down instead."""
    for source in house.python():
        if source.app != "changzhi_eco" and source.layer not in CLOCKS:
            for node in source.nodes:
                if isinstance(node, ast.Attribute | ast.Name) and CLOCK.fullmatch(ast.unparse(node)):
                    yield source.at(node, f"{ast.unparse(node)}: pass `at` or `on` instead")


def http_below_views(house: House) -> Iterator[Finding]:
    """Requests, responses and page shortcuts known to a service, model or roll-up."""
    for source in house.python("services", "models", "rollups"):
        for node in source.nodes:
            if any(name.startswith(("django.http", "django.shortcuts")) for name in imported(node)):
                yield source.at(node, "a service knows nothing of requests and answers")


def float_fields(house: House) -> Iterator[Finding]:
    """Columns, form or serializer fields that would round 70,897.71."""
    for source in house.python():
        for node in source.nodes:
            if called(node) == "FloatField" or any(name.endswith(".FloatField") for name in imported(node)):
                yield source.at(node, "quantities are Decimal")
