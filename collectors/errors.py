"""The tree of errors that collectors raise; each is a state on the screen, never a crash."""

from collectors.text import Shown, shown


class QuarterdeckError(Exception):
    """Root of all our errors: a sentence on what went wrong and one on the remedy."""

    def __init__(self, why: object, hint: object = "") -> None:
        self.why: Shown = shown(why)
        self.hint: Shown = shown(hint)
        super().__init__(str(self.why))


class SourceError(QuarterdeckError):
    """The source could not be read; ``retryable`` errors are backed off and tried again."""

    retryable = True


class UnreachableError(SourceError):
    """Refused, reset, no route, unknown name: nobody is there."""


class TimedOutError(SourceError):
    """No whole answer within the deadline."""


class AccessError(SourceError):
    """Credentials or rights are missing or wrong."""


class AnswerError(SourceError):
    """An answer came that cannot be understood."""


class UnsupportedError(SourceError):
    """The source is of a kind that this adapter cannot read; trying again will not help."""

    retryable = False


class OptionsError(QuarterdeckError):
    """An adapter's options contradict each other."""
