"""ganatomy options"""


def options() -> None:
    """List every option that --set can change: type, default and meaning."""
    from ganatomy.config.settings import option_table

    print(option_table())
