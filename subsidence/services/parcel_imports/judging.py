"""Judging the rows of a ledger: all faults of all rows at once, and what the sound ones would register or change."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.policy import Action, areas, can
from accounts.refusals import Refused
from jurisdictions.models import Region
from progress import display
from progress.models import ImportOutcome
from projects.models import Project
from subsidence.figures import limits
from subsidence.grading import Limit
from subsidence.models import LandClass, Mine, Origin, Parcel, Stage, StageRequest, SuitedUse
from subsidence.models.scopes import LINE
from subsidence.refusals import TakenCode
from subsidence.services import cut_offs, parcels, stages
from subsidence.services.parcel_imports.sheet import DESCRIBED, FACTORS, HEADERS, WANTED, Fault, Line, facts_of
from subsidence.services.parcel_imports.surveys import surveys_of
from subsidence.services.parcels import Description, Factors, Survey

#: Columns of the sheet under which a refusal of the services is told.
_COLUMNS = {"on": "surveyed_on", "area": "surveyed_area"}
#: What stays as it was registered.
_FIXED = ("region", "surveyed_area", "surveyed_on", "document", "subsided_on", "due_on")


@dataclass
class Judged:
    """A row with its faults, or with what it would do: a new parcel with its survey, or one that stands described."""

    line: Line
    faults: list[Fault] = field(default_factory=list)
    #: A fault of nobody's: somebody else changed the parcel since the sheet was downloaded.
    is_conflict: bool = False
    parcel: Parcel | None = None
    survey: Survey | None = None
    due_on: datetime.date | None = None
    before: dict[str, Any] | None = None

    @property
    def outcome(self) -> ImportOutcome:
        if self.faults:
            return ImportOutcome.CONFLICT if self.is_conflict else ImportOutcome.ERROR
        if self.survey:
            return ImportOutcome.NEW
        return ImportOutcome.CHANGED if self.before else ImportOutcome.SAME

    def refuse(self, column: str, message: object) -> None:
        self.faults.append(Fault(column, str(message)))

    def attempt(self, check: Callable[[], Any]) -> Any:
        """What the check gives, None if it refuses, which is told under the column that it names."""
        try:
            return check()
        except Refused as refusal:
            self.refuse(_COLUMNS.get(refusal.field, refusal.field) or "code", refusal)
            return None


def judge(lines: Sequence[Line], *, by: User, at: datetime.datetime) -> list[Judged]:
    """What each row would do, judged by what stands now."""
    return _Judge(lines, by=by, at=at).run()


class _Judge:
    """One reading of all that the rows name, in a handful of questions however many rows there are."""

    def __init__(self, lines: Sequence[Line], *, by: User, at: datetime.datetime) -> None:
        self.lines, self.by, self.today = lines, by, at.astimezone().date()
        self.cut_off = cut_offs.in_force()
        self.mines = {
            mine.code: mine
            for mine in Mine.objects.visible_to(by).select_related("region", "operator", "project__region")
        }
        self.regions, self.named = self._regions()
        self.rows: defaultdict[str, list[int]] = defaultdict(list)
        for line in lines:
            self.rows[line.values["code"] or ""].append(line.row)
        known = Parcel.objects.with_labels().select_related("duty").filter(code__in=list(self.rows))
        self.known = {parcel.code: parcel for parcel in known}
        self.surveys = surveys_of(parcel.pk for parcel in self.known.values())
        self.limits: dict[str, list[Limit]] = {}

    def _regions(self) -> tuple[dict[str, Region], Mapping[str, list[Region]]]:
        """The regions where the person may register that the rows name, by code and by name."""
        codes = {line.values["region"] for line in self.lines} - {None}
        names = {line.values["region_name"] for line in self.lines} - {None}
        mine = tuple(areas(self.by, Action.ENTER, line=LINE))
        by_code = {region.pk: region for region in Region.objects.filter(pk__in=codes) if region.pk.startswith(mine)}
        by_name: defaultdict[str, list[Region]] = defaultdict(list)
        for region in Region.objects.filter(full_name__in=names).union(Region.objects.filter(short_name__in=names)):
            if region.pk.startswith(mine):
                for name in {region.full_name, region.short_name}:
                    by_name[name].append(region)
        return by_code, by_name

    def run(self) -> list[Judged]:
        return [self._judge(line) for line in self.lines]

    def _judge(self, line: Line) -> Judged:
        judged = Judged(line, list(line.faults))
        self._check_code(judged)
        mine, region = self._mine(judged), self._region(judged)
        found = self.known.get(line.values["code"])
        if found is None:
            self._register(judged, mine, region)
        elif self._is_claimed_by_another(found, line):
            judged.refuse("code", TakenCode(found.code, found.holder))
        else:
            self._describe(judged, found, region)
        return judged

    def _check_code(self, judged: Judged) -> None:
        if not judged.line.texts["code"]:
            judged.refuse("code", _("请填写图斑编号。"))
        elif judged.line.values["code"] and len(rows := self.rows[judged.line.values["code"]]) > 1:
            said = {"rows": "、".join(map(str, rows[:10]))}
            judged.refuse("code", _("图斑编号在文件中重复：第 %(rows)s 行，请只保留一行。") % said)

    def _is_claimed_by_another(self, found: Parcel, line: Line) -> bool:
        """Whether the number is another mine's, or another county's."""
        holder = found.mine.code if found.mine else None
        return line.values["mine"] != holder or not can(self.by, Action.ENTER, found)

    def _mine(self, judged: Judged) -> Mine | None:
        code = judged.line.values["mine"]
        if code and code not in self.mines:
            judged.refuse("mine", _("您的职责范围内没有“%(text)s”这座矿井。") % {"text": code[:40]})
        return self.mines.get(code) if code else None

    def _region(self, judged: Judged) -> Region | None:
        """The place, by its code or, where none is given, by its name; a code and another place's name are refused."""
        code, name = judged.line.values["region"], judged.line.values["region_name"]
        found = [self.regions[code]] if code in self.regions else [] if code else self.named.get(name, [])
        if len(found) == 1:
            region = found[0]
            if name in (None, region.full_name, region.short_name, region.name):
                return region
            said = {"code": code, "name": region.full_name}
            judged.refuse("region_name", _("与代码不符：%(code)s 是%(name)s。") % said)
        elif found:
            names = "、".join(f"{region.full_name}（{region.pk}）" for region in found[:8])
            judged.refuse("region", _("不止一个地区叫这个名称：%(names)s，请填写代码。") % {"names": names})
        elif code or name:
            text = {"text": code or name}
            judged.refuse("region", _("您的填报范围内没有“%(text)s”这个地区。") % text)
        elif not judged.line.texts["region"]:
            judged.refuse("region", _("请填写所在村代码或所在村全称。"))
        return None

    def _register(self, judged: Judged, mine: Mine | None, region: Region | None) -> None:
        """What a new parcel would be, held against the rules of the register."""
        values = judged.line.values
        for name, message in WANTED.items():
            if not judged.line.texts[name]:
                judged.refuse(name, message)
        survey = self._survey(judged)
        if mine is None and values["mine"]:
            return
        origin = self._origin(judged, mine)
        if region is None:
            return
        parcel = Parcel(
            code=values["code"] or "",
            mine=mine,
            region=region,
            project=_project(mine, region),
            origin=origin or "",
            subsided_on=values["subsided_on"],
            suited_use=values["suited_use"] or SuitedUse.UNKNOWN,
            is_demo=self.by.is_demo or bool(mine and mine.is_demo),
        )
        judged.attempt(lambda: parcels.check_place(parcel))
        judged.attempt(lambda: parcels.fill(parcel, _described(parcel, values)))
        if not judged.faults and survey:
            self._grade(parcel, survey.on)
            judged.parcel, judged.survey = parcel, survey

    def _origin(self, judged: Judged, mine: Mine | None) -> Origin | None:
        """存量 or 增量, the latter with its deadline; None where that cannot be said."""
        values = judged.line.values
        if judged.line.is_unreadable("subsided_on"):
            return None
        day = values["subsided_on"]
        origin: Origin | None = judged.attempt(
            lambda: parcels.origin_of(mine=mine, subsided_on=day, cut_off=self.cut_off)
        )
        if origin == Origin.NEW and not judged.line.is_unreadable("due_on"):
            judged.due_on = judged.attempt(lambda: parcels.check_due(values["due_on"], day))
        return origin

    def _survey(self, judged: Judged) -> Survey | None:
        values = judged.line.values
        area, on, document = values["surveyed_area"], values["surveyed_on"], values["document"] or ""
        if area is None or on is None:
            if not judged.line.texts["document"]:
                judged.refuse("document", _("请填写文号。"))
            return None
        survey = Survey(area, [(values["suited_use"] or SuitedUse.UNKNOWN, area)], on, document)
        asked = StageRequest(stage=Stage.SURVEYED, on=on, area=area, document=document)
        faults = [
            *parcels.survey_faults(survey, survey.uses, values["subsided_on"]),
            *(fault for fault in stages.input_faults(asked, today=self.today) if fault.field != "area"),
        ]
        for fault in faults:
            judged.refuse(_COLUMNS.get(fault.field, fault.field), fault)
        return survey

    def _describe(self, judged: Judged, parcel: Parcel, region: Region | None) -> None:
        """What is said anew of a parcel on record; what was registered may not be said otherwise."""
        values = {**judged.line.values, "region": region.pk if region else None}
        stands = facts_of(parcel, self.surveys.get(parcel.pk))
        for name in _FIXED:
            if None not in (values[name], stands[name]) and values[name] != stands[name]:
                judged.refuse(name, _why_fixed(name, stands))
        changes = {name: values[name] for name in DESCRIBED if values[name] not in (None, stands[name])}
        if not changes or judged.faults:
            return
        if values["version"] not in (None, parcel.version):
            judged.is_conflict = True
            judged.refuse("version", _("下载台账后该图斑的资料已变动，请重新下载台账后再改。"))
            return
        judged.attempt(lambda: parcels.check_use(parcel, changes.get("suited_use", parcel.suited_use)))
        judged.before, judged.parcel = parcels.audit_facts(parcel), parcel
        parcel.suited_use = changes.get("suited_use", parcel.suited_use)
        judged.attempt(lambda: parcels.fill(parcel, _described(parcel, values)))
        self._grade(parcel, self.today)

    def _grade(self, parcel: Parcel, on: datetime.date) -> None:
        """The grade of damage, by limits that are read once for each class of land and day."""
        key = f"{parcel.land_before} {on}"
        if key not in self.limits:
            self.limits[key] = limits.damage_limits(parcel.land_before, on=on)
        parcel.damage_grade = limits.judged(parcel, self.limits[key]).grade


def _project(mine: Mine | None, region: Region) -> Project:
    """Stands for the project that is made when the holder's first parcel is registered, if it is not there yet."""
    if mine is None:
        return Project(region_id=region.pk[:6])
    return mine.project or Project(name=mine.project_name, region=mine.region)


def _described(parcel: Parcel, values: Mapping[str, Any]) -> Description:
    """What is known of the parcel with what the row adds to it."""
    known = {name: getattr(parcel, name) if values[name] is None else values[name] for name in DESCRIBED}
    return Description(
        place=known["place"],
        land_before=LandClass(known["land_before"]),
        settlement=parcel.settlement,  # type: ignore[arg-type]
        settlement_basis=parcel.settlement_basis,
        factors=Factors(**{name: known[name] for name in FACTORS}),
    )


def _why_fixed(name: str, stands: Mapping[str, Any]) -> str:
    was = stands["region_name"] if name == "region" else stands[name]
    if isinstance(was, Decimal):
        was = display.quantity(was, 2)
    said = {"header": HEADERS[name].partition("（")[0], "was": was}
    if name == "surveyed_area":
        return _("此图斑登记的%(header)s为 %(was)s 亩，导入不能更改；面积增减请在图斑页申报复测。") % said
    return _("此图斑登记的%(header)s为 %(was)s，导入不能更改。") % said
