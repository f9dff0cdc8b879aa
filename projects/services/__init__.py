"""Every write to the register that touches two tables or needs an audit event."""
