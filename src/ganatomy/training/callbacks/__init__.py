"""Callbacks of the loop: they read a training and write the run folder."""
