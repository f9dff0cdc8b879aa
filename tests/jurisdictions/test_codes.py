"""Division codes: the code is the path."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jurisdictions import codes


@st.composite
def divisions(draw: st.DrawFn) -> str:
    """A canonical code of any level, in which no block is all zeros."""
    blocks = [f"{draw(st.integers(1, 10**width - 1)):0{width}}" for width in (4, 2, 3, 3)]
    return "".join(blocks[: draw(st.integers(1, 4))])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1404", "1404"),
        ("140400", "1404"),
        ("140404", "140404"),
        ("140404202000", "140404202"),
        ("140400000000", "1404"),
        (" 140404202215\n", "140404202215"),
    ],
)
def test_canonical_drops_padding(text: str, code: str) -> None:
    assert codes.canonical(text) == code


@pytest.mark.parametrize(
    "text", ["", "14", "14040", "1404042022150", "14040x", "１４０４", "-140", "长治市", "1404 00"]
)
def test_canonical_refuses_what_is_no_code(text: str) -> None:
    with pytest.raises(codes.InvalidCode):
        codes.canonical(text)


@given(divisions(), st.sampled_from(codes.LENGTHS))
def test_canonical_reads_any_padding(code: str, width: int) -> None:
    assert codes.canonical(code.ljust(width, "0")) == code


@given(st.text(max_size=14))
def test_canonical_knows_or_refuses(text: str) -> None:
    try:
        code = codes.canonical(text)
    except codes.InvalidCode:
        return

    assert codes.canonical(code) == code
    assert text.strip().startswith(code)


@given(divisions())
def test_official_code_reads_back(code: str) -> None:
    assert codes.canonical(codes.official(code)) == code


@given(divisions())
def test_lineage_leads_from_city_to_division(code: str) -> None:
    lineage = codes.lineage(code)

    assert lineage[-1] == code
    assert [len(ancestor) for ancestor in lineage] == list(codes.LENGTHS[: len(lineage)])
    assert all(code.startswith(ancestor) for ancestor in lineage)


def test_lineage_counts_a_county_once() -> None:
    assert codes.lineage("140404") == ("1404", "140404")
