"""The diagnosis' exam: fault injection. Faulty and healthy trainings, and what the diagnosis reports of each.

    python -m ganatomy.experiments.diagnosis_exam                 # `make diagnosis-exam`: writes docs/diagnosis-exam/
    python -m ganatomy.experiments.diagnosis_exam --only "saturating,cut off" --seeds 1

Nothing here is used by a training.
"""
