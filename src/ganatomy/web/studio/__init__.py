"""Runs, lab and lessons in a browser."""
