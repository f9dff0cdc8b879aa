"""The audit trail: signed in the transaction of the change, sealed after it, and any later change found."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts import audit
from accounts.models import AuditEvent, AuditSeal, UnsealedEvent
from tests import factories as make

pytestmark = pytest.mark.django_db

TRAIL = ("accounts_auditevent", "accounts_auditseal")


def record(count: int = 3) -> list[AuditEvent]:
    person = make.user()
    return [
        audit.record(by=person, action="entry.submit", obj=person, after={"value": str(number)}, reason="测试")
        for number in range(count)
    ]


def tamper(statement: str) -> None:
    """Change the trail as somebody with the database's keys could."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in TRAIL:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement)
        for table in TRAIL:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def test_event_says_who_did_what() -> None:
    person = make.user(display_name="张三")

    event = audit.record(by=person, action="entry.submit", obj=person, before={"a": 1}, reason="测试")

    assert (event.actor, event.actor_id, event.object_type) == ("张三", person.pk, "accounts.user")
    assert (event.before, event.after, event.reason) == ({"a": 1}, None, "测试")
    assert abs(timezone.now() - event.at).total_seconds() < 10


def test_system_itself_has_no_number() -> None:
    event = audit.record(by=None, action="rollups.drain", obj=make.user())

    assert (event.actor, event.actor_id) == ("system", None)


def test_event_goes_with_the_change_it_belongs_to() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        record(1)
        raise IntegrityError

    assert not AuditEvent.objects.exists()


def test_sealing_numbers_every_event_once() -> None:
    events = record()

    sealed = audit.seal(), audit.seal()

    assert sealed == (3, 0)
    assert list(AuditSeal.objects.order_by("seq").values_list("seq", "event")) == [
        (number, event.pk) for number, event in enumerate(events, start=1)
    ]
    assert not UnsealedEvent.objects.exists()


def test_chain_goes_on_from_the_last_seal() -> None:
    record()
    audit.seal()
    record()
    audit.seal()

    last = AuditSeal.objects.get(seq=6)
    assert audit.verify() == audit.Verdict(checked=6, first_broken=None, escaped=0, head=f"6:{last.digest}")


TAMPERING = {
    "a changed value": """UPDATE accounts_auditevent SET after = '{"value": "9"}' WHERE after->>'value' = '1'""",
    "another person": "UPDATE accounts_auditevent SET actor = '李四' WHERE after->>'value' = '1'",
    "another time": "UPDATE accounts_auditevent SET at = at - interval '1 day' WHERE after->>'value' = '1'",
    "a digest": "UPDATE accounts_auditseal SET digest = repeat('0', 64) WHERE seq = 2",
    "a lost link": "DELETE FROM accounts_auditseal WHERE seq = 2",
}


@pytest.mark.parametrize("statement", TAMPERING.values(), ids=TAMPERING)
def test_tampering_breaks_the_chain_where_it_happened(statement: str) -> None:
    record()
    audit.seal()
    tamper(statement)

    verdict = audit.verify()

    assert (verdict.checked, verdict.first_broken) == (1, 3 if statement.startswith("DELETE") else 2)


def test_command_seals_what_is_due_and_counts_it(capsys: pytest.CaptureFixture[str]) -> None:
    record()

    call_command("verify_audit")

    last = AuditSeal.objects.get(seq=3)
    assert capsys.readouterr().out == f"3 sealed events hold; head 3:{last.digest}\n"


def test_command_ends_with_code_1_at_the_first_broken_seal() -> None:
    record()
    audit.seal()
    tamper(TAMPERING["a changed value"])

    with pytest.raises(CommandError, match="seal 2 is broken") as refusal:
        call_command("verify_audit")
    assert refusal.value.returncode == 1


FORGED = """
INSERT INTO accounts_auditevent (at, actor, action, object_type, object_id, reason, hmac)
SELECT at, '李四', action, object_type, object_id, '', repeat('0', 64) FROM accounts_auditevent LIMIT 1
"""


def head_of_three() -> str:
    """The head of a chain of three, as somebody noted it down."""
    record()
    audit.seal()
    return audit.verify().head


def test_head_is_the_last_seal() -> None:
    head = head_of_three()
    record(1)

    call_command("verify_audit", expect=head)

    last = AuditSeal.objects.latest("seq")
    assert audit.verify().head == f"4:{last.digest}"


def test_tail_cut_off_the_chain_leaves_events_that_escaped() -> None:
    head = head_of_three()
    tamper("DELETE FROM accounts_auditseal WHERE seq = 3")

    verdict = audit.verify()

    assert (verdict.checked, verdict.first_broken, verdict.escaped) == (2, None, 1)
    assert head.startswith("3:")
    assert verdict.head.startswith("2:")


def test_tail_cut_with_its_events_is_found_by_the_head_noted_down() -> None:
    head = head_of_three()
    tamper("DELETE FROM accounts_auditseal WHERE seq = 3")
    tamper("""DELETE FROM accounts_auditevent WHERE after->>'value' = '2'""")

    call_command("verify_audit")
    with pytest.raises(CommandError, match=f"the seal {head} is gone") as refusal:
        call_command("verify_audit", expect=head)
    assert refusal.value.returncode == 1


def test_tail_written_anew_is_found_by_the_head_noted_down() -> None:
    head = head_of_three()
    tamper("DELETE FROM accounts_auditseal WHERE seq = 3")
    tamper("""DELETE FROM accounts_auditevent WHERE after->>'value' = '2'""")
    record(1)
    audit.seal()

    assert audit.verify().first_broken is None
    with pytest.raises(CommandError, match="is gone"):
        call_command("verify_audit", expect=head)


@pytest.mark.parametrize("head", ["3", "x:y", ":", f"{9**30}:{'0' * 64}"])
def test_head_that_never_was_is_not_found(head: str) -> None:
    head_of_three()

    with pytest.raises(CommandError, match="is gone"):
        call_command("verify_audit", expect=head)


@pytest.mark.parametrize(
    "statement", ["DELETE FROM accounts_unsealedevent", FORGED], ids=["a deleted mark", "an event without a mark"]
)
def test_event_with_neither_seal_nor_mark_escaped(statement: str) -> None:
    head_of_three()
    if statement != FORGED:
        record(1)
    tamper(statement)

    verdict = audit.verify()

    assert (verdict.checked, verdict.first_broken, verdict.escaped) == (3, None, 1)
    with pytest.raises(CommandError, match="1 events have no seal") as refusal:
        call_command("verify_audit")
    assert refusal.value.returncode == 1


def test_event_that_waits_for_its_seal_did_not_escape() -> None:
    record()

    assert audit.verify() == audit.Verdict(checked=0, first_broken=None, escaped=0, head=f"0:{audit.GENESIS}")


def test_forged_event_that_is_marked_breaks_the_chain_when_it_is_sealed() -> None:
    head_of_three()
    with connection.cursor() as cursor:
        cursor.execute(FORGED)

    with pytest.raises(CommandError, match="seal 4 is broken"):
        call_command("verify_audit")
