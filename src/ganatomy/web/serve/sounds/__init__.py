"""Sounds over HTTP."""
