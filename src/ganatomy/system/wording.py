"""Numbers as text for people."""


def duration(seconds: float | None) -> str:
    """Seconds as text: 48 s, 3 min 20 s, 2 h 05 min."""
    if seconds is None:
        return "?"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, seconds = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {seconds:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"
