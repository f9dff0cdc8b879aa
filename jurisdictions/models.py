"""Regions (行政区划), organisations (机构) and the four work lines (工作线)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Left
from django.utils.translation import gettext_lazy as _

from jurisdictions import codes


class WorkLine(models.TextChoices):
    """The four lines of work of the article."""

    SUBSIDENCE = "subsidence", _("国土生态修复")
    WATER = "water", _("治水兴水节水")
    POLLUTION = "pollution", _("污染防治攻坚")
    LOWCARBON = "lowcarbon", _("绿色低碳转型")


class RegionLevel(models.TextChoices):
    CITY = "city", _("市")
    COUNTY = "county", _("县区")
    TOWN = "town", _("乡镇")
    VILLAGE = "village", _("村")


class RegionQuerySet(models.QuerySet["Region"]):
    def within(self, code: str) -> RegionQuerySet:
        """The region and all below it: one range scan, because the code is the path."""
        return self.filter(code__startswith=code)


def _below(level: RegionLevel, *, digits: int, above: int) -> Q:
    """A code of so many digits whose first ones are the parent's; the parent is asked for, or NULL would pass."""
    parent = Q(parent__isnull=False, parent_id=Left("code", above))
    return Q(level=level, code__regex=rf"^\d{{{digits}}}$") & parent


class Region(models.Model):
    """One administrative division; codes of the National Bureau of Statistics as of 2023-06-30."""

    code = models.CharField(_("代码"), max_length=12, primary_key=True)
    name = models.CharField(_("名称"), max_length=60)
    short_name = models.CharField(_("简称"), max_length=60)
    full_name = models.CharField(_("全称"), max_length=160)
    level = models.CharField(_("级别"), max_length=8, choices=RegionLevel)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, verbose_name=_("上级地区"), related_name="children"
    )
    pinyin = models.CharField(_("拼音"), max_length=160)
    initials = models.CharField(_("拼音首字母"), max_length=40)
    is_special = models.BooleanField(_("开发区等特殊单位"), default=False)

    objects = RegionQuerySet.as_manager()

    class Meta:
        verbose_name = _("行政区划")
        verbose_name_plural = _("行政区划")
        constraints = [
            models.CheckConstraint(
                name="region_code_extends_parent",
                condition=Q(level=RegionLevel.CITY, parent=None, code__regex=r"^\d{4}$")
                | _below(RegionLevel.COUNTY, digits=6, above=4)
                | _below(RegionLevel.TOWN, digits=9, above=6)
                | _below(RegionLevel.VILLAGE, digits=12, above=9),
            ),
        ]

    def __str__(self) -> str:
        return self.full_name

    @property
    def official_code(self) -> str:
        return codes.official(self.code)


class OrganisationKind(models.TextChoices):
    BUREAU = "bureau", _("行政部门")
    ENTERPRISE = "enterprise", _("企业")
    SCHOOL = "school", _("学校")
    PLANT = "plant", _("污水处理厂")
    TASK_FORCE = "task_force", _("工作专班")


class Organisation(models.Model):
    """One bureau, enterprise or task force that answers for work; `basis` quotes the source that names it."""

    name = models.CharField(_("名称"), max_length=80, unique=True)
    kind = models.CharField(_("类别"), max_length=12, choices=OrganisationKind)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name=_("所在地区"), related_name="organisations")
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, verbose_name=_("上级机构"), related_name="children"
    )
    basis = models.TextField(_("依据"), blank=True)

    class Meta:
        verbose_name = _("机构")
        verbose_name_plural = _("机构")

    def __str__(self) -> str:
        return self.name
