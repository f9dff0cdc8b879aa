"""What changes the rows of this work line."""
