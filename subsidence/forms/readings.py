"""Points at which the ground is watched, their readings, and the deadline of a duty."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.forms import OnceForm
from accounts.models import User
from accounts.policy import Action
from jurisdictions.filters import RegionCodeField
from jurisdictions.models import Region
from progress.amounts import InvalidAmount, parse_amount
from subsidence.filters.parcels import MineField
from subsidence.forms.fields import AmountField, DayField
from subsidence.models import Mine, Parcel, Reading, SubsidencePoint
from subsidence.services.points import Place
from subsidence.services.readings import Shown

#: Rows to type into; whoever has more pastes them.
ROWS = 5
PASTED_ROWS = 400
REASON_LIMIT = 200
INPUTS = ("on", "sink", "tilt")

_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_SPACE = re.compile(r"[\s,，;；]+")
INCOMPLETE = gettext_lazy("页面不完整，请刷新后重试。")


class UnfitLine(ValueError):
    """A pasted line that cannot be read; its message says why."""


class _SaidForm(OnceForm):
    """A form whose repetition is known by what was typed."""

    @property
    def body(self) -> bytes:
        return json.dumps([self.data.get(name, "") for name in self.fields]).encode()


class ReadingsForm(_SaidForm):
    """Several readings of a point, typed row by row or pasted out of a table."""

    pasted = forms.CharField(
        label=gettext_lazy("从表格粘贴"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 5, "placeholder": "2025-03-31\t12.50\t0.80"}),
        help_text=gettext_lazy("每行一次观测：日期、累计下沉（mm）、倾斜（mm/m，可缺），以制表符、空格或逗号分隔。"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for row in range(1, ROWS + 1):
            said = {"row": row}
            self.fields[f"on_{row}"] = DayField(label=_("第%(row)d行观测日期") % said, required=False)
            sink = AmountField(label=_("第%(row)d行累计下沉") % said, may_be_negative=True, required=False)
            self.fields[f"sink_{row}"] = sink
            self.fields[f"tilt_{row}"] = AmountField(label=_("第%(row)d行倾斜") % said, required=False)

    @property
    def rows(self) -> list[list[forms.BoundField]]:
        """The inputs, row by row."""
        return [[self[f"{name}_{row}"] for name in INPUTS] for row in range(1, ROWS + 1)]

    def clean(self) -> dict[str, Any]:
        for row in range(1, ROWS + 1):
            typed = [self.cleaned_data.get(f"{name}_{row}") for name in INPUTS]
            for name, value in zip(INPUTS[:2], typed, strict=False):
                is_lacking = value is None and any(each is not None for each in typed)
                if is_lacking and f"{name}_{row}" not in self.errors:
                    self.add_error(f"{name}_{row}", _("请填写观测日期。") if name == "on" else _("请填写累计下沉。"))
        return self.cleaned_data

    def clean_pasted(self) -> list[Shown]:
        lines = [(row, line) for row, line in enumerate(self.cleaned_data["pasted"].splitlines(), 1) if line.strip()]
        if len(lines) > PASTED_ROWS:
            raise ValidationError(_("一次最多粘贴%(limit)d行。") % {"limit": PASTED_ROWS})
        # The table's own headings come along easily.
        if lines and not any(char.isdigit() for char in lines[0][1]):
            lines = lines[1:]
        found, faults = [], []
        for row, line in lines:
            try:
                found.append(read_line(row, line))
            except UnfitLine as fault:
                faults.append(_("第%(row)d行：%(fault)s") % {"row": row, "fault": fault})
        if faults:
            raise ValidationError(faults)
        return found

    @property
    def shown(self) -> list[Shown]:
        return [*self._typed(), *self.cleaned_data["pasted"]]

    def _typed(self) -> Iterator[Shown]:
        for row in range(1, ROWS + 1):
            on, sink, tilt = (self.cleaned_data[f"{name}_{row}"] for name in INPUTS)
            if on is not None:
                yield Shown(on, sink, tilt, row, f"on_{row}")


def read_line(row: int, line: str) -> Shown:
    """One pasted line: day, sink and, if it was measured, tilt. Raises UnfitLine."""
    cells = line.split("\t") if "\t" in line else _SPACE.split(line.strip())
    cells = [cell.strip() for cell in cells]
    while cells and not cells[-1]:
        cells.pop()
    if not 2 <= len(cells) <= len(INPUTS):
        raise UnfitLine(_("应为日期、累计下沉，以及可缺的倾斜。"))
    tilt = _amount(cells[2]) if len(cells) > 2 and cells[2] else None
    return Shown(_day(cells[0]), _amount(cells[1], may_be_negative=True), tilt, row, "pasted")


def _day(text: str) -> datetime.date:
    said = _DAY.fullmatch(text)
    try:
        if said:
            year, month, day = map(int, said.groups())
            return datetime.date(year, month, day)
    except ValueError:
        pass
    raise UnfitLine(_("“%(text)s”不是日期，请写成 2025-03-31。") % {"text": text[:20]})


def _amount(text: str, *, may_be_negative: bool = False) -> Decimal:
    try:
        return parse_amount(text, decimals=2, may_be_negative=may_be_negative)
    except InvalidAmount as error:
        raise UnfitLine(str(error.message)) from error


class ReasonForm(_SaidForm):
    """Taking a reading out, on the version that the person saw."""

    version = forms.IntegerField(widget=forms.HiddenInput, error_messages={"required": INCOMPLETE})
    reason = forms.CharField(label=gettext_lazy("理由"), max_length=REASON_LIMIT)

    @property
    def asked(self) -> dict[str, Any]:
        """All that was given but the receipt."""
        return {name: value for name, value in self.cleaned_data.items() if name != "receipt"}


class ReadingForm(ReasonForm):
    """Putting a reading right."""

    on = DayField(label=gettext_lazy("观测日期"))
    sink = AmountField(label=gettext_lazy("累计下沉（mm）"), may_be_negative=True)
    tilt = AmountField(label=gettext_lazy("倾斜（mm/m）"), required=False)

    field_order = ["receipt", "version", "on", "sink", "tilt", "reason"]

    @property
    def shown(self) -> Shown:
        return Shown(**{name: self.cleaned_data[name] for name in INPUTS}, field="on")

    @classmethod
    def facts(cls, reading: Reading) -> dict[str, Any]:
        """What the form shows of a reading; numbers as they would be typed."""
        facts: dict[str, Any] = {"version": reading.version, "on": reading.on, "sink": f"{reading.sink:f}"}
        return facts if reading.tilt is None else {**facts, "tilt": f"{reading.tilt:f}"}


class PointForm(_SaidForm):
    """Where a point stands and whose ground it watches, on the version that the person saw; a new one has none."""

    code = forms.SlugField(
        label=gettext_lazy("观测点编号"),
        max_length=40,
        help_text=gettext_lazy("字母、数字、横线和下划线；全市唯一，登记后不再改变。"),
        error_messages={"invalid": gettext_lazy("观测点编号只能由字母、数字、横线和下划线组成。")},
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    mine = MineField(label=gettext_lazy("矿井"), help_text=gettext_lazy("名称、拼音、首字母或代码。"))
    region = RegionCodeField(
        label=gettext_lazy("所在村"), help_text=gettext_lazy("名称、拼音、首字母或代码；同名的请写全称。")
    )
    parcel = forms.CharField(
        label=gettext_lazy("图斑编号"),
        required=False,
        help_text=gettext_lazy("该点所观测的图斑；填写后，图斑按观测判定稳沉。"),
    )
    longitude = AmountField(label=gettext_lazy("经度"), decimals=6, required=False)
    latitude = AmountField(
        label=gettext_lazy("纬度"),
        decimals=6,
        required=False,
        help_text=gettext_lazy("CGCS2000，十进制度。坐标属受限数据，只有本地填报员可见。"),
    )

    def __init__(self, *args: Any, user: User, point: SubsidencePoint | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["mine"].offer(Mine.objects.visible_to(user))  # type: ignore[attr-defined]
        if point:
            del self.fields["code"]

    def clean_region(self) -> Region:
        code = self.cleaned_data["region"]
        try:
            return Region.objects.get(pk=code)
        except Region.DoesNotExist as error:
            raise ValidationError(_("没有代码为%(code)s的地区。") % {"code": code}) from error

    def clean_parcel(self) -> Parcel | None:
        code: str = self.cleaned_data["parcel"]
        if not code:
            return None
        parcel = Parcel.objects.in_scope(self.user, Action.ENTER).select_related("mine").filter(code=code).first()
        if parcel is None:
            raise ValidationError(_("您的职责范围内没有编号为%(code)s的图斑。") % {"code": code})
        return parcel

    @property
    def place(self) -> Place:
        asked = self.cleaned_data
        return Place(**{name: asked[name] for name in ("mine", "region", "parcel", "latitude", "longitude")})

    @classmethod
    def facts(cls, point: SubsidencePoint) -> dict[str, Any]:
        """What the form shows of a point."""
        numbers = {name: getattr(point, name) for name in ("latitude", "longitude")}
        return {
            "version": point.version,
            "mine": point.mine.name or point.mine.code,
            "region": point.region_id,
            "parcel": point.parcel.code if point.parcel else "",
            **{name: "" if value is None else f"{value.normalize():f}" for name, value in numbers.items()},
        }


class DeadlineForm(_SaidForm):
    """Another deadline for a duty, by a document; `seen` is the one that the person saw."""

    seen = forms.DateField(widget=forms.HiddenInput, error_messages={"required": INCOMPLETE})
    due_on = DayField(label=gettext_lazy("新的治理期限"))
    document = forms.CharField(label=gettext_lazy("文号"), max_length=120)
    reason = forms.CharField(label=gettext_lazy("理由"), max_length=REASON_LIMIT)

    @property
    def asked(self) -> dict[str, Any]:
        """All that was given but the receipt."""
        return {name: value for name, value in self.cleaned_data.items() if name != "receipt"}
