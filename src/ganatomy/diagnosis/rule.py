"""What a rule is, and the registry of all rules: `@rule(…)` beside a function registers a finding, ours or yours."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import Parameter, getdoc, signature
from typing import NamedTuple, TypeAlias

from ganatomy.diagnosis.context import TrainingContext
from ganatomy.diagnosis.remedies import Remedy, applicable
from ganatomy.diagnosis.window import Window
from ganatomy.errors import UserError
from ganatomy.system.registry import Registry


class Symptom(NamedTuple):
    """Why a rule holds: a signal, its value, and the threshold that it crosses.

    detail: stands behind the finding's name. proxy: the best signal is missing, and a weaker one stands for it.
    """

    signal: str
    value: float
    threshold: float
    detail: str = ""
    proxy: bool = False


Condition: TypeAlias = Callable[..., Symptom | None]  # (window, context, **thresholds)


@dataclass(frozen=True)
class Rule:
    """How a finding is recognised, what it means, and what helps.

    name        of the rule
    finding     what is reported; several rules may report the same
    condition   a pure function of a window, a context and the thresholds: a Symptom where it holds, else None
    thresholds  by name
    when        the condition in words, {threshold} where one stands
    needs       signals without which it does not hold
    meaning     one sentence for people
    remedy      what helps, or a function of the context that says it
    probes      how many in a row it must hold for; 0: it is decided before the first step
    share       and for which share of the steps so far: what passes by itself is no finding
    fallback    it holds only while nothing else is found
    """

    name: str
    finding: str
    condition: Condition
    thresholds: Mapping[str, float]
    when: str
    needs: tuple[str, ...]
    meaning: str
    remedy: Remedy | Callable[[TrainingContext], Remedy]
    probes: int
    share: float
    fallback: bool

    def check(self, window: Window, context: TrainingContext) -> Symptom | None:
        """The symptom at the end of a window, or None."""
        return self.condition(window, context, **self.thresholds)

    def remedy_for(self, context: TrainingContext) -> Remedy:
        """What helps this training, with options that it has."""
        remedy = self.remedy if isinstance(self.remedy, Remedy) else self.remedy(context)
        return applicable(remedy, context)

    @property
    def described(self) -> str:
        """The condition in words, thresholds filled in."""
        return self.when.format(**self.thresholds)


RULES: Registry[Rule] = Registry("rule")


def rule(
    name: str,
    *,
    when: str,
    remedy: Remedy | Callable[[TrainingContext], Remedy],
    needs: tuple[str, ...] = (),
    finding: str | None = None,
    probes: int = 6,
    share: float = 0.2,
    fallback: bool = False,
) -> Callable[[Condition], Rule]:
    """Register a condition as a rule, behind those that are there: causes before effects.

    The condition's keyword-only arguments are its thresholds, and the first paragraph of its docstring says what the
    finding means. finding: what is reported, the rule's name if not given; the others as in `Rule`.

    Raises UserError where another module has the name, the docstring is missing, or `when` names other thresholds.
    """

    def register(condition: Condition) -> Rule:
        arguments = signature(condition).parameters.values()
        thresholds = {each.name: each.default for each in arguments if each.kind is Parameter.KEYWORD_ONLY}
        meaning = " ".join((getdoc(condition) or "").partition("\n\n")[0].split())
        if not meaning:
            raise UserError(f"The rule {name!r} needs a docstring that says what its finding means.")
        made = Rule(name, finding or name, condition, thresholds, when, needs, meaning, remedy, probes, share, fallback)
        try:
            _ = made.described
        except (KeyError, IndexError, ValueError) as error:
            raise UserError(f"`when` of the rule {name!r} should name its thresholds, {list(thresholds)}.") from error
        return RULES.add(name, made, module=condition.__module__, summary=meaning)

    return register


def finding_names() -> list[str]:
    """What can be found, causes before effects."""
    return list(dict.fromkeys(each.finding for each in RULES.values()))
