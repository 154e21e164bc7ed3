"""Sweeps: which settings are best? Trials of a space of options, by Optuna, each a run like any other."""
