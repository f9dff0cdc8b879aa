"""How names are spelt for search: pinyin and initials, and the one form that what people type is brought to."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from pypinyin import Style, lazy_pinyin, load_phrases_dict

#: Local names that a general dictionary reads otherwise: 长治 is Chángzhì, and 长子 is Zhǎngzǐ.
load_phrases_dict(
    {
        "长治": [["cháng"], ["zhì"]],
        "长子": [["zhǎng"], ["zǐ"]],
        "长北": [["cháng"], ["běi"]],
        "长钢": [["cháng"], ["gāng"]],
    }
)

_LATIN = re.compile(r"[a-z0-9]+", re.ASCII)


class Spelling(NamedTuple):
    """A name in letters: 长子县2号 is zhangzixian2hao and zzx2h; without marks and spaces."""

    pinyin: str
    initials: str


def spell(name: str) -> Spelling:
    """The spelling of a name; Latin letters and digits in it stay as they are."""
    name = folded(name)
    return Spelling(_joined(name, Style.NORMAL), _joined(name, Style.FIRST_LETTER))


def _joined(name: str, style: Style) -> str:
    return "".join(_LATIN.findall("".join(lazy_pinyin(name, style=style))))


def folded(text: str) -> str:
    """The text as names are compared: without spaces around it, full-width letters and case."""
    return unicodedata.normalize("NFKC", text).casefold().strip()


def letters(text: str) -> str:
    """The text as a spelling, empty where it is none: `Zhang Zi` and `ＺＨＡＮＧＺＩ` are zhangzi."""
    text = "".join(folded(text).split()).replace("'", "")
    return text if _LATIN.fullmatch(text) else ""
