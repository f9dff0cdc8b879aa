"""Numbers and days as people read them."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from django.template import Context, Template
from django.utils import translation


def rendered(text: str, value: object, language: str) -> str:
    with translation.override(language):
        return Template(text).render(Context({"value": value}))


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_area_is_grouped_by_thousands(language: str) -> None:
    assert rendered("{{ value|floatformat:'2g' }}", Decimal("70897.71"), language) == "70,897.71"


@pytest.mark.parametrize(("language", "day"), [("zh-hans", "2025年1月21日"), ("en", "21 Jan 2025")])
def test_day_is_written_out(language: str, day: str) -> None:
    assert rendered("{{ value|date:'DATE_FORMAT' }}", datetime.date(2025, 1, 21), language) == day
