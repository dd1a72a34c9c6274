"""Short messages, by whichever gateway the settings name (an apprise URL with {phone})."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

from apprise import Apprise

from api.notices.mail import NotNowError

BUDGET = "sms"
"""What the day's messages are counted as (`api.allowances`), by whoever orders them and for each further try."""
MOST_TRIES = 3
"""A gateway that took a message and lost its answer is paid for it; so each further try may be a message more."""
ANSWERS_WITHIN_S = 20.0
"""For the gateway's answer; apprise's own four seconds are short for one that waits for the network."""


async def send(text: str, phone: str, url: str) -> None:
    """Hand *text* for *phone* to the gateway.

    Raises:
        NotNowError: no gateway took it.
    """
    filled = url.replace("{phone}", quote(phone, safe=""))
    if not filled or not await asyncio.to_thread(_hand_over, text, filled):
        raise NotNowError("the gateway did not take it; is [sms] url right, and does the gateway answer?")


def _hand_over(text: str, url: str) -> bool:
    """Send *text* from a thread: the first call loads all of apprise's gateways, each waits for its answer."""
    gateway, gateways = Apprise.instantiate(url), Apprise()
    if gateway is None:
        return False
    gateway.socket_read_timeout = max(gateway.socket_read_timeout, ANSWERS_WITHIN_S)
    return bool(gateways.add(gateway)) and bool(gateways.notify(body=text))
