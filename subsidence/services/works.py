"""The works (工序) on a parcel: planned, done in their order, with their quantities."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit
from accounts.models import User
from accounts.policy import Action, can
from accounts.refusals import NotAllowed, Refused
from subsidence import sequences
from subsidence.models import Parcel, Work, WorkKind
from subsidence.panels.works import is_closed
from subsidence.refusals import Invalid
from subsidence.sequences import Done
from subsidence.services import stages
from subsidence.services.seen import Overtaken, mark_of


class WorksClosed(Refused):
    """What was accepted rests on the works as they are on record."""

    code = "works_closed"
    message = gettext_lazy("图斑已全部通过市级验收，工序不能再改。")


@dataclass(frozen=True)
class Content:
    """What is said of one work. A quantity of 0 says that the land does not need it, and the note says why."""

    planned_on: datetime.date | None = None
    done_on: datetime.date | None = None
    quantity: Decimal | None = None
    unit: str = ""
    note: str = ""


NOTHING = Content()


@transaction.atomic
def record(*, parcel: Parcel, works: Mapping[str, Content], seen: str, by: User, at: datetime.datetime) -> list[Work]:
    """Put the works on record as they are said, and return those that changed; `seen` is the mark the person was shown.

    Raises NotAllowed, WorksClosed, Overtaken, Invalid; its field is that of a work's cell, such as fill-done_on.
    """
    parcel = stages.lock(parcel)
    if not can(by, Action.ENTER, parcel):
        raise NotAllowed
    if is_closed(parcel):
        raise WorksClosed
    known = works_of(parcel)
    if seen != seen_of(known):
        raise Overtaken
    order = sequences.works_of(parcel.suited_use)
    if works.keys() - set(order):
        raise Invalid(_("此图斑的适宜用途不含其中的工序。"))
    for kind, content in works.items():
        _check(kind, content, today=at.astimezone().date())
    _check_order(order, {**{kind: content_of(work) for kind, work in known.items()}, **works})
    return [_keep(parcel, kind, known.get(kind), works[kind], by) for kind in order if _is_new(kind, known, works)]


def works_of(parcel: Parcel) -> dict[str, Work]:
    """The works on record by their kind."""
    return {work.kind: work for work in parcel.works.order_by("pk")}


def content_of(work: Work) -> Content:
    return Content(work.planned_on, work.done_on, work.quantity, work.unit, work.note)


def seen_of(known: Mapping[str, Work]) -> str:
    """The mark of the works on record."""
    return mark_of([kind, asdict(content_of(work))] for kind, work in sorted(known.items()))


def _check(kind: str, content: Content, *, today: datetime.date) -> None:
    if content.done_on and content.done_on > today:
        raise Invalid(_("实际完成日期不能晚于今天。"), field=f"{kind}-done_on")
    if content.quantity is not None and not content.unit.strip():
        raise Invalid(_("请填写工程量的单位，例如 m³、亩。"), field=f"{kind}-unit")
    if content.quantity == 0 and content.done_on:
        raise Invalid(_("工程量为 0 表示不需要此道工序，不能再填实际完成日期。"), field=f"{kind}-quantity")
    if content.quantity == 0 and not content.note.strip():
        raise Invalid(_("工程量为 0 表示不需要此道工序，请写明原因。"), field=f"{kind}-note")


def _check_order(order: tuple[str, ...], works: Mapping[str, Content]) -> None:
    found = sequences.disorder(order, {kind: Done(said.done_on, said.quantity) for kind, said in works.items()})
    if found is None:
        return
    before = works.get(found.earlier, NOTHING).done_on
    said = {"later": WorkKind(found.later).label, "earlier": WorkKind(found.earlier).label}
    if before is None:
        sentence = _("“%(later)s”须在“%(earlier)s”之后，后者还没有登记完成；确不需要的，工程量填 0 并写明原因。")
    else:
        sentence = _("“%(later)s”不能早于“%(earlier)s”完成的 %(day)s。")
    raise Invalid(sentence % {**said, "day": f"{before:%F}" if before else ""}, field=f"{found.later}-done_on")


def _is_new(kind: str, known: Mapping[str, Work], works: Mapping[str, Content]) -> bool:
    """Whether something is said of the work that is not on record."""
    before = content_of(known[kind]) if kind in known else NOTHING
    return kind in works and works[kind] != before


def _keep(parcel: Parcel, kind: str, work: Work | None, content: Content, by: User) -> Work:
    before = asdict(content_of(work)) if work else None
    work = work or Work(parcel=parcel, kind=kind)
    for name, value in asdict(content).items():
        setattr(work, name, value)
    work.save()
    after = {"parcel": parcel.code, "kind": kind, **asdict(content)}
    audit.record(by=by, action="work.record", obj=work, before=before, after=after)
    return work
