"""Template filters of progress."""
