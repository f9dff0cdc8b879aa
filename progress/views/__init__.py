"""The pages of progress, and those that join the register with its figures."""
