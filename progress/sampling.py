"""Drawing at random so that anybody can draw the same again: no state, no generator, only a digest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def sample(seed: str, keys: Iterable[int], size: int) -> list[int]:
    """The `size` keys whose SHA-256 of “seed:key” is lowest, in that order; fewer keys are all drawn."""
    return sorted(set(keys), key=lambda key: _lot(seed, key))[: max(size, 0)]


def _lot(seed: str, key: int) -> str:
    return hashlib.sha256(f"{seed}:{key}".encode()).hexdigest()


def share(percent: int, of: int) -> int:
    """How many of so many a percentage is, rounded up: 5 % of 30 are 2."""
    return -(-percent * of // 100)
