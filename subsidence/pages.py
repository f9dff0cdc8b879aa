"""What pages share: the requests that wait for a person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from accounts.models import User
from accounts.policy import Action, today
from jurisdictions.models import Region
from subsidence.models import RequestStatus, StageRequest
from subsidence.models.scopes import OfParcelQuerySet
from subsidence.services.stages import CITY_STAGES

#: Digits of a county's code.
COUNTY_DIGITS = 6


def waiting_for(user: User) -> OfParcelQuerySet[StageRequest]:
    """The requests that a person may decide on: in his scope, and not made by himself or whom he stands in for."""
    pending = StageRequest.objects.filter(status=RequestStatus.PENDING)
    others = pending.exclude(recorded_by__in=user.counts_as(today()))
    reviewed = others.exclude(stage__in=CITY_STAGES)
    return others.in_scope(user, Action.VERIFY) | reviewed.in_scope(user, Action.REVIEW)


@dataclass(frozen=True)
class Tally:
    """How many requests wait in one county."""

    code: str
    county: str
    count: int


def tallies(requests: OfParcelQuerySet[StageRequest]) -> list[Tally]:
    """The counties with what waits there, by their codes; what lies in the city itself keeps its code."""
    counts: dict[str, int] = {}
    for code in requests.values_list("parcel__region_id", flat=True):
        counts[code[:COUNTY_DIGITS]] = counts.get(code[:COUNTY_DIGITS], 0) + 1
    names = _names(counts)
    return [Tally(code, names.get(code, code), count) for code, count in sorted(counts.items())]


def _names(codes: Iterable[str]) -> dict[str, str]:
    return dict(Region.objects.filter(pk__in=list(codes)).values_list("code", "name"))
