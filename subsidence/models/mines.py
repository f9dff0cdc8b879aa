"""Coal mines (煤矿)."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.db import models
from django.db.models import Count, Q, Sum
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from jurisdictions.models import Organisation, Region
from jurisdictions.spelling import spell
from projects.models import Project, Subject
from subsidence.models.scopes import LINE, ScopedQuerySet

ZERO = Decimal(0)


class MineStatus(models.TextChoices):
    UNKNOWN = "", _("待补")
    BUILDING = "building", _("在建")
    OPERATING = "operating", _("生产")
    SUSPENDED = "suspended", _("停产")
    CLOSED = "closed", _("关闭")


class MineQuerySet(ScopedQuerySet["Mine"]):
    def with_holdings(self, on: datetime.date) -> MineQuerySet:
        """Each with what its parcels amount to, in 亩, and its duties: those open, and those overdue that day."""
        is_open = Q(parcels__duty__isnull=False, parcels__duty__closed_on=None)
        surveyed, closed = Sum("parcels__surveyed_area", default=ZERO), Sum("parcels__closed_area", default=ZERO)
        return self.annotate(
            held=Count("parcels"),
            surveyed=surveyed,
            stock=surveyed - closed,
            open=Count("parcels", filter=is_open),
            overdue=Count("parcels", filter=is_open & Q(parcels__duty__due_on__lt=on)),
        )


class Mine(models.Model):
    """One of the city's 111 coal mines; an empty name means the source does not name it (待补).

    A mine whose county is unknown lies in the city. `project` is its treatment of subsided land, once it has any.
    """

    code = models.SlugField(_("矿井代码"), max_length=40, unique=True)
    name = models.CharField(_("矿井名称"), max_length=120, blank=True)
    pinyin = models.CharField(_("拼音"), max_length=600, blank=True, editable=False)
    initials = models.CharField(_("拼音首字母"), max_length=120, blank=True, editable=False)
    operator = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, verbose_name=_("经营主体"), related_name="mines"
    )
    region = models.ForeignKey(Region, models.PROTECT, verbose_name=_("县区"), related_name="+")
    status = models.CharField(_("状态"), max_length=12, choices=MineStatus, blank=True)
    subject = models.OneToOneField(Subject, models.PROTECT, related_name="mine", editable=False)
    project = models.OneToOneField(
        Project, models.PROTECT, null=True, verbose_name=_("治理项目"), related_name="mine", editable=False
    )
    basis = models.TextField(_("依据"), blank=True)
    version = models.PositiveIntegerField(_("版本"), default=1, editable=False)
    is_demo = models.BooleanField(_("演示数据"), default=False)

    objects: ClassVar[MineQuerySet] = MineQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("矿井")
        verbose_name_plural = _("矿井")
        indexes = [models.Index(name="mine_region", fields=["region"], opclasses=["varchar_pattern_ops"])]

    def __str__(self) -> str:
        return self.name or gettext("待补（%(code)s）") % {"code": self.code}

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the spelling in step with the name."""
        spelling = spell(self.name)
        self.pinyin, self.initials = spelling.pinyin[:600], spelling.initials[:120]
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "pinyin", "initials"}
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("mine", args=[self.code])

    @property
    def work_line(self) -> str:
        return LINE

    @property
    def project_name(self) -> str:
        """What the treatment of its land is called on the register of projects; a name is data and stays Chinese."""
        return f"{self}采煤沉陷区治理"
