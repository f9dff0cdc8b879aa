"""The rows that a region is told in: the units below it, as far as a person may see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from jurisdictions.models import Region
from progress.reports.book import Place


@dataclass(frozen=True)
class Units:
    """The rows of a table by place and its total; `own`, what lies on the region itself and in no unit below it."""

    rows: tuple[Place, ...]
    own: Place | None
    total: Place

    @property
    def codes(self) -> list[str]:
        return [*self.total.codes, *(code for row in self.rows for code in row.codes)]


def units_of(region: Region, areas: Sequence[str]) -> Units | None:
    """The units one level below a region and the region itself as their total.

    Somebody whose duties (`areas`) cover only parts of the region gets those parts, and their sum as the total, which
    tells nothing of the rest. None where they cover nothing of it.
    """
    if any(region.pk.startswith(area) for area in areas):
        return _whole(region)
    parts = Region.objects.filter(pk__in=[area for area in areas if area.startswith(region.pk)]).order_by("pk")
    rows = tuple(Place(str(part), (part.pk,)) for part in parts)
    return Units(rows, None, Place(_("范围内合计"), tuple(part.pk for part in parts))) if rows else None


def _whole(region: Region) -> Units:
    total = Place(_("合计"), (region.pk,))
    below = list(region.children.order_by("pk"))
    if not below:
        return Units((Place(str(region), (region.pk,)),), None, total)
    own = Place(_("%(region)s本级") % {"region": region.name}, (region.pk,), tuple(child.pk for child in below))
    return Units(tuple(Place(child.name, (child.pk,)) for child in below), own, total)
