"""Faults that code can draw: each kind with a random severity, and the findings that name it rightly."""

# Imported for their registrations. Seeds stand for faults by this order: new kinds come last.
from ganatomy.experiments.diagnosis_exam.generated.components import options  # isort: skip
from ganatomy.experiments.diagnosis_exam.generated.components import data  # isort: skip
from ganatomy.experiments.diagnosis_exam.generated.components import code  # isort: skip
from ganatomy.experiments.diagnosis_exam.generated.components.component import COMPONENTS, Component, Drawn

__all__ = ["COMPONENTS", "Component", "Drawn", "code", "data", "options"]
