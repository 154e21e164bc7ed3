"""The run folder, its checkpoints, and the scores in it."""
