"""What happened to an entry, read from the audit trail."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEvent, Duty, Role, User
from progress import display
from progress.gate import city_day
from progress.models import EvidenceStage, ProgressEntry

STEPS = {
    "entry.create": _("填报"),
    "entry.change": _("修改"),
    "entry.submit": _("报送"),
    "entry.withdraw": _("撤回"),
    "entry.review": _("审核通过"),
    "entry.return": _("退回"),
    "entry.verify": _("核定"),
    "entry.correct": _("发起更正"),
    "entry.confirmed": _("抽查属实"),
    "entry.faulty": _("抽查不实"),
    "entry.derive": _("业务生成"),
    "entry.evidence": _("添加佐证"),
    "entry.evidence_removed": _("移除佐证"),
    "entry.evidence_stage": _("改照片阶段"),
    "entry.import": _("批量导入"),
    "entry.import_undone": _("撤销导入"),
    "entry.opening": _("见报数据入库"),
}
#: Of each step the role that takes it; all others are a clerk's.
ROLES = {
    "entry.review": (Role.REVIEWER,),
    "entry.return": (Role.REVIEWER, Role.VERIFIER),
    "entry.verify": (Role.VERIFIER,),
    "entry.confirmed": (Role.SUPERVISOR,),
    "entry.faulty": (Role.SUPERVISOR,),
    "entry.correct": (Role.CLERK, Role.SUPERVISOR),
}
CONTENT = {
    "value": _("数值"),
    "no_progress_reason": _("本期无进展的原因"),
    "note": _("进展说明"),
    "name": _("文件"),
    "stage": _("照片阶段"),
}


@dataclass(frozen=True)
class Change:
    """One input that a step changed, as people read it."""

    label: str | Promise
    before: str
    after: str


@dataclass(frozen=True)
class Happening:
    """One step: who did it, of which organisation, in whose stead if not in his own, when, why, what it changed."""

    step: str | Promise
    at: datetime.datetime
    actor: str | Promise
    organisation: str
    deputises_for: str
    reason: str
    changes: list[Change]


def history(entry: ProgressEntry) -> list[Happening]:
    """The steps of an entry, oldest first."""
    events = AuditEvent.objects.filter(object_type=entry._meta.label_lower, object_id=str(entry.pk)).order_by("pk")
    duties = Prefetch("duties", Duty.objects.select_related("deputises_for"))
    people = User.objects.select_related("organisation").prefetch_related(duties)
    actors = people.in_bulk({event.actor_id for event in events if event.actor_id})
    return [_happening(event, entry, actors.get(event.actor_id)) for event in events]


def _happening(event: AuditEvent, entry: ProgressEntry, actor: User | None) -> Happening:
    return Happening(
        STEPS.get(event.action, event.action),
        event.at,
        event.actor if event.actor_id else _("系统"),
        str(actor.organisation) if actor and actor.organisation else "",
        _stead(event, entry, actor) if actor else "",
        event.reason,
        _changes(event, entry.series.indicator.decimals),
    )


def _stead(event: AuditEvent, entry: ProgressEntry, actor: User) -> str:
    """The person in whose stead a step was taken, by the duties on record; '' when it was the actor's own duty."""
    roles, on = ROLES.get(event.action, (Role.CLERK,)), city_day(event.at)
    taken = [
        duty
        for duty in actor.duties.all()
        if duty.role in roles
        and duty.valid_from <= on <= (duty.valid_until or on)
        and duty.covers(unit=entry.region_id, line=entry.work_line)
    ]
    is_own = not taken or any(duty.deputises_for is None for duty in taken)
    return "" if is_own else str(taken[0].deputises_for)


def _changes(event: AuditEvent, decimals: int) -> list[Change]:
    before, after = event.before or {}, event.after or {}
    shown = [
        Change(label, _said(name, before.get(name), decimals), _said(name, after.get(name), decimals))
        for name, label in CONTENT.items()
    ]
    return [change for change in shown if change.before != change.after]


def _said(name: str, value: Any, decimals: int) -> str:
    if name == "value" and value is not None:
        return display.quantity(Decimal(value), decimals)
    if name == "stage" and value:
        return str(EvidenceStage(value).label)
    return value or display.BLANK
