"""Why something about a parcel is refused, in sentences that people can act on."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.refusals import Refused


class TakenCode(Refused):
    """Another parcel, perhaps of another mine, has that number."""

    code = "taken_code"

    def __init__(self, parcel: str, holder: str) -> None:
        message = gettext("图斑编号 %(code)s 已登记，责任主体是%(holder)s；同一图斑不能由两家认领。")
        super().__init__(message % {"code": parcel, "holder": holder}, field="code")


class NoCutOff(Refused):
    """Nobody has said yet which day parts 存量 from 增量."""

    code = "no_cut_off"
    message = _("存量与增量的分界日期待补，请先由市级在“任务分解”中登记分界日期及文号。")


class Invalid(Refused):
    """One input cannot be."""

    code = "invalid"


class SumDiffers(Refused):
    """The areas by use are not the area that was surveyed."""

    code = "sum_differs"

    def __init__(self, total: Decimal, found: Decimal) -> None:
        message = gettext("各用途面积之和 %(found)s 亩与勘测面积 %(total)s 亩相差 %(gap)s 亩。")
        said = {"found": f"{found:,.2f}", "total": f"{total:,.2f}", "gap": f"{abs(total - found):,.2f}"}
        super().__init__(message % said, field="surveyed_area")


class AreaTooLarge(Refused):
    """More than what is left of the stage before."""

    code = "area_too_large"

    def __init__(self, *, left: Decimal, stage: str, before: str) -> None:
        message = gettext("%(stage)s面积最多还可申报 %(left)s 亩（不超过已%(before)s而尚未%(stage)s的面积）。")
        said = {"stage": stage, "before": before, "left": f"{max(left, Decimal(0)):,.2f}"}
        super().__init__(message % said, field="area")


class StageSkipped(Refused):
    """Nothing of the parcel has taken the stage before."""

    code = "stage_skipped"

    def __init__(self, *, stage: str, before: str) -> None:
        message = gettext("环节不能跳过：此图斑还没有面积完成“%(before)s”，不能申报“%(stage)s”。")
        super().__init__(message % {"stage": stage, "before": before}, field="stage")


class TooEarly(Refused):
    """On that day nothing had taken the stage before, or not long enough ago."""

    code = "too_early"

    def __init__(self, *, stage: str, before: str, earliest: datetime.date, rule: str = "") -> None:
        message = gettext("“%(stage)s”日期过早：按“%(before)s”的日期，最早为 %(earliest)s。%(rule)s")
        said = {"stage": stage, "before": before, "earliest": f"{earliest:%F}", "rule": rule}
        super().__init__(message % said, field="on")


class StillNeeded(Refused):
    """Later stages rest on what was to be taken back."""

    code = "still_needed"

    def __init__(self, *, stage: str, on: datetime.date, area: Decimal) -> None:
        message = gettext("不能减少：%(on)s 已有 %(area)s 亩完成“%(stage)s”，请先冲销后面的环节。")
        super().__init__(message % {"stage": stage, "on": f"{on:%F}", "area": f"{area:,.2f}"}, field="area")


class NotSettled(Refused):
    """Land that is still moving cannot be accepted."""

    code = "not_settled"
    message = _("图斑尚未判定为稳沉，不能验收。请先登记稳沉观测或判定依据。")


class Incomplete(Refused):
    """Photos, works or measurements that the stage requires are missing or failed."""

    code = "incomplete"

    def __init__(self, sentences: Sequence[str]) -> None:
        super().__init__("；".join(sentences))


class AlreadyDecided(Refused):
    """Somebody approved, returned or withdrew the request meanwhile."""

    code = "already_decided"
    message = _("此申报已办结，请刷新页面。")


class SamePerson(Refused):
    """Whoever asked cannot approve."""

    code = "same_person"
    message = _("申报与审批必须由两个人分别完成，您已申报此环节。")


class StaleParcel(Refused):
    """The parcel was changed by another since the page was opened."""

    code = "stale_version"
    message = _("图斑资料已被他人修改，请核对后重新提交。")


class UnfitBoundary(Refused):
    """The land cannot lie there; `place` is longitude and latitude of where it fails."""

    code = "unfit_boundary"

    def __init__(self, message: str | Promise, place: tuple[float, float] | None = None) -> None:
        super().__init__(message, field="coordinates")
        self.place = place


class StaleBoundary(Refused):
    """The boundary was drawn anew by another since the page was opened."""

    code = "stale_version"
    message = _("边界已被他人修改，请核对地图上的现有边界后重新提交。")
