"""What every REST endpoint shares: strict input, reading by key, If-Match and Idempotency-Key."""
