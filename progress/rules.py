"""The fillable sheet (台账): its columns, and the rules of each input that form, grid, import and export share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from progress import display
from progress.amounts import NUMBER, WHOLE_DIGITS, InvalidAmount, parse_amount

#: Columns of the sheet in their order: identifier and header. Headers are data, read back from a filled file, and
#: therefore the same in every language.
HEADERS: Final = {
    "number": "序号",
    "project": "项目代码",
    "project_name": "项目",
    "indicator": "指标代码",
    "indicator_name": "指标",
    "unit": "单位",
    "region": "地区代码",
    "region_name": "地区",
    "period": "调度期",
    "cumulative": "截至上期累计",
    "value": "本期数值",
    "no_progress_reason": "本期无进展的原因",
    "note": "进展说明",
    "status": "状态",
    "version": "版本",
}
#: The natural key of a row.
KEYS: Final = ("project", "indicator", "region", "period")
#: What people fill in.
INPUTS: Final = ("value", "no_progress_reason", "note")
#: What an import reads of a file; a file without one of the required columns is not a sheet.
READ: Final = (*KEYS, "unit", *INPUTS, "version")
REQUIRED: Final = (*KEYS, "value")

#: Characters that the columns of reasons and notes hold.
REASON_LIMIT: Final = 200
NOTE_LIMIT: Final = 2000

#: Reasons for “本期无进展” offered for choice; any other may be written. Data like the headers, not translated.
COMMON_REASONS: Final = (
    "尚未开工",
    "前期手续办理中",
    "勘察设计中",
    "招标采购中",
    "冬季停工",
    "汛期停工",
    "资金未到位",
    "本期未安排任务",
    "已完工，待验收",
    "已完成全部任务",
)

#: Why a content is refused, wherever it comes from.
SENTENCES: Final = {
    "both": _("已填数值时不能再选“本期无进展”，请保留其一。"),
    "void": _("作废更正不填数值。"),
    "long": _("最多填写%(limit)d个字。"),
    "evidence": _("此指标须附佐证材料（照片或文件），请先添加再报送。"),
    "derived": _("此指标由业务环节自动生成，不能手工填报。"),
    "frequency": _("此填报项按%(frequency)s报送，与所选调度期不符。"),
    "below": _("%(name)s不得下降：本期不能小于上期已核定的%(level)s %(unit)s。"),
    "above": _("%(name)s不得下降：本期不能大于下期已核定的%(level)s %(unit)s。"),
}

#: Fields of a sentence, as SQL gives them back.
Said = Mapping[str, Any]


@dataclass(frozen=True)
class Rule:
    """One way in which a row of a sheet can be wrong, judged for all rows at once.

    `broken` is SQL over the row `a` with what it names (see services.imports.staging) and is only asked of rows that
    want something changed; `said` gives the fields of the sentence. A conflict is no fault of the row: somebody else,
    or the entry's own progress, came between.
    """

    column: str
    broken: str
    word: Callable[[Said], str]
    said: str = "NULL"
    is_conflict: bool = False


def _saying(sentence: Any) -> Callable[[Said], str]:
    return lambda said: str(sentence) % said


def _unknown(filled: Any, empty: Any) -> Callable[[Said], str]:
    return lambda said: str(filled) % said if said["text"] else str(empty)


def _why_unreadable(said: Said) -> str:
    """The sentence of the form, from the form's own function."""
    try:
        parse_amount(said["text"], decimals=said["decimals"], may_be_negative=said["may_be_negative"])
    except InvalidAmount as error:
        return str(error.message)
    raise AssertionError(said)


def _why_out_of_order(sentence: Any) -> Callable[[Said], str]:
    return lambda said: str(sentence) % {**said, "level": display.quantity(Decimal(said["level"]), said["decimals"])}


# The typed number as SQL reads it; progress.amounts.parse_amount is the same in Python.
_BARE = "replace(ltrim(a.value, '+-'), ',', '')"
_WHOLE = f"ltrim(split_part({_BARE}, '.', 1), '0')"
_FRACTION = f"rtrim(split_part({_BARE}, '.', 2), '0')"

#: Whether the text is blank or an amount that may stand here, and that amount.
IS_READABLE: Final = f"""
    a.value = '' OR (
        a.value ~ '^({NUMBER})$' AND length({_WHOLE}) <= {WHOLE_DIGITS} AND length({_FRACTION}) <= a.decimals
        AND (a.may_be_negative OR NOT starts_with(a.value, '-') OR {_WHOLE} || {_FRACTION} = '')
    )"""
_SIGN = "left(a.value, starts_with(a.value, '-')::int)"
AMOUNT: Final = f"({_SIGN} || '0' || {_WHOLE} || '.' || {_FRACTION} || '0')::numeric"

# Σ of what is verified before the row's period, and the first level verified after it.
_BELOW = """(
    SELECT coalesce(sum(amount), 0) FROM progress_ledgerline WHERE series_id = a.series_id AND ends < a.end_on
)"""
_ABOVE = """(
    SELECT later.value FROM progress_progressentry later JOIN progress_period period ON period.id = later.period_id
    WHERE later.series_id = a.series_id AND later.status = 'verified' AND later.value IS NOT NULL
    AND period.end_on > a.end_on AND NOT EXISTS (
        SELECT FROM progress_progressentry newer
        WHERE (newer.series_id, newer.period_id, newer.fact) = (later.series_id, later.period_id, later.fact)
        AND newer.status = 'verified' AND newer.revision > later.revision
    )
    ORDER BY period.end_on, period.start_on LIMIT 1
)"""
_IS_LEVEL = "a.kind = 'stock' AND NOT a.may_fall AND a.amount"
_LEVEL = "jsonb_build_object('name', a.name, 'unit', a.own_unit, 'decimals', a.decimals, 'level', {}::text)"
_THEIRS = """jsonb_build_object(
    'theirs', coalesce(trim_scale(a.entry_value)::text, nullif(a.entry_reason, ''), '—'), 'by', (
        SELECT coalesce(nullif(display_name, ''), username) FROM accounts_user WHERE id = a.entered_by_id
    )
)"""
_IS_OPEN = "a.status IN ('draft', 'returned')"
#: The version a file may build on: that of the entry, or the one before if only the same person's own import came
#: between, saved or taken back again.
_IS_SEEN = """(
    CASE WHEN a.version = '' THEN 0 ELSE a.version::int END = a.entry_version
    OR (a.entry_id, a.entry_version, CASE WHEN a.version = '' THEN 0 ELSE a.version::int END) IN (
        SELECT line.entry_id, coalesce(line.version, 0) + CASE run.status WHEN 'saved' THEN 1 ELSE 2 END,
            coalesce(line.version, 0)
        FROM progress_importrow line JOIN progress_importrun run ON run.id = line.run_id
        WHERE run.imported_by_id = %(by)s AND run.status IN ('saved', 'undone') AND line.outcome IN ('new', 'changed')
    )
)"""
_IS_VERSION = "(a.version = '' OR a.version ~ '^[0-9]{1,9}$')"

_NO_PROJECT = "a.project NOT IN (SELECT project FROM import_mine)"
_NO_INDICATOR = "a.indicator NOT IN (SELECT code FROM progress_indicator)"
_NO_REGION = "a.region NOT IN (SELECT code FROM jurisdictions_region)"


def _text(column: str) -> str:
    return f"jsonb_build_object('text', left(a.{column}, 60))"


RULES: Final = (
    Rule(
        "project",
        f"a.series_id IS NULL AND {_NO_PROJECT}",
        _unknown(_("没有项目代码“%(text)s”，或该项目不归您填报。"), _("未填项目代码。")),
        _text("project"),
    ),
    Rule(
        "indicator",
        f"a.series_id IS NULL AND {_NO_INDICATOR}",
        _unknown(_("没有指标代码“%(text)s”。"), _("未填指标代码。")),
        _text("indicator"),
    ),
    Rule(
        "region",
        f"a.series_id IS NULL AND {_NO_REGION}",
        _unknown(_("没有地区代码“%(text)s”。"), _("未填地区代码。")),
        _text("region"),
    ),
    Rule(
        "project",
        f"a.series_id IS NULL AND NOT ({_NO_PROJECT} OR {_NO_INDICATOR} OR {_NO_REGION})",
        _saying(_("没有这个填报项（项目、指标、地区的组合），或它不归您填报。")),
    ),
    Rule("indicator", "a.origin <> 'typed'", _saying(SENTENCES["derived"])),
    Rule(
        "period",
        "a.period_id IS NULL",
        _unknown(_("没有调度期“%(text)s”，请照“2025年3月”的样子填写。"), _("未填调度期。")),
        _text("period"),
    ),
    Rule(
        "period",
        "a.period_kind <> a.frequency",
        _saying(SENTENCES["frequency"]),
        "jsonb_build_object('frequency', %(frequencies)s::jsonb ->> a.frequency)",
    ),
    Rule("period", "c.reason IS NOT NULL", lambda said: str(said["reason"]), "jsonb_build_object('reason', c.reason)"),
    Rule(
        "unit",
        "a.unit <> '' AND a.unit <> a.own_unit",
        _saying(_("单位不符：此指标以“%(unit)s”计，请换算后填写。")),
        "jsonb_build_object('unit', a.own_unit)",
    ),
    Rule(
        "value",
        "NOT a.is_readable",
        _why_unreadable,
        "jsonb_build_object('text', a.value, 'decimals', a.decimals, 'may_be_negative', a.may_be_negative)",
    ),
    Rule("value", "a.is_void", _saying(SENTENCES["void"])),
    Rule(
        "value",
        f"{_IS_LEVEL} < {_BELOW}",
        _why_out_of_order(SENTENCES["below"]),
        _LEVEL.format(_BELOW),
    ),
    Rule(
        "value",
        f"{_IS_LEVEL} > {_ABOVE}",
        _why_out_of_order(SENTENCES["above"]),
        _LEVEL.format(_ABOVE),
    ),
    Rule(
        "value",
        "%(is_submitting)s AND a.evidence_required AND a.amount IS NOT NULL"
        " AND NOT EXISTS (SELECT FROM progress_evidence WHERE entry_id = a.entry_id)",
        _saying(SENTENCES["evidence"]),
    ),
    Rule(
        "no_progress_reason",
        "a.value <> '' AND a.no_progress_reason <> ''",
        _saying(SENTENCES["both"]),
    ),
    Rule(
        "no_progress_reason",
        f"length(a.no_progress_reason) > {REASON_LIMIT}",
        lambda said: str(SENTENCES["long"]) % {"limit": REASON_LIMIT},
    ),
    Rule(
        "note",
        f"length(a.note) > {NOTE_LIMIT}",
        lambda said: str(SENTENCES["long"]) % {"limit": NOTE_LIMIT},
    ),
    Rule(
        "note",
        "a.is_blank",
        _saying(_("只有进展说明，没有数值，也没有无进展的原因，请补填其一。")),
    ),
    Rule(
        "project",
        "t.rows IS NOT NULL",
        _saying(_("同一填报项同一调度期在文件中重复：第 %(rows)s 行，请只保留一行。")),
        "jsonb_build_object('rows', t.rows)",
    ),
    Rule(
        "version",
        f"NOT {_IS_VERSION}",
        _saying(_("版本一栏由系统填写，请勿改动；请重新下载台账。")),
    ),
    Rule(
        "version",
        f"a.version <> '' AND {_IS_VERSION} AND a.entry_id IS NULL AND (a.series_id, a.period_id) IS NOT NULL",
        _saying(_("下载台账后这条填报已被删除，请重新下载台账后再填。")),
        is_conflict=True,
    ),
    Rule(
        "version",
        f"a.entry_id IS NOT NULL AND {_IS_OPEN} AND {_IS_VERSION} AND NOT {_IS_SEEN}",
        _saying(_("下载台账后这条填报已被修改，现为 %(theirs)s（%(by)s），请核对并重新下载台账后再填。")),
        _THEIRS,
        is_conflict=True,
    ),
    Rule(
        "value",
        "a.status = 'submitted'",
        _saying(_("已报送（%(theirs)s），如需修改请先撤回。")),
        _THEIRS,
        is_conflict=True,
    ),
    Rule(
        "value",
        "a.status = 'reviewed'",
        _saying(_("已审核（%(theirs)s），如需修改请联系审核人退回。")),
        _THEIRS,
        is_conflict=True,
    ),
    Rule(
        "value",
        "a.status = 'verified'",
        _saying(_("已核定（%(theirs)s），如需修改请发起红字更正。")),
        _THEIRS,
        is_conflict=True,
    ),
)
