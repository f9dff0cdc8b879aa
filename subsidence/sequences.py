"""What treating land takes, by the use it is suited for: the works in their order, the photos, the quality check.

The works of 宜耕 land are those the bureau names: 剥离表土 → 客土填充 → 给水排水 → 覆熟土 → 复种. For the other uses
no source names any; these are the fewest without which the land would not become what it is to be.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

WORKS: dict[str, tuple[str, ...]] = {
    "farm": ("strip_topsoil", "fill", "drainage", "cover_topsoil", "sow"),
    "orchard": ("level", "drainage", "cover_topsoil", "plant_orchard"),
    "forest": ("level", "plant_trees"),
    "grass": ("level", "plant_grass"),
    "water": ("bank", "drainage"),
    "built": ("level", "foundation"),
}
#: Of which moment a photo must be there before a stage can be asked for.
PHOTOS = {"started": "before", "finished": "during", "self_checked": "after", "accepted": "after"}
#: The stages at which the quality of the land is measured.
MEASURED = frozenset({"accepted"})
#: Suited uses for which the standard of reclamation has limits; farmland is told apart by its class before.
QUALITY = ("orchard", "forest", "grass")


@dataclass(frozen=True)
class Done:
    """When a work was done, None while it is not; a quantity of 0 says that the land does not need it."""

    on: datetime.date | None = None
    quantity: Decimal | None = None

    @property
    def is_needless(self) -> bool:
        return self.quantity == 0

    @property
    def is_open(self) -> bool:
        return self.on is None and not self.is_needless


@dataclass(frozen=True)
class Disorder:
    """A work done before an earlier one, which was done only later or not at all yet."""

    earlier: str
    later: str


def works_of(suited_use: str) -> tuple[str, ...]:
    """The works that land of the use takes, in order; none while the use is unknown."""
    return WORKS.get(suited_use, ())


def disorder(order: Sequence[str], done: Mapping[str, Done]) -> Disorder | None:
    """The first work in the order that was done before one that precedes it; on the same day is in order."""
    for number, later in enumerate(order):
        finished = done.get(later, Done()).on
        if finished is None:
            continue
        for earlier in order[:number]:
            before = done.get(earlier, Done())
            if before.is_open or (before.on and before.on > finished):
                return Disorder(earlier, later)
    return None


def photo_of(stage: str) -> str:
    """The moment of which the stage requires a photo; '' for none."""
    return PHOTOS.get(stage, "")


def stages_of(moment: str) -> list[str]:
    """The stages that rest on a photo of the moment."""
    return [stage for stage, required in PHOTOS.items() if required == moment]


def quality_of(suited_use: str, land_before: str) -> str:
    """What the limits of quality are kept under for land of a use; '' where the standard has none.

    Farmland that was irrigated is held to that; all other, whatever it was before, to what dry farmland must be.
    """
    if suited_use == "farm":
        return "irrigated" if land_before == "0102" else "dry"
    return suited_use if suited_use in QUALITY else ""
