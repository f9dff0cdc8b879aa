"""Imports of parcels (图斑导入): what one file asks for, row by row, and what became of it."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from progress.models import ImportOutcome, ImportStatus
from projects.models import random_path
from subsidence.models.parcels import Parcel


class ParcelImportQuerySet(models.QuerySet["ParcelImport"]):
    def visible_to(self, user: User | AnonymousUser) -> ParcelImportQuerySet:
        """An import is seen by the person who sent it."""
        return self.filter(imported_by=user.pk) if user.pk else self.none()


class ParcelImport(models.Model):
    """One uploaded ledger of parcels: checked as a whole, previewed, saved in one transaction, undone once at most."""

    name = models.CharField(_("文件名"), max_length=200)
    file = models.FileField(_("文件"), upload_to=random_path)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField(_("字节数"))
    status = models.CharField(_("状态"), max_length=9, choices=ImportStatus)
    #: Why the file as a whole cannot be imported.
    refusal = models.CharField(_("原因"), max_length=500, blank=True)
    rows = models.PositiveIntegerField(_("行数"), default=0)
    #: Letter of each column that was read, as in the file.
    columns = models.JSONField(_("列"), default=dict)
    #: Rows per outcome.
    counts = models.JSONField(_("结果"), default=dict)
    imported_by = models.ForeignKey(User, models.PROTECT, verbose_name=_("导入人"), related_name="+")
    received_at = models.DateTimeField(_("上传时间"))
    saved_at = models.DateTimeField(_("导入时间"), null=True)
    undone_at = models.DateTimeField(_("撤销时间"), null=True)

    objects: ClassVar[ParcelImportQuerySet] = ParcelImportQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("图斑导入")
        verbose_name_plural = _("图斑导入")

    def __str__(self) -> str:
        return self.name

    @property
    def faulty(self) -> int:
        """Rows that stand in the way: while there is one, nothing is saved."""
        return self.count_of(ImportOutcome.ERROR, ImportOutcome.CONFLICT)

    @property
    def asked(self) -> int:
        """Rows that register a parcel or describe one anew."""
        return self.count_of(ImportOutcome.NEW, ImportOutcome.CHANGED)

    def count_of(self, *outcomes: ImportOutcome) -> int:
        return sum(self.counts.get(outcome, 0) for outcome in outcomes)


class ParcelImportRow(models.Model):
    """One row of an imported file: its texts by column, and `errors` as {column, message}.

    `row` is its number in the file. `version` is that of the parcel it meets, and `before` what it replaces in it.
    """

    run = models.ForeignKey(ParcelImport, models.CASCADE, related_name="lines")
    row = models.PositiveIntegerField(_("行号"))
    outcome = models.CharField(_("结果"), max_length=8, choices=ImportOutcome)
    #: The parcel it concerns; of a new one, once it is saved.
    parcel = models.ForeignKey(Parcel, models.SET_NULL, null=True, related_name="+")
    version = models.PositiveIntegerField(null=True)
    texts = models.JSONField()
    before = models.JSONField(null=True)
    errors = models.JSONField(default=list)

    class Meta:
        verbose_name = _("导入行")
        verbose_name_plural = _("导入行")
        constraints = [models.UniqueConstraint(name="parcel_import_row_once", fields=["run", "row"])]

    def __str__(self) -> str:
        return f"{self.row} {self.outcome}"
