"""How badly land is damaged (损毁程度), and whether what was measured is good enough: values held against limits.

Limits are inclusive: a value at its limit passes.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from progress.display import quantity


class Grade(enum.StrEnum):
    """As a parcel's damage grade is kept, in the order of getting worse."""

    UNKNOWN = ""
    LIGHT = "light"
    MEDIUM = "medium"
    HEAVY = "heavy"

    @property
    def severity(self) -> int:
        return list(Grade).index(self)


WORDS = {
    Grade.UNKNOWN: gettext_lazy("待补"),
    Grade.LIGHT: gettext_lazy("轻度"),
    Grade.MEDIUM: gettext_lazy("中度"),
    Grade.HEAVY: gettext_lazy("重度"),
}
#: The factors in the order in which the standard's tables give them, each with its name and unit.
FACTORS: dict[str, tuple[str | Promise, str]] = {
    "strain": (gettext_lazy("水平变形"), "mm/m"),
    "tilt": (gettext_lazy("倾斜"), "mm/m"),
    "sink": (gettext_lazy("下沉"), "m"),
    "yield_loss": (gettext_lazy("减产"), "%"),
}
#: Which table of limits land is graded by, by its class before it subsided (GB/T 21010); other land has none.
TABLES = {"0102": "irrigated", "0103": "dry", "03": "green", "04": "green"}


@dataclass(frozen=True)
class Limit:
    """How far a factor may go: up to `light_to` the damage is light, up to `medium_to` medium, beyond it heavy."""

    factor: str
    light_to: Decimal
    medium_to: Decimal
    source: str


@dataclass(frozen=True)
class Factor:
    """One factor: its value if it was measured, its limit if there is one, and what grade that gives by itself."""

    key: str
    value: Decimal | None
    limit: Limit | None

    @property
    def name(self) -> str:
        return str(FACTORS[self.key][0])

    @property
    def unit(self) -> str:
        return FACTORS[self.key][1]

    @property
    def grade(self) -> Grade:
        return Grade.UNKNOWN if self.value is None or self.limit is None else grade_of(self.value, self.limit)

    @property
    def word(self) -> str:
        return str(WORDS[self.grade])


@dataclass(frozen=True)
class Judgement:
    """The grade of the worst factor, which decides, the sentence that says why, and every factor by itself."""

    grade: Grade
    reason: str
    deciding: Factor | None
    factors: tuple[Factor, ...]

    @property
    def word(self) -> str:
        return str(WORDS[self.grade])


def table_of(land_before: str) -> str:
    """The table of limits for a land class: dry, irrigated or green; '' where the standard has none."""
    return TABLES.get(land_before, "")


def grade_of(value: Decimal, limit: Limit) -> Grade:
    if value <= limit.light_to:
        return Grade.LIGHT
    return Grade.MEDIUM if value <= limit.medium_to else Grade.HEAVY


def judge(land_before: str, values: Mapping[str, Decimal | None], limits: Sequence[Limit]) -> Judgement:
    """The grade by those factors that were measured and have a limit; `limits` are those of the land's table."""
    by_factor = {limit.factor: limit for limit in limits}
    factors = tuple(Factor(key, values.get(key), by_factor.get(key)) for key in FACTORS)
    graded = [(each, each.value, each.limit) for each in factors if each.value is not None and each.limit is not None]
    if not graded:
        return Judgement(Grade.UNKNOWN, _why_not(land_before, limits), None, factors)
    # Of several factors that give the worst grade, the one furthest from the limit below it decides.
    worst, value, limit = max(graded, key=lambda found: _badness(found[1], found[2]))
    return Judgement(worst.grade, _reason(worst, value, limit) + _unmeasured(factors), worst, factors)


def _badness(value: Decimal, limit: Limit) -> tuple[int, Decimal]:
    grade = grade_of(value, limit)
    near = limit.medium_to if grade is Grade.HEAVY else limit.light_to
    return grade.severity, value / near if near else value


def _why_not(land_before: str, limits: Sequence[Limit]) -> str:
    if not land_before:
        return _("原地类待补，无法确定适用哪一张损毁程度界限表。")
    if not table_of(land_before):
        return _("此地类没有损毁程度界限表（标准只列旱地、水浇地、林地和草地），损毁程度待补。")
    if not limits:
        return _("当日没有施行的损毁程度界限，损毁程度待补。")
    return _("水平变形、倾斜、下沉、减产均未测，损毁程度待补。")


def _reason(worst: Factor, value: Decimal, limit: Limit) -> str:
    """Which factor decides, by what value, limit and source."""
    said = {
        "factor": worst.name,
        "value": quantity(value, 0),
        "unit": worst.unit,
        "light": quantity(limit.light_to, 0),
        "medium": quantity(limit.medium_to, 0),
        "source": limit.source,
    }
    if worst.grade is Grade.HEAVY:
        return _("%(factor)s %(value)s %(unit)s，超过中度上限 %(medium)s %(unit)s，判为重度。依据：%(source)s。") % said
    if worst.grade is Grade.MEDIUM:
        sentence = _(
            "%(factor)s %(value)s %(unit)s，超过轻度上限 %(light)s %(unit)s、不超过中度上限 %(medium)s %(unit)s，"
            "判为中度。依据：%(source)s。"
        )
        return sentence % said
    sentence = _(
        "已测因子均不超过轻度上限，其中%(factor)s %(value)s %(unit)s 最接近上限 %(light)s %(unit)s，"
        "判为轻度。依据：%(source)s。"
    )
    return sentence % said


def _unmeasured(factors: Sequence[Factor]) -> str:
    names = [each.name for each in factors if each.value is None]
    return _("未测：%(names)s，按已测因子判定。") % {"names": "、".join(names)} if names else ""


def passes(value: Decimal, *, at_least: Decimal | None, at_most: Decimal | None) -> bool:
    """Whether a measured value lies within its limits, both ends included."""
    return (at_least is None or value >= at_least) and (at_most is None or value <= at_most)


def said_limits(at_least: Decimal | None, at_most: Decimal | None) -> str:
    """Both limits in words: 6–8.5, ≥ 80, ≤ 25."""
    low, high = quantity(at_least, 0), quantity(at_most, 0)
    if at_least is not None and at_most is not None:
        return f"{low}–{high}"
    return f"≥ {low}" if at_most is None else f"≤ {high}"
