"""Imports (批量导入): what one file asks for, row by row, and what became of it."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from projects.models import random_path


class ImportStatus(models.TextChoices):
    WAITING = "waiting", _("等待检查")
    CHECKING = "checking", _("检查中")
    REFUSED = "refused", _("文件不能导入")
    CHECKED = "checked", _("待确认")
    CONFIRMED = "confirmed", _("等待写入")
    SAVED = "saved", _("已导入")
    UNDONE = "undone", _("已撤销")


class ImportRunQuerySet(models.QuerySet["ImportRun"]):
    def visible_to(self, user: User | AnonymousUser) -> ImportRunQuerySet:
        """An import is seen by the person who sent it."""
        return self.filter(imported_by=user.pk) if user.pk else self.none()


class ImportRun(models.Model):
    """One uploaded sheet: checked as a whole, previewed, saved in one transaction, undone once at most.

    `rows_done` is written while the work goes on, beside its transaction, so that others see how far it has come.
    """

    name = models.CharField(_("文件名"), max_length=200)
    file = models.FileField(_("文件"), upload_to=random_path)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField(_("字节数"))
    status = models.CharField(_("状态"), max_length=9, choices=ImportStatus, default=ImportStatus.WAITING)
    #: Why the file as a whole cannot be imported, or why saving did not go through.
    refusal = models.CharField(_("原因"), max_length=500, blank=True)
    rows = models.PositiveIntegerField(_("行数"), default=0)
    rows_done = models.PositiveIntegerField(_("已处理行数"), default=0)
    #: How often the present piece of work was begun; a file that breaks its worker is given up.
    attempts = models.PositiveSmallIntegerField(default=0)
    #: Letter of each column that was read, as in the file.
    columns = models.JSONField(_("列"), default=dict)
    #: Rows per outcome.
    counts = models.JSONField(_("结果"), default=dict)
    is_submitting = models.BooleanField(_("导入后直接报送"), default=False)
    imported_by = models.ForeignKey(User, models.PROTECT, verbose_name=_("导入人"), related_name="imports")
    received_at = models.DateTimeField(_("上传时间"))
    confirmed_at = models.DateTimeField(_("确认时间"), null=True)
    saved_at = models.DateTimeField(_("导入时间"), null=True)
    undone_at = models.DateTimeField(_("撤销时间"), null=True)

    objects: ClassVar[ImportRunQuerySet] = ImportRunQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("批量导入")
        verbose_name_plural = _("批量导入")
        indexes = [
            models.Index(
                name="import_waiting", fields=["id"], condition=Q(status__in=("waiting", "checking", "confirmed"))
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def faulty(self) -> int:
        """Rows that stand in the way: while there is one, nothing is saved."""
        return self._count(ImportOutcome.ERROR, ImportOutcome.CONFLICT)

    @property
    def asked(self) -> int:
        """Rows that make or change an entry."""
        return self._count(ImportOutcome.NEW, ImportOutcome.CHANGED)

    def _count(self, *outcomes: ImportOutcome) -> int:
        return sum(self.counts.get(outcome, 0) for outcome in outcomes)


class ImportOutcome(models.TextChoices):
    NEW = "new", _("新增")
    CHANGED = "changed", _("变更")
    SAME = "same", _("相同")
    CONFLICT = "conflict", _("冲突")
    ERROR = "error", _("有误")


class ImportRow(models.Model):
    """One row of an imported file as it was understood; plain numbers instead of foreign keys, for imports are large.

    `row` is its number in the file. `before` is the entry that the row replaces or meets, with what undoing it needs;
    `errors` lists {column, message} and `typed` keeps the texts of a row that has some.
    """

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="lines", db_index=False, db_constraint=False)
    row = models.PositiveIntegerField(_("行号"))
    outcome = models.CharField(_("结果"), max_length=8, choices=ImportOutcome)
    series_id = models.BigIntegerField(null=True)
    period_id = models.BigIntegerField(null=True)
    #: The entry it concerns; of a new one the number that is kept for it.
    entry_id = models.BigIntegerField(null=True)
    #: Version of the entry that the row builds on; empty for a new one. Saving makes it one more.
    version = models.PositiveIntegerField(null=True)
    value = models.DecimalField(_("数值"), max_digits=18, decimal_places=4, null=True)
    no_progress_reason = models.CharField(max_length=200, blank=True)
    note = models.TextField(blank=True)
    before = models.JSONField(null=True)
    errors = models.JSONField(null=True)
    typed = models.JSONField(null=True)

    class Meta:
        verbose_name = _("导入行")
        verbose_name_plural = _("导入行")
        constraints = [models.UniqueConstraint(name="import_row_once", fields=["run", "row"])]

    def __str__(self) -> str:
        return f"{self.row} {self.outcome}"
