"""Walls of the house that linters cannot see: each rule reads a source tree and yields what breaks it."""
