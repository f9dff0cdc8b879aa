"""Progress entries (进度填报) and their evidence."""

from __future__ import annotations

import datetime
from typing import Any, ClassVar

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from accounts.policy import Action, scope_q
from progress.models.indicators import Series
from progress.models.periods import Period
from projects.models import Attachment


class EntryStatus(models.TextChoices):
    DRAFT = "draft", _("草稿")
    SUBMITTED = "submitted", _("已报")
    RETURNED = "returned", pgettext_lazy("status", "退回")
    REVIEWED = "reviewed", _("已审")
    VERIFIED = "verified", _("已核定")


#: Statuses on the way to being verified: their values are the 在途值.
IN_FLIGHT = (EntryStatus.SUBMITTED, EntryStatus.REVIEWED)
#: Statuses in which the clerk may change the content.
EDITABLE = (EntryStatus.DRAFT, EntryStatus.RETURNED)


class EntryOrigin(models.TextChoices):
    TYPED = "typed", _("人工填报")
    DERIVED = "derived", _("业务生成")
    ARTICLE = "article", _("见报数据")


class ProgressEntryQuerySet(models.QuerySet["ProgressEntry"]):
    def visible_to(self, user: User | AnonymousUser) -> ProgressEntryQuerySet:
        return self.in_scope(user, Action.VIEW)

    def in_scope(self, user: User | AnonymousUser, action: Action) -> ProgressEntryQuerySet:
        return self.filter(scope_q(user, action, line="series__project__work_line", region="series__region"))

    def standing(self, *, as_of: datetime.datetime | None = None) -> ProgressEntryQuerySet:
        """What stands of each (series, period, fact): its highest revision verified, by then."""
        verified = Q(status=EntryStatus.VERIFIED) & (Q(verified_at__lte=as_of) if as_of else Q())
        later = ProgressEntry.objects.filter(
            verified,
            series=OuterRef("series"),
            period=OuterRef("period"),
            fact=OuterRef("fact"),
            revision__gt=OuterRef("revision"),
        )
        return self.filter(verified, ~Exists(later))

    def with_labels(self) -> ProgressEntryQuerySet:
        """Joined with all that a line about an entry prints."""
        return self.select_related("series__project", "series__indicator", "series__region", "period")


def _filled(*steps: str) -> Q:
    """The step instants that are filled; the others are empty."""
    filled = Q()
    for step in ("submitted", "reviewed", "verified", "returned"):
        filled &= Q(**{f"{step}_at__isnull": step not in steps})
    return filled


def _paired(step: str) -> Q:
    """Person and instant of a step are filled together; what the article reports has instants, but no person."""
    person, instant = f"{step}_by__isnull", f"{step}_at__isnull"
    return Q(origin=EntryOrigin.ARTICLE, **{person: True}) | (
        ~Q(origin=EntryOrigin.ARTICLE) & (Q(**{person: True, instant: True}) | Q(**{person: False, instant: False}))
    )


def _person(name: Any) -> models.ForeignKey[User | None, User | None]:
    """Who took a step. Nobody looks entries up by person, and five more indexes would cost every import a tenth."""
    return models.ForeignKey(
        User, models.PROTECT, null=True, db_constraint=False, db_index=False, related_name="+", verbose_name=name
    )


def _different(one: str, other: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        name=f"entry_{one}_is_not_{other}",
        condition=Q(**{f"{one}_by": None}) | Q(**{f"{other}_by": None}) | ~Q(**{f"{one}_by": F(f"{other}_by")}),
        violation_error_message=_("填报、审核、核定必须由三个人分别完成。"),
    )


class ProgressEntry(models.Model):
    """One report on one series for one period, in the indicator's unit.

    A value, “本期无进展” with its reason, and blank are three different states. A correction (红字更正) is the next
    revision of the same (series, period, fact); what stands is the highest verified one. A verified entry is final,
    by trigger. `fact` names the line's own row a derived entry comes from, '' for what people type.
    """

    # Triggers hold the references for all rows of a statement at once; foreign keys ask row by row, which took a fifth
    # of every import. The series is found by the constraint that begins with it.
    series = models.ForeignKey(
        Series, models.PROTECT, db_constraint=False, db_index=False, related_name="entries", verbose_name=_("填报项")
    )
    period = models.ForeignKey(
        Period, models.PROTECT, db_constraint=False, related_name="entries", verbose_name=_("调度期")
    )
    fact = models.CharField(_("事实"), max_length=80, blank=True)
    revision = models.PositiveSmallIntegerField(_("版次"), default=1)
    origin = models.CharField(_("来源"), max_length=7, choices=EntryOrigin, default=EntryOrigin.TYPED)
    status = models.CharField(_("状态"), max_length=9, choices=EntryStatus, default=EntryStatus.DRAFT)
    version = models.PositiveIntegerField(_("版本号"), default=1)
    value = models.DecimalField(_("数值"), max_digits=18, decimal_places=4, null=True, blank=True)
    no_progress_reason = models.CharField(_("本期无进展的原因"), max_length=200, blank=True)
    note = models.TextField(_("进展说明"), blank=True, max_length=2000)
    basis = models.TextField(_("依据"), blank=True)
    is_void = models.BooleanField(_("作废"), default=False)
    correction_reason = models.CharField(_("更正理由"), max_length=200, blank=True)
    is_demo = models.BooleanField(_("演示数据"), default=False)
    changed_at = models.DateTimeField(_("更新时间"))

    entered_by = _person(_("填报人"))
    entered_at = models.DateTimeField(_("填报时间"))
    submitted_by = _person(_("报送人"))
    submitted_at = models.DateTimeField(_("报送时间"), null=True)
    reviewed_by = _person(_("审核人"))
    reviewed_at = models.DateTimeField(_("审核时间"), null=True)
    verified_by = _person(_("核定人"))
    verified_at = models.DateTimeField(_("核定时间"), null=True)
    returned_by = _person(_("退回人"))
    returned_at = models.DateTimeField(_("退回时间"), null=True)
    return_reason = models.CharField(_("退回理由"), max_length=200, blank=True)

    objects: ClassVar[ProgressEntryQuerySet] = ProgressEntryQuerySet.as_manager()  # type: ignore[assignment]

    #: The revision this one corrects, and the verified one that corrects it, once `figures.pair_up` looked for them.
    stood: ProgressEntry | None = None
    stands: ProgressEntry | None = None

    class Meta:
        verbose_name = _("进度填报")
        verbose_name_plural = _("进度填报")
        indexes = [
            models.Index(name="entry_status", fields=["status", "id"], condition=~Q(status="verified")),
            models.Index(name="entry_demo", fields=["id"], condition=Q(is_demo=True)),
        ]
        constraints = [
            models.UniqueConstraint(name="entry_once_per_revision", fields=["series", "period", "fact", "revision"]),
            models.UniqueConstraint(
                name="entry_one_open", fields=["series", "period", "fact"], condition=~Q(status=EntryStatus.VERIFIED)
            ),
            models.CheckConstraint(
                name="entry_value_or_reason_or_void",
                condition=Q(value__isnull=False, no_progress_reason="", is_void=False)
                | (Q(value=None, is_void=False) & ~Q(no_progress_reason=""))
                | Q(value=None, no_progress_reason="", is_void=True)
                | Q(value=None, no_progress_reason="", is_void=False, status__in=EDITABLE),
            ),
            models.CheckConstraint(
                name="entry_correction_has_reason",
                condition=Q(revision=1, correction_reason="", is_void=False)
                | (Q(revision__gt=1) & ~Q(correction_reason="")),
            ),
            models.CheckConstraint(
                name="entry_status_matches_steps",
                condition=(Q(status=EntryStatus.DRAFT) & _filled())
                | (Q(status=EntryStatus.SUBMITTED) & _filled("submitted"))
                | (Q(status=EntryStatus.RETURNED) & _filled("submitted", "returned") & ~Q(return_reason=""))
                | (Q(status=EntryStatus.REVIEWED) & _filled("submitted", "reviewed"))
                | (
                    Q(status=EntryStatus.VERIFIED, origin=EntryOrigin.TYPED)
                    & _filled("submitted", "reviewed", "verified")
                )
                | (Q(status=EntryStatus.VERIFIED) & ~Q(origin=EntryOrigin.TYPED) & _filled("verified")),
            ),
            *(
                models.CheckConstraint(name=f"entry_{step}_by_and_at", condition=_paired(step))
                for step in ("entered", "submitted", "reviewed", "verified", "returned")
            ),
            *(
                _different(one, other)
                for one, other in (
                    ("submitted", "reviewed"),
                    ("submitted", "verified"),
                    ("reviewed", "verified"),
                    ("entered", "reviewed"),
                    ("entered", "verified"),
                )
            ),
        ]

    def __str__(self) -> str:
        return f"{self.series} · {self.period}"

    def get_absolute_url(self) -> str:
        return reverse("entry", args=[self.pk])

    @property
    def work_line(self) -> str:
        return self.series.project.work_line

    @property
    def region_id(self) -> str:
        return self.series.region_id

    @property
    def is_correction(self) -> bool:
        return self.revision > 1

    def audit_facts(self) -> dict[str, Any]:
        """The content an audit event keeps before and after a step."""
        return {
            "status": self.status,
            "version": self.version,
            "value": self.value,
            "no_progress_reason": self.no_progress_reason,
            "note": self.note,
            "is_void": self.is_void,
        }


class EvidenceStage(models.TextChoices):
    """What a photo shows of the work; a file that shows none of these has none."""

    BEFORE = "before", _("治理前")
    DURING = "during", _("治理中")
    AFTER = "after", _("治理后")


class Evidence(models.Model):
    """One file that proves one entry; final with the entry, by trigger."""

    entry = models.ForeignKey(ProgressEntry, models.CASCADE, related_name="evidence")
    attachment = models.ForeignKey(Attachment, models.PROTECT, related_name="evidence")
    stage = models.CharField(_("阶段"), max_length=6, choices=EvidenceStage, blank=True)

    class Meta:
        verbose_name = _("佐证")
        verbose_name_plural = _("佐证")
        constraints = [models.UniqueConstraint(name="evidence_once", fields=["entry", "attachment"])]

    def __str__(self) -> str:
        return str(self.attachment)
