"""An invented order, for looking at a mail before anybody gets it: a value for every name that any template uses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from typing import Any

from babel.dates import format_date
from babel.numbers import format_currency

from api import settings
from api.lifecycle import DomainState
from api.notices import facts
from api.provisioning.view import AccountView, Address, Database, Mail, Sftp
from api.shop.page import DomainLine

PAYMENT = {
    "de": "Wir buchen {price} am {day} per SEPA-Lastschrift von Ihrem Konto •••• 2051 ab.",
    "en": "We will collect {price} on {day} by SEPA direct debit from your account •••• 2051.",
}
OTHERWISE = {"staff_registry": {"name": "xn--beispiel-shne-rmb.de"}}
"""What single kinds call by a name that means something else in all others."""

CART, TOKEN = "7K3M-P9TA-4", "further_00112233445566778899aabbccddeeff"
SINCE = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def sample(here: settings.Settings, language: str, kind: str = "") -> dict[str, Any]:
    """Return what an invented order says in letters of *kind*: everything that any of them names."""
    domain = DomainLine("xn--beispiel-shne-rmb.de", "beispiel-söhne.de", "register", DomainState.REGISTERED, SINCE)
    link = here.http.further_order_url if kind == "further_order" else here.http.order_page_url
    zone, price = here.hosting.zone, format_currency(3.99, "EUR", locale=language)
    return {
        "sender": parseaddr(here.mail.sender)[0] or here.mail.sender,
        "public_url": here.http.public_url,
        "cart_id": CART,
        "order_number": 500001,
        "customer_number": 100001,
        "name": "Jürgen O'Brien",
        "phone_end": "78",
        "state": "ACTIVE",
        "tariff": "Start",
        "interval_months": 1,
        "price": price,
        "terms_version": "2026-11-01",
        "domains": [domain],
        "account": AccountView(
            name="a1001",
            hosts={"web": "192.0.2.11", "database": "192.0.2.11", "mail": "192.0.2.11"},
            sftp=Sftp("192.0.2.11", here.hosting.sftp_port, "a1001"),
            database=Database("localhost", "a1001", "a1001"),
            mail=Mail(Address("192.0.2.11", 143), Address("192.0.2.11", 587), f"postmaster@a1001.{zone}"),
            web=[f"http://{domain.name}", f"http://a1001.{zone}"],
        ),
        "offered": ["sms", "contract"],
        "expires_at": facts.moment(SINCE + timedelta(days=14), language, here.seller.time_zone),
        "domain": domain,
        "status": DomainState.REGISTERED,
        "reason": None,
        "until": None,
        "registry": "de",
        "message": "12345",
        "problem": "cannot change the zone: PowerDNS answers 500",
        "what": "job_parked",
        "number": 12,
        "channel": "fax",
        "note": "no mark of ours can be read on it",
        "why": "Die Unterschrift fehlt." if language == "de" else "The signature is missing.",
        "host": "web1",
        "token": TOKEN,
        "link": link.replace("{token}", TOKEN).replace("{cart_id}", CART),
        "minutes": 30,
        "kept_mib": 1740,
        "most_mib": 2048,
        "messages": 500,
        "risk_rule": "network_flood",
        "risk_text": "A flood of orders from the same network",
        "waiting": 2,
        "hours": 24,
        "carts": [CART, "8N4P-Q2UB-X"],
        "code": "123456",
        "invoice": "R700001",
        "rules": "BR-DE-8",
        "amount": price,
        "issued": format_date(SINCE, "long", language),
        "payment": PAYMENT[language].format(price=price, day=format_date(SINCE + timedelta(days=7), "long", language)),
        "corrects": "R700000",
        "iban": "DE89 3704 0044 0532 0130 00",
        "bic": "COBADEFFXXX",
        "holder": here.seller.name or "Beispiel Hosting GmbH",
    } | OTHERWISE.get(kind, {})
