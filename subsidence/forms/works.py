"""What a clerk says of a parcel's works, photos and measured quality."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.forms import OnceForm
from progress.forms import EvidenceForm
from progress.forms.evidence import FilesField, FilesInput
from projects.services.attachments import MAX_BYTES, sha256_of
from subsidence.forms.fields import AmountField, DayField
from subsidence.grading import said_limits
from subsidence.models import Moment, Parcel, QualityLimit, QualityResult, Work, WorkKind
from subsidence.services.works import Content

#: What a column of seven whole digits holds.
MOST = Decimal("9999999.999")
CELLS = ("planned_on", "done_on", "quantity", "unit", "note")


class SeenForm(OnceForm):
    """A form on what the person was shown, by its mark."""

    seen = forms.CharField(widget=forms.HiddenInput, error_messages={"required": _("页面不完整，请刷新后重试。")})


class WorksForm(SeenForm):
    """All works of a parcel in one table; an input is called after the work and the column, such as fill-done_on."""

    def __init__(self, *args: Any, kinds: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kinds = kinds
        for kind in kinds:
            for name, field in _cells().items():
                # Read out and listed with errors; the table's own heads say it to whoever sees them.
                field.label = _("%(work)s·%(column)s") % {"work": WorkKind(kind).label, "column": field.label}
                self.fields[f"{kind}-{name}"] = field

    @property
    def rows(self) -> list[tuple[WorkKind, list[forms.BoundField]]]:
        return [(WorkKind(kind), [self[f"{kind}-{name}"] for name in CELLS]) for kind in self.kinds]

    @property
    def contents(self) -> dict[str, Content]:
        said = self.cleaned_data
        return {kind: Content(**{name: said[f"{kind}-{name}"] for name in CELLS}) for kind in self.kinds}


def _cells() -> dict[str, forms.Field]:
    """The inputs of one work."""
    return {
        "planned_on": DayField(label=_("计划完成"), required=False),
        "done_on": DayField(label=_("实际完成"), required=False),
        "quantity": AmountField(label=_("工程量"), decimals=4, required=False),
        "unit": forms.CharField(label=_("单位"), max_length=12, required=False),
        "note": forms.CharField(label=_("说明"), max_length=500, required=False),
    }


def works_as(works: Iterable[Work]) -> dict[str, Any]:
    """What the form shows of the works on record."""
    shown = {}
    for work in works:
        quantity = "" if work.quantity is None else f"{work.quantity.normalize():f}"
        for name, value in (
            ("planned_on", work.planned_on),
            ("done_on", work.done_on),
            ("quantity", quantity),
            ("unit", work.unit),
            ("note", work.note),
        ):
            shown[f"{work.kind}-{name}"] = value
    return shown


class PhotoForm(EvidenceForm):
    """Photos of a parcel at one moment, of the whole or of one of its works."""

    file = FilesField(
        label=_("添加照片"),
        widget=FilesInput(attrs={"accept": ".jpg,.jpeg,.png,.webp", "data-limit": MAX_BYTES}),
        help_text=_("可一次选择多张：JPEG、PNG、WebP，每张不超过 10 MB。"),
    )
    stage = forms.ChoiceField(
        label=_("照片阶段"),
        choices=[("", "—"), *Moment.choices],
        error_messages={"required": _("请选择照片拍的是治理前、治理中还是治理后。")},
    )
    work = forms.ModelChoiceField(Work.objects.none(), label=_("工序"), required=False, empty_label=_("整个图斑"))

    def __init__(self, *args: Any, parcel: Parcel, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["work"]
        field.queryset = parcel.works.order_by("pk")
        field.label_from_instance = Work.get_kind_display

    @property
    def body(self) -> bytes:
        work = self.cleaned_data["work"]
        files = [sha256_of(upload) for upload in self.cleaned_data["file"]]
        return json.dumps([self.cleaned_data["stage"], work and work.pk, files]).encode()


class PhotoOffForm(OnceForm):
    """The photo to take off a parcel."""

    photo = forms.IntegerField(widget=forms.HiddenInput)


class QualityForm(SeenForm):
    """What was measured for one request, an input for each item; a blank one is not measured."""

    def __init__(self, *args: Any, limits: Sequence[QualityLimit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.limits = limits
        for limit in limits:
            self.fields[limit.item] = MeasuredField(limit)

    def rows_with(
        self, results: Iterable[QualityResult]
    ) -> list[tuple[QualityLimit, str, forms.BoundField, QualityResult | None]]:
        """Each limit, itself in words, its input, and what is on record of it."""
        known = {result.item: result for result in results}
        return [
            (limit, said_limits(limit.at_least, limit.at_most), self[limit.item], known.get(limit.item))
            for limit in self.limits
        ]

    @property
    def values(self) -> dict[str, Decimal | None]:
        return {limit.item: self.cleaned_data[limit.item] for limit in self.limits}


class MeasuredField(AmountField):
    """A measured value, exact to three decimals."""

    def __init__(self, limit: QualityLimit) -> None:
        super().__init__(decimals=3, required=False, label=limit.name)

    def clean(self, value: Any) -> Decimal | None:
        measured = super().clean(value)
        if measured is not None and measured > MOST:
            raise ValidationError(_("数值过大，请核对单位。"))
        return measured


def measured_as(results: Iterable[QualityResult]) -> dict[str, str]:
    """What the form shows of what is measured already."""
    return {result.item: f"{result.value.normalize():f}" for result in results}
