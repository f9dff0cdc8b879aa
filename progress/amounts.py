"""Reading an amount that somebody typed: exact, or refused with a sentence that says what to do."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

#: Digits before the point that NUMERIC(18,4) holds.
WHOLE_DIGITS = 14

#: What a typed number looks like, in the regular expressions that Python and PostgreSQL have in common.
NUMBER = r"[+-]?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]*)?|[+-]?\.[0-9]+"

_NUMBER = re.compile(NUMBER)


class InvalidAmount(ValueError):
    """The text is no amount that may stand here; `message` says why."""

    def __init__(self, message: str | Promise) -> None:
        self.message = message
        super().__init__(message)


def parse_amount(text: str, *, decimals: int, may_be_negative: bool = False) -> Decimal:
    """The exact value of a typed number such as 1,234.50; never rounds. Raises InvalidAmount."""
    text = text.strip()
    if any(unicodedata.east_asian_width(char) in "FW" for char in text):
        raise InvalidAmount(_("请用半角数字填写，例如 120.50，不要用全角字符或汉字。"))
    if not _NUMBER.fullmatch(text):
        raise InvalidAmount(_("“%(text)s”不是有效的数值，请填写数字，例如 120.50。") % {"text": text[:40]})
    whole, _point, fraction = text.lstrip("+-").replace(",", "").partition(".")
    if len(whole.lstrip("0")) > WHOLE_DIGITS:
        raise InvalidAmount(_("数值过大：整数部分最多 %(digits)d 位。") % {"digits": WHOLE_DIGITS})
    if len(fraction.rstrip("0")) > decimals:
        raise InvalidAmount(_("小数位过多：此指标最多 %(decimals)d 位小数。") % {"decimals": decimals})
    # Zeros without end are exact too, but no column would hold them.
    sign = "-" if text.startswith("-") else ""
    amount = Decimal(f"{sign}{whole.lstrip('0') or 0}.{fraction[:decimals]}")
    if amount < 0 and not may_be_negative:
        raise InvalidAmount(_("此指标不能填负数。"))
    return amount + 0  # “-0” is 0
