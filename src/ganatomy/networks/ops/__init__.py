"""Layers that several families share, computed fast."""
