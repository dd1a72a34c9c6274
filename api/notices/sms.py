"""Short messages, by whichever gateway the settings name (an apprise URL with {phone})."""

from __future__ import annotations

from urllib.parse import quote

from apprise import Apprise

from api.notices.mail import NotNowError


async def send(text: str, phone: str, url: str) -> None:
    """Hand *text* for *phone* to the gateway.

    Raises:
        NotNowError: no gateway took it.
    """
    gateway = Apprise()
    if not url or not gateway.add(url.replace("{phone}", quote(phone, safe=""))):
        raise NotNowError("[sms] url is no URL that apprise knows")
    if not await gateway.async_notify(body=text):
        raise NotNowError("the gateway did not take it")
