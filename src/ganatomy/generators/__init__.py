"""A trained generator outside of its training: load, sample, walk, export."""
