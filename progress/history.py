"""What happened to an entry, read from the audit trail."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEvent
from progress import display
from progress.models import ProgressEntry

STEPS = {
    "entry.create": _("填报"),
    "entry.change": _("修改"),
    "entry.submit": _("报送"),
    "entry.withdraw": _("撤回"),
    "entry.review": _("审核通过"),
    "entry.return": _("退回"),
    "entry.verify": _("核定"),
    "entry.correct": _("发起更正"),
    "entry.derive": _("业务生成"),
    "entry.evidence": _("添加佐证"),
    "entry.evidence_removed": _("移除佐证"),
    "entry.opening": _("见报数据入库"),
}
CONTENT = {
    "value": _("数值"),
    "no_progress_reason": _("本期无进展的原因"),
    "note": _("进展说明"),
    "name": _("文件"),
}


@dataclass(frozen=True)
class Change:
    """One input that a step changed, as people read it."""

    label: str | Promise
    before: str
    after: str


@dataclass(frozen=True)
class Happening:
    """One step: who did it, when, why, and what it changed."""

    step: str | Promise
    at: datetime.datetime
    actor: str | Promise
    reason: str
    changes: list[Change]


def history(entry: ProgressEntry) -> list[Happening]:
    """The steps of an entry, oldest first."""
    events = AuditEvent.objects.filter(object_type=entry._meta.label_lower, object_id=str(entry.pk)).order_by("pk")
    decimals = entry.series.indicator.decimals
    return [
        Happening(
            STEPS.get(event.action, event.action),
            event.at,
            event.actor if event.actor_id else _("系统"),
            event.reason,
            _changes(event, decimals),
        )
        for event in events
    ]


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
    return value or display.BLANK
