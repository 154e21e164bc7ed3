"""Distributions of which everything is known, to hold what a network learns against."""
