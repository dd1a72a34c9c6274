"""Short messages, by whichever gateway the settings name (an apprise URL with {phone})."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

from apprise import Apprise

from api.notices.mail import NotNowError


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
    gateway = Apprise()
    return bool(gateway.add(url)) and bool(gateway.notify(body=text))
