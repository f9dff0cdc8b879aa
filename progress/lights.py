"""Lights (红黄绿灯): a pure judgement of achieved against planned, with the sentence that explains it."""

from __future__ import annotations

import datetime
import enum
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from progress import display


class Colour(enum.StrEnum):
    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    GREY = "grey"


@dataclass(frozen=True)
class Rule:
    """One version of the thresholds, as shares of the plan to date."""

    n: int
    warn_below: Decimal
    late_below: Decimal


@dataclass(frozen=True)
class Inputs:
    """All a light depends on: the plan and the achievement at the end of the last period due.

    `planned` is None without a plan, `compared_on` before the first period is due, `achieved` while nothing is
    verified; `data_month` is the last month up to then that the figures reach. A part that was taken back has no task.
    """

    planned: Decimal | None
    achieved: Decimal | None
    compared_on: datetime.date | None
    data_month: datetime.date | None
    decimals: int
    has_task: bool = True


@dataclass(frozen=True)
class Light:
    """A colour, its word and symbol (never colour alone), why, and all it was judged by."""

    colour: Colour
    word: str | Promise
    symbol: str
    sentence: str
    inputs: Inputs
    rule: Rule


_WORDS = {
    Colour.GREEN: (gettext_lazy("正常"), "●"),
    Colour.YELLOW: (gettext_lazy("预警"), "▲"),
    Colour.RED: (gettext_lazy("滞后"), "■"),
}


def judge(inputs: Inputs, rule: Rule) -> Light:
    """The light of one target. Silence is grey, never green: data must reach the last period due."""
    grey = partial(Light, Colour.GREY, symbol="○", inputs=inputs, rule=rule)
    if not inputs.has_task:
        return grey(word=gettext_lazy("无任务"), sentence=_("没有分解任务，无须比较。"))
    if inputs.planned is None:
        return grey(word=gettext_lazy("无计划"), sentence=_("起始日期或计划待补，无法比较。"))
    if inputs.compared_on is None:
        return grey(word=gettext_lazy("未到期"), sentence=_("第一个调度期尚未到期，还不到比较的时候。"))
    compared = {
        "compared": date_format(inputs.compared_on),
        "planned": display.quantity(inputs.planned, inputs.decimals),
    }
    if inputs.achieved is None or inputs.data_month is None or inputs.data_month < inputs.compared_on.replace(day=1):
        sentence = _("截至%(compared)s应达到%(planned)s，该期尚无核定数据。") % compared
        return grey(word=gettext_lazy("未报送"), sentence=sentence)
    colour = _colour(inputs.achieved, inputs.planned, rule)
    word, symbol = _WORDS[colour]
    sentence = _("截至%(compared)s计划%(planned)s，核定%(achieved)s，为计划的%(share)s。") % {
        **compared,
        "achieved": display.quantity(inputs.achieved, inputs.decimals),
        "share": display.percent(display.rate(inputs.achieved, inputs.planned)),
    }
    return Light(colour, word, symbol, sentence, inputs, rule)


def _colour(achieved: Decimal, planned: Decimal, rule: Rule) -> Colour:
    """Compared by multiplication, so that nothing is rounded and a plan of 0 is met."""
    if achieved < planned * rule.late_below:
        return Colour.RED
    if achieved < planned * rule.warn_below:
        return Colour.YELLOW
    return Colour.GREEN
