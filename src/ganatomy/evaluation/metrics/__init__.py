"""Measures of a generator: pure functions of arrays, real before fake. No files, no devices, no configuration."""
