"""What a clerk says of a mine."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext_lazy as _

from accounts.forms import OnceForm
from jurisdictions.filters import RegionCodeField
from jurisdictions.models import Organisation, OrganisationKind, Region
from subsidence.models import Mine, MineStatus


class MineForm(OnceForm):
    """The facts of one mine, on the version that the person saw; an empty one is 待补."""

    name = forms.CharField(
        label=_("矿井名称"), max_length=120, required=False, help_text=_("名称不明时留空，显示为待补。")
    )
    operator = forms.ModelChoiceField(
        Organisation.objects.none(),
        label=_("经营主体"),
        required=False,
        empty_label=_("待补"),
        help_text=_("名单中没有的企业，请系统管理员在后台“机构”中登记。"),
    )
    region = RegionCodeField(label=_("县区"), help_text=_("县区不明时填长治市。"))
    status = forms.ChoiceField(label=_("状态"), required=False, choices=MineStatus.choices)
    version = forms.IntegerField(widget=forms.HiddenInput, error_messages={"required": _("页面不完整，请刷新后重试。")})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        enterprises = Organisation.objects.filter(kind=OrganisationKind.ENTERPRISE).order_by("name")
        self.fields["operator"].queryset = enterprises  # type: ignore[attr-defined]

    def clean_region(self) -> Region:
        region = Region.objects.filter(pk=self.cleaned_data["region"]).first()
        if region is None:
            raise ValidationError(_("没有这个地区。"))
        return region

    @property
    def body(self) -> bytes:
        """What the person asked for, in one spelling; rows are named by their keys."""
        said = {name: getattr(value, "pk", value) for name, value in self.cleaned_data.items()}
        return json.dumps(said, cls=DjangoJSONEncoder, sort_keys=True).encode()

    @property
    def asked(self) -> dict[str, Any]:
        """All that was given but the receipt."""
        return {name: value for name, value in self.cleaned_data.items() if name != "receipt"}

    @classmethod
    def facts(cls, mine: Mine) -> dict[str, Any]:
        """What the form shows of a mine."""
        return {
            "name": mine.name,
            "operator": mine.operator_id,
            "region": mine.region_id,
            "status": mine.status,
            "version": mine.version,
        }
