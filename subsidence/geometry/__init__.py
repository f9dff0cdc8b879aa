"""Boundaries of land: read from what people send, checked with the place of each fault, measured on the ellipsoid.

Geometry is the one place for floats: they are degrees and metres on the ground; an area leaves as a Decimal.
"""

from subsidence.geometry.drawings import Drawing, Unsound, chosen
from subsidence.geometry.plots import (
    Box,
    Overlap,
    Plot,
    overlap,
    part_beyond,
    plot_of,
    said_place,
    sha256_of,
    shape_of,
    simple_rings,
)
from subsidence.geometry.reading import read_geojson, read_text, written
from subsidence.geometry.systems import named_system, written_system

__all__ = [
    "Box",
    "Drawing",
    "Overlap",
    "Plot",
    "Unsound",
    "chosen",
    "named_system",
    "overlap",
    "part_beyond",
    "plot_of",
    "read_geojson",
    "read_text",
    "said_place",
    "sha256_of",
    "shape_of",
    "simple_rings",
    "written",
    "written_system",
]
