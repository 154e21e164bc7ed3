"""What the diagnosis says of a run: its `verdict` events, each of which holds until the next. No torch."""

from collections.abc import Iterable, Mapping
from typing import Any

HEALTHY = "healthy"


def verdicts(events: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """[{verdict, began, until, healthy}], by step; until: None for the one that holds now.

    All that the studio knows of the diagnosis comes through here.
    """
    said = [event for event in events if event.get("event") == "verdict" and _is_step(event.get("step"))]
    ends = [event["step"] for event in said[1:]] + [None]
    return [
        {
            "verdict": str(event.get("verdict", "")),
            "began": event["step"],
            "until": end,
            "healthy": event.get("verdict") == HEALTHY,
        }
        for event, end in zip(said, ends, strict=False)
    ]


def _is_step(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
