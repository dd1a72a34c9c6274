"""What can go wrong with a lab, in words for the person at the terminal."""


class LabError(Exception):
    """The lab cannot go on; the message names the thing and the repair."""
