"""Define errors of user input, with messages of one line."""


class InputError(ValueError):
    """Bad input. The message is one line that names the problem and the fix.

    The command line prints it and exits with 2; in Python it is a ``ValueError``.

    Examples
    --------
    >>> try:
    ...     sdscm.load_spec("hedache.yaml")
    ... except sdscm.InputError as error:
    ...     print(str(error).partition(";")[0])
    hedache.yaml: no such file or scenario
    """


class MissingExtraError(InputError, ImportError):
    """A library of an optional extra is not installed.

    Examples
    --------
    >>> raise sdscm.MissingExtraError("the picture", "plot")
    Traceback (most recent call last):
        ...
    sdscm.errors.MissingExtraError: the picture needs the extra 'plot': pip install 'sdscm[plot]'
    """

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs the extra '{extra}': pip install 'sdscm[{extra}]'")
        self.extra = extra
