"""What is measured: indicators, series, targets, periods, entries, the ledger and its roll-ups."""
