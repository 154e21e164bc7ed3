"""The standard callbacks, which read a training and write the run folder."""
