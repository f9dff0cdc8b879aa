"""The fields and references that several resources share."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.rest.strict import Input
from jurisdictions.models import WorkLine
from progress.figures import Look
from progress.models import Frequency, Indicator, IndicatorKind, Period


@extend_schema_field({"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}$", "examples": ["2025-03"]})
class Month(serializers.Field[datetime.date, str, str, Any]):
    """A month such as 2025-03, kept as its first day."""

    default_error_messages = {"invalid": _("请填写年月，例如 2025-01。")}

    def to_internal_value(self, data: str) -> datetime.date:
        try:
            return datetime.date.fromisoformat(f"{data}-01")
        except ValueError:
            self.fail("invalid")

    def to_representation(self, value: datetime.date) -> str:
        return value.isoformat()[:7]


class AsOf(serializers.DateField):
    """A past day to look back on: the figures are told as they were known at its end, Beijing time."""

    default_error_messages = {
        "invalid": _("请填写日期，例如 2025-03-31。"),
        "not_past": _("只能回看今天以前的日期。"),
    }

    def to_internal_value(self, value: Any) -> datetime.date:
        day = super().to_internal_value(value)
        if day >= timezone.localdate():
            self.fail("not_past")
        return day


class LookQuery(Input):
    """The day that figures are asked for; without one they are today's."""

    as_of = AsOf(required=False)


def look_of(query: Mapping[str, Any]) -> Look:
    """The look that a validated query asks for."""
    day = query.get("as_of")
    return Look.back(day) if day else Look(timezone.localdate())


class IndicatorRef(serializers.Serializer[Indicator]):
    """What is measured, and the unit of every amount beside it."""

    code = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(IndicatorKind.choices)
    unit = serializers.CharField()
    decimals = serializers.IntegerField()


class IndicatorSerializer(IndicatorRef):
    work_line = serializers.ChoiceField(WorkLine.choices)
    may_fall = serializers.BooleanField()
    numerator = serializers.CharField(source="numerator.code", default=None, allow_null=True)
    denominator = serializers.CharField(source="denominator.code", default=None, allow_null=True)


class PeriodSerializer(serializers.Serializer[Period]):
    """A period; `code` is its first day without what the kind leaves no choice in: 2025, 2025-03, 2025-03-11."""

    code = serializers.SerializerMethodField()
    kind = serializers.ChoiceField(Frequency.choices)
    start_on = serializers.DateField()
    end_on = serializers.DateField()
    name = serializers.CharField(source="__str__")

    def get_code(self, period: Period) -> str:
        digits = {Frequency.YEAR: 4, Frequency.TEN_DAYS: 10}.get(Frequency(period.kind), 7)
        return period.start_on.isoformat()[:digits]
