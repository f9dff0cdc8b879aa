"""Users, duties, what tokens may be told, the append-only audit trail and idempotency receipts."""

from __future__ import annotations

import datetime
from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from knox.models import AuthToken

from jurisdictions.models import Organisation, Region, WorkLine


class User(AbstractUser):
    """One person with an account; what they may do follows from their duties alone."""

    display_name = models.CharField(_("姓名"), max_length=40, blank=True)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, verbose_name=_("所在机构"), related_name="users"
    )
    is_demo = models.BooleanField(_("演示账号"), default=False)

    def __str__(self) -> str:
        return self.display_name or self.username

    def duties_on(self, day: datetime.date) -> list[Duty]:
        """The person's duties in force that day; asked once per day and instance (a request has one instance)."""
        cache: dict[datetime.date, list[Duty]] = self.__dict__.setdefault("_duties", {})
        if day not in cache:
            cache[day] = list(self.duties.in_force(day).select_related("region"))
        return cache[day]

    def answers_for(self, *, unit: str, line: str, on: datetime.date) -> bool:
        """Whether the person is a clerk of the unit, a region's code, on the work line that day."""
        return any(duty.role == Role.CLERK and duty.covers(unit=unit, line=line) for duty in self.duties_on(on))

    def counts_as(self, day: datetime.date) -> set[int]:
        """The person, and the people whose deputy (代理) the person is that day."""
        return {self.pk, *(duty.deputises_for_id for duty in self.duties_on(day) if duty.deputises_for_id)}


class Role(models.TextChoices):
    CLERK = "clerk", _("填报员")
    REVIEWER = "reviewer", _("县级审核员")
    VERIFIER = "verifier", _("市级核定员")
    LEADER = "leader", _("领导")
    SUPERVISOR = "supervisor", _("督查员")
    SYSTEM_ADMIN = "system_admin", _("系统管理员")
    SECURITY_ADMIN = "security_admin", _("安全管理员")
    AUDIT_ADMIN = "audit_admin", _("审计管理员")


#: 三员: separated by GB/T 22239-2019; none of them sees business data.
ADMIN_ROLES = (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN)


class DutyQuerySet(models.QuerySet["Duty"]):
    def in_force(self, day: datetime.date) -> DutyQuerySet:
        return self.filter(Q(valid_until=None) | Q(valid_until__gte=day), valid_from__lte=day)


class Duty(models.Model):
    """One responsibility (职责) of one person: a role, on one work line or all, in a region and all below it."""

    user = models.ForeignKey(User, models.CASCADE, verbose_name=_("人员"), related_name="duties")
    role = models.CharField(_("角色"), max_length=16, choices=Role)
    work_line = models.CharField(
        _("工作线"), max_length=12, choices=WorkLine, blank=True, help_text=_("留空表示全部工作线")
    )
    region = models.ForeignKey(Region, models.PROTECT, verbose_name=_("管辖地区"), related_name="duties")
    valid_from = models.DateField(_("起始日期"))
    valid_until = models.DateField(_("截止日期"), null=True, blank=True)
    deputises_for = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, verbose_name=_("代理谁"), related_name="deputies"
    )

    objects: ClassVar[DutyQuerySet] = DutyQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("职责")
        verbose_name_plural = _("职责")
        constraints = [
            models.UniqueConstraint(
                name="duty_one_admin_role_per_person",
                fields=["user"],
                condition=Q(role__in=ADMIN_ROLES),
                violation_error_message=_("三员分立：同一人不得兼任两种管理员。"),
            ),
            models.CheckConstraint(
                name="duty_ends_after_start",
                condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from")),
                violation_error_message=_("截止日期不得早于起始日期。"),
            ),
        ]

    def __str__(self) -> str:
        line = self.get_work_line_display() or _("全部工作线")
        return f"{self.get_role_display()} · {line} · {self.region}"

    def covers(self, *, unit: str, line: str) -> bool:
        """Whether the duty reaches that region on that work line."""
        return self.work_line in ("", line) and unit.startswith(self.region_id)


class Scope(models.TextChoices):
    """Restricted data that a program is told only if its token says so."""

    COORDINATES = "coordinates", _("坐标")


class TokenScope(models.Model):
    """One scope of one REST token, given when it is issued; it goes with the token."""

    token = models.ForeignKey(AuthToken, models.CASCADE, verbose_name=_("令牌"), related_name="scopes")
    scope = models.CharField(_("范围"), max_length=20, choices=Scope)

    class Meta:
        verbose_name = _("令牌范围")
        verbose_name_plural = _("令牌范围")
        constraints = [models.UniqueConstraint(name="token_scope_once", fields=["token", "scope"])]

    def __str__(self) -> str:
        return str(self.get_scope_display())


class AuditEvent(models.Model):
    """One thing done by one person, kept as text so that it neither blocks nor follows a deletion.

    Append-only by trigger; `hmac` signs the row's own content (see audit.py).
    """

    at = models.DateTimeField(_("时间"))
    actor_id = models.BigIntegerField(_("人员编号"), null=True)
    actor = models.CharField(_("人员"), max_length=190)
    action = models.CharField(_("操作"), max_length=60)
    object_type = models.CharField(_("对象类型"), max_length=60)
    object_id = models.CharField(_("对象编号"), max_length=60)
    before = models.JSONField(_("变更前"), null=True)
    after = models.JSONField(_("变更后"), null=True)
    reason = models.TextField(_("理由"), blank=True)
    hmac = models.CharField(_("签名"), max_length=64)

    class Meta:
        verbose_name = _("审计记录")
        verbose_name_plural = _("审计记录")
        indexes = [models.Index(name="audit_object", fields=["object_type", "object_id", "id"])]

    def __str__(self) -> str:
        return f"{self.at:%F %T} {self.actor} {self.action} {self.object_type} {self.object_id}"


class AuditSeal(models.Model):
    """One link of the audit chain: `digest` covers the event and the previous link; `seq` orders by commit."""

    seq = models.BigIntegerField(_("序号"), primary_key=True)
    event = models.OneToOneField(AuditEvent, models.PROTECT, verbose_name=_("审计记录"), related_name="seal")
    digest = models.CharField(_("摘要"), max_length=64)

    class Meta:
        verbose_name = _("审计封存")
        verbose_name_plural = _("审计封存")

    def __str__(self) -> str:
        return str(self.seq)


class UnsealedEvent(models.Model):
    """The mark of an event that has no seal yet, written by a trigger and taken away by the sealer."""

    event = models.OneToOneField(AuditEvent, models.DO_NOTHING, primary_key=True, related_name="+", db_constraint=False)

    def __str__(self) -> str:
        return str(self.pk)


class Receipt(models.Model):
    """The answer once given to a request, so that the same request repeated is answered again and not done again."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    body_sha256 = models.CharField(max_length=64)
    answer = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(name="receipt_once_per_user", fields=["user", "key"])]

    def __str__(self) -> str:
        return self.key


class Message(models.Model):
    """One in-app message (站内信) to one person; `key` names the occasion, of which a person is told once."""

    user = models.ForeignKey(User, models.CASCADE, verbose_name=_("收信人"), related_name="inbox")
    key = models.CharField(_("事由"), max_length=120)
    text = models.CharField(_("内容"), max_length=500)
    url = models.CharField(_("链接"), max_length=200)
    sent_at = models.DateTimeField(_("发送时间"))
    read_at = models.DateTimeField(_("阅读时间"), null=True)

    class Meta:
        verbose_name = _("站内信")
        verbose_name_plural = _("站内信")
        constraints = [models.UniqueConstraint(name="message_once_per_occasion", fields=["user", "key"])]
        indexes = [models.Index(name="message_unread", fields=["user"], condition=Q(read_at=None))]

    def __str__(self) -> str:
        return self.text


class SavedFilter(models.Model):
    """One filter, order and choice of columns of one list, kept under a name by one person."""

    user = models.ForeignKey(User, models.CASCADE, related_name="saved_filters")
    page = models.CharField(_("列表"), max_length=40)
    name = models.CharField(_("名称"), max_length=40)
    query = models.CharField(_("条件"), max_length=1000)

    class Meta:
        verbose_name = _("常用筛选")
        verbose_name_plural = _("常用筛选")
        constraints = [models.UniqueConstraint(name="saved_filter_once", fields=["user", "page", "name"])]

    def __str__(self) -> str:
        return self.name
