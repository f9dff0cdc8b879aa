"""Opening a closed period again for a unit and work line, and ending that early."""

from __future__ import annotations

import datetime

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit
from accounts.models import User
from accounts.policy import Action, can
from accounts.refusals import NotAllowed, Refused
from jurisdictions.models import Region
from progress.gate import Stage, city_day, stage
from progress.models import Period, Reopening
from progress.services import notices
from progress.services.entries import Incomplete, text_of

#: Days ahead that a reopening may last at most: nobody should forget that it stands.
LONGEST = datetime.timedelta(days=31)
DAY = datetime.timedelta(days=1)


class NotClosed(Refused):
    """The period can be typed into by those people anyway."""

    code = "period_not_closed"


class AlreadyEnded(Refused):
    """The reopening's last day has passed."""

    code = "reopening_ended"
    message = gettext_lazy("此次重新开放已经结束。")


@transaction.atomic
def reopen(
    *,
    period: Period,
    region: Region,
    work_line: str,
    until: datetime.date,
    reason: str,
    by: User,
    at: datetime.datetime,
) -> Reopening:
    """Let the clerks of the region, and all below it, type into a closed period through the day `until`.

    A reopening that stands may be followed by one that lasts longer. Raises NotAllowed, Incomplete, NotClosed.
    """
    today = city_day(at)
    reopening = Reopening(
        period=Period.objects.select_for_update(no_key=True).get(pk=period.pk),
        region=region,
        work_line=work_line,
        until=until,
        reason=text_of(reason, field="reason"),
        reopened_by=by,
        reopened_at=at,
    )
    if not can(by, Action.REOPEN, reopening):
        raise NotAllowed(_("您没有在该单位此工作线重新开放调度期的职责。"), field="region")
    _check_said(reopening, today)
    _check_closed(reopening, today)
    reopening.save(force_insert=True)
    audit.record(by=by, action="period.reopen", obj=reopening, after=reopening.audit_facts(), reason=reopening.reason)
    notices.tell_reopened(reopening=reopening, at=at)
    return reopening


@transaction.atomic
def end(*, reopening: Reopening, by: User, at: datetime.datetime) -> Reopening:
    """Close it at once: its last day becomes yesterday. Raises NotAllowed, AlreadyEnded."""
    today = city_day(at)
    found = Reopening.objects.select_for_update(of=("self",)).select_related("period", "region").get(pk=reopening.pk)
    if not can(by, Action.REOPEN, found):
        raise NotAllowed
    if found.until < today:
        raise AlreadyEnded
    before = found.audit_facts()
    found.until = today - DAY
    found.save(update_fields=["until"])
    audit.record(by=by, action="period.reopening_end", obj=found, before=before, after=found.audit_facts())
    return found


def _check_said(reopening: Reopening, today: datetime.date) -> None:
    if not reopening.reason:
        raise Incomplete(_("重新开放必须写明理由。"), field="reason")
    if not today <= reopening.until <= today + LONGEST:
        dates = {"first": date_format(today), "last": date_format(today + LONGEST)}
        raise Incomplete(_("截止日期须在%(first)s至%(last)s之间。") % dates, field="until")


def _check_closed(reopening: Reopening, today: datetime.date) -> None:
    period = reopening.period
    if stage(period, today) == Stage.AHEAD:
        raise NotClosed(_("%(period)s尚未开放填报，不能重新开放。") % {"period": period}, field="until")
    if stage(period, today) != Stage.CLOSED:
        closes = {"period": period, "closes": date_format(period.closes_on)}
        raise NotClosed(_("%(period)s在%(closes)s前都可以填报，无需重新开放。") % closes, field="until")
    standing = period.reopenings.reaching(unit=reopening.region_id, line=reopening.work_line)
    longest = standing.standing(today).filter(until__gte=reopening.until).order_by("-until").first()
    if longest:
        said = {"period": period, "until": date_format(longest.until)}
        raise NotClosed(_("%(period)s已对该单位重新开放至%(until)s。") % said, field="until")
