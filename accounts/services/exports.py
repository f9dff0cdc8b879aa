"""Taking lists out of the portal."""

from __future__ import annotations

from django.db import transaction

from accounts import audit
from accounts.models import User


@transaction.atomic
def record_export(*, by: User, page: str, query: str, form: str, rows: int) -> None:
    """Keep on record who took how many rows of which list, found by which filter, out as a file."""
    audit.record(by=by, action="export", obj=by, after={"page": page, "query": query, "form": form, "rows": rows})
