"""Figures of this work line, read only: how far treatment has come, by use, by county, and as stock and flow."""
