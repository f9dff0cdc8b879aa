"""What the list of points can show; never their coordinates."""

from __future__ import annotations

import datetime
from collections.abc import Callable

from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.lists import Column, List, Totals
from accounts.sheets import Cell
from subsidence.models import Settlement, SubsidencePoint
from subsidence.panels.monitoring import Watched, watched_one
from subsidence.settling import Limits


def points_on(day: datetime.date, limits: Limits) -> List[SubsidencePoint]:
    """The list as of that day; its rows bring their readings along."""

    def judged(read: Callable[[Watched], Cell]) -> Callable[[SubsidencePoint], Cell]:
        return lambda point: read(watched_one(point, day, limits))

    columns: tuple[Column[SubsidencePoint], ...] = (
        Column("code", _("观测点编号"), lambda point: point.code, "code", width=18),
        Column("mine", _("矿井"), lambda point: str(point.mine), "mine__pinyin", width=24),
        Column("parcel", _("图斑编号"), lambda point: str(point.parcel or ""), "parcel__code", width=18),
        Column("region", _("所在村"), lambda point: str(point.region), "region__code", width=26),
        Column("state", _("稳沉"), judged(lambda found: str(Settlement(found.judgement.state).label)), width=8),
        Column("last_on", _("最近观测"), judged(lambda found: found.last.on if found.last else None), "", "date", 12),
        Column(
            "sink", _("累计下沉（mm）"), judged(lambda found: found.last.sink if found.last else None), "", "number", 14
        ),
        Column("window", _("判定期下沉（mm）"), judged(lambda found: found.judgement.sink_in_window), "", "number", 14),
        Column(
            "rate",
            _("速率（mm/30天）"),
            judged(lambda found: found.pace.rate if found.pace else None),
            "",
            "number",
            16,
        ),
        Column("alert", _("速率告警"), judged(lambda found: gettext("超速") if found.is_fast else None), width=8),
        Column("count", _("观测次数"), judged(lambda found: len(found.readings)), "", "number", 8, is_shown=False),
        Column("sentence", _("判定"), judged(lambda found: found.judgement.sentence), width=44, is_shown=False),
    )
    return List("subsidence_points", _("沉陷观测点"), columns, totals, newest_first=False)


def totals(rows: QuerySet[SubsidencePoint]) -> Totals:
    return Totals(rows.count())
