"""Regions, organisations and work lines: the axes everything else is scoped and summed on."""
