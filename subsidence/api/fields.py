"""The fields and references that several resources of this work line share."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.models import User
from accounts.rest.strict import Exact
from progress.amounts import InvalidAmount, parse_amount
from progress.api.entries import AmountText
from projects.api import Known
from subsidence.models import Mine, Stage

#: Digits after the point of an area in 亩.
AREA_DECIMALS = 2
CODE = "[-a-zA-Z0-9_]+"


class MineRef(serializers.Serializer[Mine]):
    """Which mine."""

    code = serializers.CharField()
    name = Known()


class AreasSerializer(serializers.Serializer[Any]):
    """How much of a parcel has taken each stage so far, in 亩."""

    surveyed = Exact(source="surveyed_area")
    approved = Exact(source="approved_area")
    started = Exact(source="started_area")
    finished = Exact(source="finished_area")
    self_checked = Exact(source="self_checked_area")
    accepted = Exact(source="accepted_area")
    published = Exact(source="published_area")
    closed = Exact(source="closed_area")
    tended = Exact(source="tended_area")


#: The same for whoever writes JSON by hand: name in the answer, column of the parcel.
AREAS = {stage.value: stage.area_field for stage in Stage}


class Amount(AmountText):
    """An amount that a program sends, read as the forms read what is typed."""

    def __init__(self, *, decimals: int = AREA_DECIMALS, may_be_negative: bool = False, **kwargs: Any) -> None:
        self.decimals, self.may_be_negative = decimals, may_be_negative
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> Decimal:  # type: ignore[override]
        text = super().to_internal_value(data)
        try:
            return parse_amount(text, decimals=self.decimals, may_be_negative=self.may_be_negative)
        except InvalidAmount as error:
            raise serializers.ValidationError(str(error.message), code="invalid_amount") from error


class MineCode(serializers.CharField):
    """The code of a mine that the person sees; cleans to the mine."""

    default_error_messages = {"unknown": _("没有这座矿井，或者它不在您的职责范围内。")}

    def to_internal_value(self, data: Any) -> Mine:  # type: ignore[override]
        code = super().to_internal_value(data)
        by: User = self.context["request"].user
        visible = Mine.objects.visible_to(by).select_related("region", "operator", "project__region")
        found = visible.filter(code=code).first()
        if found is None:
            self.fail("unknown")
        return found
