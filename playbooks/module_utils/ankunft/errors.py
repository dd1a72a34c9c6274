"""How an account's work can end badly: somebody said no, or it could not be tried."""


class RefusedError(Exception):
    """The host's state or the job forbids it; a repetition will not help. The message names thing and repair."""


class UnavailableError(Exception):
    """It could not be tried, because a service of the host did not answer; a repetition may help."""
