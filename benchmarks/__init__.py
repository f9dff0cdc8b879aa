"""Ratios measured in one run, each against a floor or a peer's pattern; never a timed test."""
