"""Data sets drawn by code, each from a seed: glyphs, shapes, textures and scenes of many sizes, colours and classes."""

from ganatomy.experiments.diagnosis_exam.drawn_sets.drawn import HELD_OUT, DrawnSet, drawn_set, drawn_style
from ganatomy.experiments.diagnosis_exam.drawn_sets.style import SetStyle

__all__ = ["HELD_OUT", "DrawnSet", "SetStyle", "drawn_set", "drawn_style"]
