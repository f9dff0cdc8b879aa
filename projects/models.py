"""Programmes (工程包), projects (项目), and the subjects, conditions and attachments every line shares."""

from __future__ import annotations

import uuid
from pathlib import PurePath
from typing import Any, ClassVar

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.policy import Action, scope_q
from jurisdictions.models import Organisation, Region, WorkLine
from jurisdictions.spelling import spell


class Programme(models.Model):
    """One named bundle of projects, such as 襄垣县12个重大生态项目; `basis` quotes the source."""

    code = models.SlugField(_("代码"), max_length=40, unique=True)
    name = models.CharField(_("名称"), max_length=120)
    work_line = models.CharField(_("工作线"), max_length=12, choices=WorkLine)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name=_("地区"), related_name="+")
    basis = models.TextField(_("依据"), blank=True)

    class Meta:
        verbose_name = _("工程包")
        verbose_name_plural = _("工程包")

    def __str__(self) -> str:
        return self.name


class SubjectKind(models.TextChoices):
    REGION = "region", _("行政区划")
    PROJECT = "project", _("项目")
    MINE = "mine", _("矿井")
    PARCEL = "parcel", _("沉陷图斑")


class Subject(models.Model):
    """Anything that can be tied, watched, warned about or ordered; made by the service of the line it belongs to."""

    kind = models.CharField(_("类别"), max_length=12, choices=SubjectKind)
    name = models.CharField(_("名称"), max_length=120)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name=_("地区"), related_name="+")
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, verbose_name=_("责任机构"), related_name="+"
    )
    url = models.CharField(_("页面"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("对象")
        verbose_name_plural = _("对象")
        constraints = [
            models.UniqueConstraint(
                name="subject_one_per_region", fields=["region"], condition=Q(kind=SubjectKind.REGION)
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ProjectStatus(models.TextChoices):
    UNKNOWN = "", _("待补")
    PLANNED = "planned", _("谋划")
    UNDERWAY = "underway", _("在建")
    FINISHED = "finished", _("已完工")


class ProjectQuerySet(models.QuerySet["Project"]):
    def visible_to(self, user: User | AnonymousUser) -> ProjectQuerySet:
        """The projects in the person's scope; a parent outside it is not named, as if there were none."""
        visible = self.filter(scope_q(user, Action.VIEW))
        parents = Project.objects.filter(scope_q(user, Action.VIEW))
        return visible.prefetch_related(models.Prefetch("parent", parents))


class Project(models.Model):
    """One piece of work with a place and an owner; an empty name means the source does not name it (待补)."""

    code = models.SlugField(_("代码"), max_length=40, unique=True)
    name = models.CharField(_("名称"), max_length=120, blank=True)
    pinyin = models.CharField(_("拼音"), max_length=600, blank=True, editable=False)
    initials = models.CharField(_("拼音首字母"), max_length=120, blank=True, editable=False)
    work_line = models.CharField(_("工作线"), max_length=12, choices=WorkLine)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name=_("地区"), related_name="projects")
    owner = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, verbose_name=_("责任单位"), related_name="projects"
    )
    programme = models.ForeignKey(
        Programme, models.PROTECT, null=True, blank=True, verbose_name=_("工程包"), related_name="projects"
    )
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, verbose_name=_("上级项目"), related_name="subprojects"
    )
    subject = models.OneToOneField(Subject, models.PROTECT, related_name="project", editable=False)
    status = models.CharField(_("状态"), max_length=12, choices=ProjectStatus, blank=True)
    start_on = models.DateField(_("开工日期"), null=True, blank=True)
    due_on = models.DateField(_("计划竣工"), null=True, blank=True)
    finished_on = models.DateField(_("竣工日期"), null=True, blank=True)
    investment = models.DecimalField(_("投资（万元）"), max_digits=18, decimal_places=4, null=True, blank=True)
    basis = models.TextField(_("依据"), blank=True)
    is_demo = models.BooleanField(_("演示数据"), default=False)

    objects: ClassVar[ProjectQuerySet] = ProjectQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("项目")
        verbose_name_plural = _("项目")
        indexes = [models.Index(name="project_region", fields=["region"], opclasses=["varchar_pattern_ops"])]
        constraints = [
            models.CheckConstraint(
                name="project_due_after_start",
                condition=Q(start_on=None) | Q(due_on=None) | Q(due_on__gte=F("start_on")),
            ),
        ]

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
        return reverse("project", args=[self.code])


class ConditionLevel(models.TextChoices):
    NOTICE = "notice", _("提示")
    WARNING = "warning", _("预警")
    ALARM = "alarm", _("严重")


class Condition(models.Model):
    """“This is so” about a subject, from `since` until somebody or something clears it; one open per kind and key."""

    subject = models.ForeignKey(Subject, models.CASCADE, verbose_name=_("对象"), related_name="conditions")
    kind = models.CharField(_("类别"), max_length=40)
    key = models.CharField(_("键"), max_length=120, blank=True)
    level = models.CharField(_("程度"), max_length=8, choices=ConditionLevel)
    since = models.DateTimeField(_("起"))
    until = models.DateTimeField(_("止"), null=True, blank=True)
    sentence = models.TextField(_("说明"))
    facts = models.JSONField(_("事实"), default=dict)

    class Meta:
        verbose_name = _("情况")
        verbose_name_plural = _("情况")
        constraints = [
            models.UniqueConstraint(name="condition_one_open", fields=["kind", "key"], condition=Q(until=None)),
            models.CheckConstraint(
                name="condition_ends_after_start", condition=Q(until=None) | Q(until__gte=F("since"))
            ),
        ]

    def __str__(self) -> str:
        return self.sentence


def random_path(_attachment: Attachment, filename: str) -> str:
    """Files are stored under random names: the name a user gave never reaches the disk."""
    return f"attachments/{uuid.uuid4().hex}{PurePath(filename).suffix.lower()}"


class Attachment(models.Model):
    """One stored file, known by its content (sha256); each app links it with a table of its own."""

    name = models.CharField(_("文件名"), max_length=200)
    file = models.FileField(_("文件"), upload_to=random_path)
    content_type = models.CharField(_("类型"), max_length=80)
    size = models.PositiveIntegerField(_("字节数"))
    sha256 = models.CharField(max_length=64, db_index=True)
    #: Of the file as it was uploaded; `sha256` is of what is kept, which for a photo is a clean copy of it.
    original_sha256 = models.CharField(max_length=64, db_index=True, blank=True, default="")
    thumbnail = models.FileField(_("缩略图"), upload_to=random_path, blank=True)
    taken_at = models.DateTimeField(_("拍摄时间"), null=True)
    latitude = models.DecimalField(_("纬度"), max_digits=9, decimal_places=6, null=True)
    longitude = models.DecimalField(_("经度"), max_digits=9, decimal_places=6, null=True)
    uploaded_by = models.ForeignKey(User, models.PROTECT, verbose_name=_("上传人"), related_name="+")
    uploaded_at = models.DateTimeField(_("上传时间"))

    class Meta:
        verbose_name = _("附件")
        verbose_name_plural = _("附件")

    def __str__(self) -> str:
        return self.name

    @property
    def is_photo(self) -> bool:
        return self.content_type.startswith("image/")
