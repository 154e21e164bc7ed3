"""Rows of a table over HTTP."""
