"""Tables: rows of numbers, categories and dates, between cells, numbers and what networks see.

A table has two forms beside its cells. Numbers, float64 [N, D], are stored, measured and modelled: one column for each
of the table's, NaN where a cell is missing (`schema`). Features, [N, W], are what networks see: a scalar in about
[−1, 1] and a one-hot choice for each column (`normalisation`). No torch here.
"""
