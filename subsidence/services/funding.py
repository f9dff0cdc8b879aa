"""Recording money (资金): what is planned and what is paid for treatment, each amount by a document."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from accounts.policy import Action, can
from accounts.refusals import NotAllowed
from progress import display
from progress.gate import city_day
from projects.models import Project
from subsidence.models import Funding, FundingKind, FundingSource, Parcel
from subsidence.refusals import Invalid

ZERO = Decimal(0)
#: 万元 to the 元.
DECIMALS = 4


@dataclass(frozen=True)
class Payment:
    """What a person records: 万元 of one source, planned or paid on a day, by a document; below zero takes back."""

    source: FundingSource
    kind: FundingKind
    amount: Decimal
    on: datetime.date
    document: str


@transaction.atomic
def record(
    *, project: Project, payment: Payment, by: User, at: datetime.datetime, parcel: Parcel | None = None
) -> Funding:
    """Put an amount on record for a project, or for one of its parcels; nothing is ever changed, only taken back.

    Raises NotAllowed, Invalid.
    """
    if not can(by, Action.ENTER, parcel or project):
        raise NotAllowed
    # Whoever takes back is held against all that stands, so one at a time may record for a project.
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    _check(payment, project, parcel, at)
    made = Funding.objects.create(
        project=project,
        parcel=parcel,
        source=payment.source,
        kind=payment.kind,
        amount=payment.amount,
        on=payment.on,
        document=payment.document.strip(),
        recorded_by=by,
        recorded_at=at,
    )
    facts = ("source", "kind", "amount", "on", "document")
    after = {"project": project.code, "parcel": parcel.code if parcel else None}
    audit.record(
        by=by, action="funding.record", obj=made, after={**after, **{name: getattr(made, name) for name in facts}}
    )
    return made


def _check(payment: Payment, project: Project, parcel: Parcel | None, at: datetime.datetime) -> None:
    if parcel and parcel.project_id != project.pk:
        raise Invalid(_("图斑 %(parcel)s 不属于这个治理项目。") % {"parcel": parcel}, field="parcel")
    if payment.amount == 0:
        raise Invalid(_("金额不能为 0。"), field="amount")
    if not payment.document.strip():
        raise Invalid(_("请填写文号。"), field="document")
    if payment.kind == FundingKind.PAID and payment.on > city_day(at):
        raise Invalid(_("支付日期不能晚于今天；尚未支付的请登记为计划。"), field="on")
    if payment.amount < 0:
        _check_taken_back(payment, project, parcel)


def _check_taken_back(payment: Payment, project: Project, parcel: Parcel | None) -> None:
    """What is taken back must be there: of the same source and kind, and for the same project or parcel."""
    same = Funding.objects.filter(project=project, parcel=parcel, source=payment.source, kind=payment.kind)
    there = same.aggregate(total=Sum("amount"))["total"] or ZERO
    if there + payment.amount < 0:
        said = {
            "source": payment.source.label,
            "kind": payment.kind.label,
            "there": display.quantity(there, 2),
        }
        raise Invalid(_("%(source)s（%(kind)s）现有 %(there)s 万元，不能冲减更多。") % said, field="amount")
