"""What the application's role may do once the owner has granted it."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from changzhi_eco.management.commands.grant_privileges import APPEND_ONLY

WRITES = ("INSERT", "UPDATE", "DELETE", "TRUNCATE")


def rights(table: str) -> list[str]:
    """What changzhi_app may do to the table besides reading it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT word FROM unnest(%s) AS word WHERE has_table_privilege('changzhi_app', %s, word)",
            [list(WRITES), table],
        )
        return [word for (word,) in cursor.fetchall()]


@pytest.mark.engine
@pytest.mark.django_db
@pytest.mark.parametrize("table", APPEND_ONLY)
def test_application_only_adds_to_facts_and_evidence(table: str) -> None:
    call_command("grant_privileges")

    assert rights(table) == ["INSERT"]


@pytest.mark.django_db
def test_application_writes_every_other_table_but_never_empties_one() -> None:
    call_command("grant_privileges")

    assert rights("progress_progressentry") == ["INSERT", "UPDATE", "DELETE"]


@pytest.mark.django_db
def test_owner_does_not_tie_its_own_hands() -> None:
    with pytest.raises(CommandError, match="a role of its own"):
        call_command("grant_privileges", "changzhi_owner")
