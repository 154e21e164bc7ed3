"""The diagnosis' exam: trainings ruined on purpose, others that are healthy, and what the diagnosis says of each.

    python -m ganatomy.experiments.diagnosis_exam                 # `make diagnosis-exam`: writes docs/diagnosis-exam/
    python -m ganatomy.experiments.diagnosis_exam --only saturating,cut-off --seeds 1

Nothing here is used by a training.
"""
