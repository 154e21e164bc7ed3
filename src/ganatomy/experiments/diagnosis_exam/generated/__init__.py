"""The diagnosis' second exam: faults, data sets and networks drawn by code, at the default cadence.

    python -m ganatomy.experiments.diagnosis_exam.generated --seeds 1000-1039

A seed gives a data set, a recipe and a budget, one healthy training of them and two faulty ones. Nobody chose which
faults there are, how strong they are, or which two come together.
"""
