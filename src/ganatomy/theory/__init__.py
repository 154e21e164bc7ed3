"""Distributions whose density is known, and what theory says of a game on them."""
