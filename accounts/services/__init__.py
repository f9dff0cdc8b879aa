"""Every write to accounts that more than one place asks for."""
