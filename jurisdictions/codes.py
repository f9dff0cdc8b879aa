"""Administrative division codes (行政区划代码): the code is the path."""

import re

#: Length of a code at each level: city, county, town, village.
LENGTHS = (4, 6, 9, 12)

_PADDING = re.compile(r"0+")


class InvalidCode(ValueError):
    """The text is no division code."""


def canonical(text: str) -> str:
    """The shortest code naming a division: 140400 → 1404, 140404202000 → 140404202.

    Official lists pad a code with zeros to 6, 9 or 12 digits; a village or town numbered 000 does not exist, so a
    block of zeros at the end is always padding. Raises InvalidCode for anything else than 4, 6, 9 or 12 digits.
    """
    code = text.strip()
    if len(code) not in LENGTHS or not (code.isascii() and code.isdigit()):
        raise InvalidCode(text)
    for longer, shorter in ((12, 9), (9, 6), (6, 4)):
        if len(code) == longer and _PADDING.fullmatch(code[shorter:]):
            code = code[:shorter]
    return code


def official(code: str) -> str:
    """The code as official lists print it: a city has six digits."""
    return code.ljust(6, "0")


def lineage(code: str) -> tuple[str, ...]:
    """The division's ancestors from the city down, itself included."""
    return tuple(code[:length] for length in LENGTHS if length <= len(code))
