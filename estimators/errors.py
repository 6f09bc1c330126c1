"""What goes wrong because of what the user gave, told in one line."""


class EstimatorError(ValueError):
    """Bad input to an estimator or to the registry; the message names what and how to mend it."""


class UnknownEstimatorError(EstimatorError, KeyError):
    """No estimator of that name is registered."""

    def __str__(self) -> str:
        return str(self.args[0])


class MissingExtraError(EstimatorError, ImportError):
    """The library behind an estimator is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs the extra '{extra}': pip install 'sdscm[{extra}]'")
        self.extra = extra


class PluginError(EstimatorError):
    """A plugin could not be loaded or made, or claims a name that is taken."""


def told(error: BaseException) -> str:
    """What an error is and says, in one line; it may say nothing, or fail at telling."""
    try:
        text = " ".join(str(error).split())
    # A stranger's code: telling may raise anything.
    except Exception:
        text = "its message cannot be shown"
    return f"{type(error).__name__}: {text}" if text else f"{type(error).__name__} without a text"
