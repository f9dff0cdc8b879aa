"""The audit trail: events signed as they happen, sealed into a chain after they are committed."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.bulk import copy_lines, escaped
from accounts.models import AuditEvent, AuditSeal, UnsealedEvent, User

Facts = dict[str, Any]
#: What happened to one object: its number, the facts before and after.
Told = tuple[int | str, Facts | None, Facts | None]

#: The one spelling of a content that is signed.
_spell = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode

#: Key of the advisory lock that lets one sealer run at a time.
SEALER_LOCK = 140_400_01
BATCH = 5_000
GENESIS = "0" * 64


def record(
    *,
    by: User | None,
    action: str,
    obj: models.Model,
    before: Facts | None = None,
    after: Facts | None = None,
    reason: str = "",
) -> AuditEvent:
    """Write who did what, in the caller's transaction: no audit, no change. `by` is None for the system itself."""
    event = AuditEvent(
        at=timezone.now(),
        actor_id=by.pk if by else None,
        actor=str(by) if by else "system",
        action=action,
        object_type=obj._meta.label_lower,
        object_id=str(obj.pk),
        before=jsonable(before),
        after=jsonable(after),
        reason=reason,
    )
    event.hmac = signature(event)
    event.save(force_insert=True)
    return event


def record_many(
    *, by: User | None, action: str, model: type[models.Model], told: Iterable[Told], reason: str = ""
) -> int:
    """Write what `record` would write of many objects, in the caller's transaction, by COPY; returns how many.

    Facts must read back from JSON as they are: no Decimal, no instant. Signing stays on this side of the connection,
    for a key that stood in a statement would stand in the server's logs.
    """
    at, actor = timezone.now(), str(by) if by else "system"
    head = [at.astimezone(timezone.get_default_timezone()).isoformat(), by.pk if by else None, actor, action]
    kind = model._meta.label_lower
    opening, ending = _spell([*head, kind])[:-1], _spell(reason) + "]"
    shared = [at.isoformat(), str(by.pk) if by else None, actor, action, kind, reason]
    start = "\t".join(map(escaped, shared))
    signer = hmac.new(settings.AUDIT_KEY.encode(), digestmod=hashlib.sha256)

    def lines() -> Iterator[str]:
        for number, before, after in told:
            name, old, new = str(number), _spelled(before), _spelled(after)
            # A copy is begun with the key already, which is most of the work for so short a message.
            signed = signer.copy()
            signed.update(f"{opening}, {_spell(name)}, {old}, {new}, {ending}".encode())
            yield f"{start}\t{escaped(name)}\t{_stored(old)}\t{_stored(new)}\t{signed.hexdigest()}\n"

    columns = ("at", "actor_id", "actor", "action", "object_type", "reason", "object_id", "before", "after", "hmac")
    return copy_lines(AuditEvent._meta.db_table, columns, lines())


def _spelled(facts: Facts | None) -> str:
    return "null" if facts is None else _spell(facts)


def _stored(facts: str) -> str:
    """Spelled facts as COPY takes them: none are NULL, and nothing but a backslash is left to escape in JSON."""
    return "\\N" if facts == "null" else facts.replace("\\", "\\\\")


def jsonable(facts: Facts | None) -> Facts | None:
    """The facts as they will read back from the database, so that the signature survives the round trip."""
    if facts is None:
        return None
    plain: Facts = json.loads(json.dumps(facts, cls=DjangoJSONEncoder))
    return plain


def signature(event: AuditEvent) -> str:
    """HMAC-SHA256 over the event's own content."""
    content = [
        event.at.astimezone(timezone.get_default_timezone()).isoformat(),
        event.actor_id,
        event.actor,
        event.action,
        event.object_type,
        event.object_id,
        event.before,
        event.after,
        event.reason,
    ]
    message = _spell(content).encode()
    return hmac.new(settings.AUDIT_KEY.encode(), message, hashlib.sha256).hexdigest()


def link(previous: str, event_id: int, signed: str) -> str:
    """The digest that chains an event to the seal before it."""
    message = f"{previous}:{event_id}:{signed}".encode()
    return hmac.new(settings.AUDIT_KEY.encode(), message, hashlib.sha256).hexdigest()


def seal() -> int:
    """Seal committed events in the order they became visible; returns how many. Safe to run anywhere, any time."""
    total = 0
    while count := _seal_batch():
        total += count
    return total


@transaction.atomic
def _seal_batch() -> int:
    with connection.cursor() as cursor:
        # The lock comes in a statement of its own: the next one must see what the last sealer committed.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEALER_LOCK])
        cursor.execute(
            """
            WITH due AS MATERIALIZED (
                SELECT event_id FROM accounts_unsealedevent ORDER BY event_id LIMIT %s FOR UPDATE SKIP LOCKED
            ), taken AS (
                DELETE FROM accounts_unsealedevent WHERE event_id IN (SELECT event_id FROM due) RETURNING event_id
            )
            SELECT e.id, e.hmac FROM accounts_auditevent e JOIN taken ON taken.event_id = e.id ORDER BY e.id
            """,
            [BATCH],
        )
        events = cursor.fetchall()
    if not events:
        return 0
    last = AuditSeal.objects.order_by("-seq").first()
    seq, digest = (last.seq, last.digest) if last else (0, GENESIS)
    seals = []
    for event_id, signed in events:
        seq, digest = seq + 1, link(digest, event_id, signed)
        seals.append(AuditSeal(seq=seq, event_id=event_id, digest=digest))
    AuditSeal.objects.bulk_create(seals)
    return len(seals)


@dataclass(frozen=True)
class Verdict:
    """How many sealed events were read, the first broken seal if any, events that escaped sealing, and the head.

    The head is the last seal's number and digest. Written down elsewhere, it proves later that the tail was not cut.
    """

    checked: int
    first_broken: int | None
    escaped: int
    head: str


def verify() -> Verdict:
    """Recompute every signature and link of the chain from its beginning."""
    digest, checked, first_broken = GENESIS, 0, None
    for found in AuditSeal.objects.select_related("event").order_by("seq").iterator():
        digest = link(digest, found.event_id, signature(found.event))
        if found.seq != checked + 1 or digest != found.digest:
            first_broken = found.seq
            break
        checked += 1
    marks = UnsealedEvent.objects.filter(event=OuterRef("pk"))
    escaped = AuditEvent.objects.filter(~Exists(marks), seal=None).count()
    return Verdict(checked, first_broken, escaped, f"{checked}:{digest}")


def holds_head(head: str) -> bool:
    """Whether the seal that was the head once still stands as it was."""
    seq, _colon, digest = head.partition(":")
    return seq.isdecimal() and AuditSeal.objects.filter(seq=int(seq), digest=digest).exists()
