"""What may be known of an order that names nobody: numbers, kinds, countries, yes and no.

So facts are kept beside each result, and changed rules can be tried on the orders of the past.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec

Value = bool | int | str


class Facts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of an order, naming nobody. What is not known, or does not apply, is null and fits no rule."""

    #: The check itself failed, so that a person has to look.
    check_failed: bool | None = None
    #: Ordered for a customer who has a number, by staff.
    customer_known: bool | None = None
    #: ISO 3166-1, of the address.
    country: str | None = None
    #: Gross, for the first billing interval.
    amount_cents: int | None = None
    domains: int | None = None
    #: sepa_debit or invoice.
    payment_method: str | None = None

    #: As the numbering plans name it, in small letters: mobile, fixed_line, premium_rate …; invalid if none has it.
    phone_type: str | None = None
    phone_country: str | None = None
    phone_country_differs: bool | None = None
    #: A gateway is set, and the number is a mobile one of an allowed country.
    sms_possible: bool | None = None

    #: An address service for a few minutes.
    mail_disposable: bool | None = None
    #: takes_mail, takes_none (no server, or a null MX), absent (no such domain).
    mail_domain: str | None = None
    #: The address is below a name that is registered by this very order: no mail reaches it yet.
    mail_at_ordered_name: bool | None = None

    iban_country: str | None = None
    iban_country_differs: bool | None = None
    #: The bank code is one that is in use.
    iban_bank_known: bool | None = None
    #: How alike account holder and customer are, 0 to 100.
    holder_likeness: int | None = None

    vat_id_country_differs: bool | None = None
    #: As VIES says it.
    vat_id_given_out: bool | None = None
    postal_code_fits: bool | None = None
    #: Why the name can hardly be meant: web_address, no_letters, repeated, keyboard, placeholder.
    name_oddity: str | None = None

    #: Other customers with the same mail address, telephone, bank account, or name and postal code.
    customers_alike: int | None = None
    #: One of them, or this one, left an invoice unpaid.
    unpaid_before: bool | None = None
    #: Names that earlier, open orders want as well.
    names_in_other_carts: int | None = None
    #: Names to be registered that somebody holds.
    names_taken: int | None = None
    #: Names to be transferred that nobody holds.
    names_nobody_holds: int | None = None

    #: Country of the client's address, where a database is set.
    ip_country: str | None = None
    ip_country_differs: bool | None = None
    #: Earlier orders from the same network (IPv4 /24, IPv6 /56).
    orders_of_network_hour: int | None = None
    orders_of_network_day: int | None = None
    orders_of_mail_day: int | None = None
    orders_of_phone_day: int | None = None
    orders_of_iban_day: int | None = None

    blocked_mail: bool | None = None
    blocked_mail_domain: bool | None = None
    blocked_phone: bool | None = None
    blocked_iban: bool | None = None
    blocked_network: bool | None = None

    #: From opening the form to sending it.
    filled_in_s: int | None = None
    #: A field that no person sees was filled in.
    trap_filled: bool | None = None


def _kind(hint: Any) -> type:
    """Return the one type beside None."""
    if get_origin(hint) in {Union, types.UnionType}:
        (kind,) = (part for part in get_args(hint) if part is not type(None))
        return kind  # type: ignore[no-any-return]  # a class
    raise TypeError("a fact may always be unknown")


KINDS: Mapping[str, type] = types.MappingProxyType({name: _kind(hint) for name, hint in get_type_hints(Facts).items()})
"""Fact → bool, int or str."""
