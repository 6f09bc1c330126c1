"""What goes wrong because of what the user gave, told in one line."""


class InputError(ValueError):
    """Bad input. The message is one line that names what is wrong and how to mend it.

    The command line prints it and exits with 2; Python users catch it as a ``ValueError``.
    """


class MissingExtraError(InputError, ImportError):
    """A library of an optional extra is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs the extra '{extra}': pip install 'sdscm[{extra}]'")
        self.extra = extra
