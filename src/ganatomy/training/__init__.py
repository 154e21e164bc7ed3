"""From options to a finished run: preparation, loop, callbacks, recovery."""
