"""Telling clerks in the portal (站内信) what came back to them and what was opened for them again."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import Duty, Role, User
from accounts.services.messages import Note, send
from jurisdictions import codes
from progress.gate import city_day
from progress.models import ProgressEntry, Reopening, SpotCheck

#: Characters that a message holds.
LIMIT = 500


# Whoever acts may read English; a message is kept in the language of its readers.
@override(settings.LANGUAGE_CODE)
def tell_returned(*, entry: ProgressEntry, at: datetime.datetime) -> None:
    """Tell those who typed and submitted the entry why it was sent back."""
    people = [pk for pk in (entry.entered_by_id, entry.submitted_by_id) if pk]
    clerks = User.objects.filter(pk__in=people, is_active=True)
    said = {"entry": entry, "reason": entry.return_reason, "by": entry.returned_by}
    text = _("%(entry)s被%(by)s退回：%(reason)s") % said
    key, url = f"returned:{entry.pk}:{entry.version}", entry.get_absolute_url()
    send([Note(clerk.pk, key, text[:LIMIT], url) for clerk in clerks], at=at)


@override(settings.LANGUAGE_CODE)
def tell_reopened(*, reopening: Reopening, at: datetime.datetime) -> None:
    """Tell the clerks who may type for the unit, or for a part of it, on that line."""
    unit = reopening.region_id
    near = Q(region__in=codes.lineage(unit)) | Q(region__code__startswith=unit)
    clerks = Duty.objects.in_force(city_day(at)).filter(
        near, role=Role.CLERK, work_line__in=("", reopening.work_line), user__is_active=True
    )
    said = {
        "period": reopening.period,
        "unit": reopening.region,
        "line": reopening.get_work_line_display(),
        "until": date_format(reopening.until),
        "reason": reopening.reason,
    }
    text = _("%(period)s已为%(unit)s · %(line)s重新开放至%(until)s，请及时报送。理由：%(reason)s") % said
    key, url = f"reopened:{reopening.pk}", f"{reverse('tasks')}?period={reopening.period_id}"
    people = clerks.order_by("user").values_list("user", flat=True).distinct()
    send([Note(person, key, text[:LIMIT], url) for person in people], at=at)


@override(settings.LANGUAGE_CODE)
def tell_faulty(*, check: SpotCheck, correction: ProgressEntry, at: datetime.datetime) -> None:
    """Tell those who answer for the figure today that a spot check found it faulty and its correction waits."""
    clerks = Duty.objects.in_force(city_day(at)).filter(
        role=Role.CLERK,
        region__in=codes.lineage(correction.region_id),
        work_line__in=("", correction.work_line),
        user__is_active=True,
    )
    text = _("%(entry)s抽查不实，请填写更正并报送：%(finding)s") % {"entry": correction, "finding": check.finding}
    people = clerks.order_by("user").values_list("user", flat=True).distinct()
    url = correction.get_absolute_url()
    send([Note(person, f"faulty:{check.pk}", text[:LIMIT], url) for person in people], at=at)
