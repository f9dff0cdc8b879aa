"""People, their duties, the two permission gates, the audit trail and idempotency receipts."""
