"""REST of 采煤沉陷区: mines, parcels with their boundaries and stages, duties, the stock–flow ledger."""
