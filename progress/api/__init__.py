"""REST of what is measured: indicators, series, targets, entries, roll-ups and the status in one call."""
