"""ganatomy doctor"""


def doctor() -> None:
    """Check this machine: versions, devices, speed of its matrix units, extras, cache.

    ganatomy doctor
    """
    from ganatomy.system.machine import doctor as examine
    from ganatomy.system.terminal import show

    show(examine())
