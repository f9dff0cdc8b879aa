"""The ledger of parcels (图斑台账) as a sheet: downloaded empty or filled, and read back."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import IO, Any, Final

from django.core.exceptions import ValidationError
from django.db.models import Field, QuerySet, TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import sheets
from accounts.sheets import Cell
from jurisdictions import codes
from progress import display
from progress.amounts import InvalidAmount, parse_amount
from subsidence.models import LandClass, Mine, Parcel, StageRequest, SuitedUse
from subsidence.services.parcel_imports.surveys import Surveyed, surveys_of

#: Columns of the sheet in their order: identifier and header. Headers are data, read back from a filled file, and
#: therefore the same in every language.
HEADERS: Final = {
    "code": "图斑编号",
    "mine": "矿井代码",
    "region": "所在村代码",
    "region_name": "所在村",
    "surveyed_area": "勘测面积（亩）",
    "surveyed_on": "摸底日期",
    "document": "文号",
    "subsided_on": "沉陷日期",
    "due_on": "治理期限",
    "land_before": "原地类",
    "suited_use": "适宜用途",
    "place": "位置说明",
    "strain": "水平变形（mm/m）",
    "tilt": "倾斜（mm/m）",
    "sink": "下沉（m）",
    "yield_loss": "减产（%）",
    "version": "版本",
}
#: What may stand for no mine.
LEGACY: Final = "历史遗留"
#: A file without one of these is not a ledger of parcels.
REQUIRED: Final = ("code", "mine", "region", "surveyed_area", "surveyed_on", "document")
FACTORS: Final = ("strain", "tilt", "sink", "yield_loss")
#: What an import may change of a parcel that is on record; a cell left empty leaves it as it is.
DESCRIBED: Final = ("land_before", "suited_use", "place", *FACTORS)

#: Digits after the point of an area in 亩.
AREA_DECIMALS: Final = 2
#: Rows for typing below those that are filled.
BLANK_ROWS: Final = 300
_WIDTHS = {"code": 18, "region": 16, "region_name": 26, "document": 24, "place": 30, "version": 6}
_NUMBERS = ("surveyed_area", *FACTORS, "version")
_DAYS = ("surveyed_on", "subsided_on", "due_on")
_HINTS = {
    "code": gettext_lazy("字母、数字、横线和下划线，全市不重复。"),
    "mine": gettext_lazy("责任矿井的代码，见矿井名录；留空为历史遗留。"),
    "region": gettext_lazy("12 位行政区划代码；留空时按所在村的全称查找。"),
    "region_name": gettext_lazy("例如 上党区北呈乡北张村。"),
    "surveyed_area": gettext_lazy("亩，最多两位小数；一个图斑一种适宜用途，多种用途请分行登记。"),
    "subsided_on": gettext_lazy("历史遗留且日期不详的可以留空。"),
    "due_on": gettext_lazy("分界日期之后沉陷的（增量）必须填写。"),
    "version": gettext_lazy("由系统填写，请勿改动。"),
}


@dataclass(frozen=True)
class Fault:
    """What is wrong in one column of a row."""

    column: str
    message: str


@dataclass(frozen=True)
class Line:
    """One row of a file: its texts, what they mean (None where nothing is said), and what could not be understood."""

    row: int
    texts: Mapping[str, str]
    values: Mapping[str, Any]
    faults: tuple[Fault, ...]

    def is_unreadable(self, name: str) -> bool:
        return bool(self.texts[name]) and self.values[name] is None


def workbook(parcels: QuerySet[Parcel], mines: Iterable[Mine]) -> IO[bytes]:
    """The sheet with those parcels and with rows for new ones, as an open XLSX file."""
    notes = _(
        "一行一个图斑。已登记的图斑只能更改原地类、适宜用途、位置说明和损毁因子，留空的不改动；"
        "面积增减请在图斑页申报复测。上传后先看预览，有错误时一行也不会写入。"
    )
    return sheets.workbook(_("沉陷图斑台账"), notes, _columns(mines), _rows(parcels), name=_("图斑"))


def _columns(mines: Iterable[Mine]) -> list[sheets.Column]:
    choices = {
        "mine": _offered(mine.code for mine in mines),
        "land_before": _offered(str(label) for value, label in LandClass.choices if value),
        "suited_use": _offered(str(label) for value, label in SuitedUse.choices if value),
    }
    return [
        sheets.Column(
            header,
            kind_of(key),
            _WIDTHS.get(key, 14),
            is_input=key != "version",
            choices=choices.get(key, ()),
            hint=str(_HINTS.get(key, "")),
        )
        for key, header in HEADERS.items()
    ]


def _offered(choices: Iterable[str]) -> tuple[str, ...]:
    """The choices of a drop-down; none where they are more than Excel takes, for the hint says where they stand."""
    offered = tuple(choices)
    return offered if len(",".join(offered)) <= sheets.LONGEST_CHOICES else ()


def kind_of(column: str) -> sheets.Kind:
    if column in _DAYS:
        return "date"
    return "number" if column in _NUMBERS else "text"


def _rows(parcels: QuerySet[Parcel]) -> Iterator[list[Cell]]:
    found = list(parcels.with_labels().select_related("duty").order_by("code"))  # type: ignore[attr-defined]
    surveyed = surveys_of(parcel.pk for parcel in found)
    for parcel in found:
        facts = facts_of(parcel, surveyed.get(parcel.pk))
        yield [_shown(name, facts[name]) for name in HEADERS]
    blank: list[Cell] = [None] * len(HEADERS)
    yield from (blank for _row in range(BLANK_ROWS))


def facts_of(parcel: Parcel, surveyed: Surveyed | None) -> dict[str, Any]:
    """What the sheet says of a parcel, by column."""
    duty = getattr(parcel, "duty", None)
    return {
        "code": parcel.code,
        "mine": parcel.mine.code if parcel.mine else "",
        "region": parcel.region_id,
        "region_name": parcel.region.full_name,
        "surveyed_area": display.exact(surveyed.area, AREA_DECIMALS) if surveyed else None,
        "surveyed_on": surveyed.on if surveyed else None,
        "document": surveyed.document if surveyed else "",
        "subsided_on": parcel.subsided_on,
        "due_on": duty.due_on if duty else None,
        **{name: getattr(parcel, name) for name in DESCRIBED},
        "version": parcel.version,
    }


def _shown(name: str, value: Any) -> Cell:
    if name in _CHOICES:
        return str(_CHOICES[name](value).label) if value else None
    shown: Cell = value
    return shown.normalize() + 0 if name in FACTORS and isinstance(shown, Decimal) else shown


@dataclass(frozen=True)
class Change:
    """What a row makes of one column; `was` is empty where nothing stood."""

    header: str
    was: str
    becomes: str


def changes_of(texts: Mapping[str, str], before: Mapping[str, Any] | None) -> list[Change]:
    """What a row changes in a parcel that was so before."""
    values = read(0, texts).values
    found = []
    for name in DESCRIBED if before else ():
        was = _column(Parcel, name).to_python((before or {})[name])
        if values[name] not in (None, was):
            found.append(Change(HEADERS[name], _worded(name, was), _worded(name, values[name])))
    return found


def _worded(name: str, value: Any) -> str:
    shown = _shown(name, value)
    return f"{shown.normalize():f}" if isinstance(shown, Decimal) else str(shown or "")


def read(row: int, texts: Mapping[str, str]) -> Line:
    """What the texts of a row mean, with all that cannot be understood."""
    values: dict[str, Any] = dict.fromkeys(HEADERS)
    faults = []
    for name, text in texts.items():
        try:
            values[name] = _READERS[name](text) if text else None
        except (ValidationError, InvalidAmount) as error:
            said = error.messages if isinstance(error, ValidationError) else [str(error.message)]
            faults += [Fault(name, each) for each in said]
    return Line(row, {**dict.fromkeys(HEADERS, ""), **texts}, values, tuple(faults))


def _amount(decimals: int, field: Field[Any, Any] | None = None) -> Callable[[str], Any]:
    def reader(text: str) -> Any:
        amount = parse_amount(text, decimals=decimals)
        return field.clean(amount, None) if field else amount

    return reader


def _share(text: str) -> Decimal:
    amount = parse_amount(text, decimals=2)
    if amount > 100:
        raise ValidationError(_("减产不能超过 100%。"))
    return amount


_DAY = re.compile(r"(\d{4})(?:-(\d{1,2})-|/(\d{1,2})/|\.(\d{1,2})\.|年(\d{1,2})月)(\d{1,2})日?(?: 00:00:00)?", re.ASCII)


def _day(text: str) -> datetime.date:
    """The day that a cell or a person writes: 2025-03-11, 2025/3/11, 2025.3.11, 2025年3月11日."""
    found = _DAY.fullmatch(text)
    try:
        if found:
            year, *months, day = found.groups()
            return datetime.date(int(year), int(next(filter(None, months))), int(day))
    except ValueError:
        pass
    raise ValidationError(_("“%(text)s”不是日期，请写成 2025-03-11。") % {"text": text[:40]})


def _choice(choices: type[TextChoices]) -> Callable[[str], Any]:
    def reader(text: str) -> Any:
        for value in choices:
            if value.value and text in (value.value, str(value.label)):
                return value
        offered = "、".join(str(label) for value, label in choices.choices if value)
        raise ValidationError(_("没有“%(text)s”，请选填：%(offered)s。") % {"text": text[:40], "offered": offered})

    return reader


def _text(field: Field[Any, Any]) -> Callable[[str], str]:
    return lambda text: str(field.clean(text, None))


def _mine(text: str) -> str | None:
    """A code; what the ledger calls land without a mine says as much as an empty cell."""
    return None if text == LEGACY else text


def _region(text: str) -> str:
    try:
        return codes.canonical(text)
    except codes.InvalidCode as error:
        message = _("“%(text)s”不是行政区划代码，请填写 12 位村代码。")
        raise ValidationError(message % {"text": text[:40]}) from error


def _version(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise ValidationError(_("版本一栏由系统填写，请勿改动；请重新下载台账。"))
    return int(text)


def _column(model: Any, name: str) -> Field[Any, Any]:
    found: Field[Any, Any] = model._meta.get_field(name)
    return found


_CHOICES: Final[Mapping[str, type[TextChoices]]] = {"land_before": LandClass, "suited_use": SuitedUse}
_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "code": _text(_column(Parcel, "code")),
    "mine": _mine,
    "region": _region,
    "region_name": str,
    "surveyed_area": _amount(AREA_DECIMALS),
    "document": _text(_column(StageRequest, "document")),
    "place": _text(_column(Parcel, "place")),
    "version": _version,
    "strain": _amount(2, _column(Parcel, "strain")),
    "tilt": _amount(2, _column(Parcel, "tilt")),
    "sink": _amount(3, _column(Parcel, "sink")),
    "yield_loss": _share,
    **dict.fromkeys(_DAYS, _day),
    **{name: _choice(choices) for name, choices in _CHOICES.items()},
}

#: Why a new parcel cannot be without it.
WANTED: Final[Mapping[str, str | Promise]] = {
    "surveyed_area": gettext_lazy("请填写勘测面积。"),
    "surveyed_on": gettext_lazy("请填写摸底日期。"),
}
