"""What several modules of these tests stand on."""

from __future__ import annotations

import pytest

from tests import factories as make


@pytest.fixture
def half_a_year() -> None:
    """The monthly periods of January to June 2025."""
    for month in range(1, 7):
        make.period(2025, month)
