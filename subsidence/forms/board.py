"""What is laid down on the task board: the parts of a target, what counts for it, and the cut-off date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext_lazy as _

from accounts.forms import OnceForm
from jurisdictions.models import Region
from progress.models import Split
from progress.services.targets import Part
from subsidence.forms.fields import AmountField, DayField
from subsidence.models import Stage
from subsidence.services import board

#: Years that a split may begin with, and how many it may have.
YEARS, MOST_YEARS = range(2000, 2101), 10


class DocumentForm(OnceForm):
    """The paper that a decision rests on."""

    document = forms.CharField(label=_("文号"), max_length=120, error_messages={"required": _("请填写文号。")})


class SplitForm(DocumentForm):
    """The parts of a target, one way to split it: an amount for each key, on the versions that the person saw."""

    split_by: Split
    seen = forms.IntegerField(widget=forms.HiddenInput, error_messages={"required": _("页面不完整，请刷新后重试。")})

    def __init__(self, *args: Any, parts: Mapping[str, Part], digits: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.of = dict(parts)
        for key, part in self.of.items():
            self.add_cell(key, part, digits)

    def add_cell(self, key: str, part: Part, digits: int) -> None:
        amount = AmountField(label=_("%(name)s任务") % {"name": said(part)}, decimals=digits, required=False)
        amount.widget.attrs["aria-label"] = str(amount.label)
        self.fields[f"amount_{key}"] = amount

    def amount(self, key: str) -> BoundField:
        return self[f"amount_{key}"]

    @property
    def parts(self) -> dict[Part, Decimal]:
        """What is asked for; a blank cell asks for nothing."""
        amounts = {part: self.cleaned_data[f"amount_{key}"] for key, part in self.of.items()}
        return {part: amount for part, amount in amounts.items() if amount is not None}

    def chosen(self) -> list[str]:
        """The keys that a trial shares the task among."""
        return list(self.of)

    def tried(self, shares: Mapping[str, Decimal]) -> dict[str, Any]:
        """What the form shows after a trial: all that was typed, with the amounts in place of those before."""
        typed = {name: self.data.get(name, "") for name in self.fields if name != "receipt"}
        blank = {f"amount_{key}": "" for key in self.of}
        return {**typed, **blank, **{f"amount_{key}": f"{share:f}" for key, share in shares.items()}}


def said(part: Part) -> str:
    return part.name if isinstance(part, Region) else str(part)


class RegionSplitForm(SplitForm):
    """A tick for each unit that takes a part, and its amount."""

    split_by = Split.REGION

    def add_cell(self, key: str, part: Part, digits: int) -> None:
        tick = forms.BooleanField(label=_("%(name)s承担任务") % {"name": said(part)}, required=False)
        tick.widget.attrs["aria-label"] = str(tick.label)
        self.fields[f"take_{key}"] = tick
        super().add_cell(key, part, digits)

    def tick(self, key: str) -> BoundField:
        return self[f"take_{key}"]

    def clean(self) -> dict[str, Any]:
        """Refuse, at its cell, a tick without an amount and an amount without a tick."""
        asked: dict[str, Any] = super().clean() or self.cleaned_data
        for key in self.of:
            cell = f"amount_{key}"
            if cell not in asked:
                continue
            if asked[f"take_{key}"] and not asked[cell]:
                self.add_error(cell, _("已勾选承担任务，请填写大于 0 的面积；不承担的请取消勾选。"))
            elif asked[cell] and not asked[f"take_{key}"]:
                self.add_error(cell, _("填写了面积，请勾选“承担任务”；不承担的请清空面积。"))
        return asked

    def chosen(self) -> list[str]:
        """The ticked ones."""
        return [key for key in self.of if f"take_{key}" in self.data]

    def tried(self, shares: Mapping[str, Decimal]) -> dict[str, Any]:
        return {**super().tried(shares), **{f"take_{key}": key in self.chosen() for key in self.of}}


class YearSplitForm(SplitForm):
    """An amount for each year; which years are listed goes along."""

    split_by = Split.YEAR
    first = forms.IntegerField(widget=forms.HiddenInput, required=False)
    count = forms.IntegerField(widget=forms.HiddenInput, required=False)


class YearsForm(forms.Form):
    """Which years to list, for a target whose dates nobody has laid down."""

    first = forms.IntegerField(label=_("起始年份"), min_value=YEARS[0], max_value=YEARS[-1])
    count = forms.IntegerField(label=_("年数"), min_value=1, max_value=MOST_YEARS)

    @property
    def years(self) -> list[int]:
        """Those asked for; none while that is not understood."""
        if not self.is_valid():
            return []
        first, count = self.cleaned_data["first"], self.cleaned_data["count"]
        return list(range(first, first + count))


class CountingForm(DocumentForm):
    """Which stage of 存量 counts."""

    stage = forms.ChoiceField(
        label=_("计入口径"),
        choices=[("", _("请选择"))],
        help_text=_("只能选存量的环节：新增沉陷的治理面积不抵减整改任务。"),
        error_messages={"required": _("请选择计入的环节。")},
    )

    field_order = ["receipt", "stage", "document"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["stage"].choices = [("", _("请选择")), *_countable()]  # type: ignore[attr-defined]

    def clean_stage(self) -> Stage:
        return Stage(self.cleaned_data["stage"])


def _countable() -> Iterator[tuple[str, str]]:
    for stage in board.COUNTABLE:
        yield stage.value, board.named(stage)


class CutOffForm(DocumentForm):
    """The day that parts 存量 from 增量."""

    on = DayField(label=_("分界日期"))

    field_order = ["receipt", "on", "document"]
