"""Points and readings for tests, made through the services; every argument has a default."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier
from typing import Any

from django.db import connections

from accounts.models import AuditEvent, User
from subsidence.models import Mine, Parcel, Rule, RuleKind, SubsidencePoint
from subsidence.services import points, readings
from subsidence.services.points import Place
from subsidence.services.readings import Shown
from tests import factories as make
from tests.subsidence import farm

LIMITS = {RuleKind.SETTLED_SINK: 30, RuleKind.SETTLED_MONTHS: 6, RuleKind.ALERT_RATE: 50}
_numbers = itertools.count(1)


def limits() -> None:
    """The limits that readings are judged by."""
    Rule.objects.all().delete()
    for kind, value in LIMITS.items():
        Rule.objects.create(kind=kind, value=value, since=make.LONG_AGO, source="某规范")


def point(of: Parcel | None = None, mine: Mine | None = None, *, by: User | None = None) -> SubsidencePoint:
    """A point in 北张村, on the ground of the parcel if there is one."""
    place = Place(mine or (of and of.mine) or farm.mine(), make.region(make.VILLAGE), of)
    by = by or make.team().clerk
    return points.register(code=f"P-{next(_numbers)}", place=place, by=by, at=farm.AT)


def shown(**sinks: str) -> list[Shown]:
    """What a point showed, written d20250101="12.30"."""
    days = {datetime.date(int(on[1:5]), int(on[5:7]), int(on[7:])): sink for on, sink in sinks.items()}
    return [Shown(on, Decimal(sink), row=row, field=f"on_{row}") for row, (on, sink) in enumerate(days.items(), 1)]


def read(at: SubsidencePoint, *, by: User | None = None, **sinks: str) -> None:
    readings.record(point=at, shown=shown(**sinks), by=by or make.team().clerk, at=farm.AT)


def event(action: str) -> Any:
    """The newest audit event of that action."""
    return AuditEvent.objects.filter(action=action).order_by("pk").last()


def at_once(*acts: Callable[[], Any]) -> list[Exception | None]:
    """Do them at the same moment, each on a connection of its own; returns what each was refused by."""
    gate = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Exception | None:
        gate.wait()
        try:
            act()
        except Exception as refusal:  # noqa: BLE001 - told to the test, which knows what it waits for
            return refusal
        finally:
            connections.close_all()
        return None

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))
