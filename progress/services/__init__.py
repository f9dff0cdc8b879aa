"""Every write to progress that touches two tables or needs an audit event."""
