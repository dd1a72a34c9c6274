"""All facts of an order: what it says, what our records know, what others answer; the slow ones at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from api.equipment import Equipment
from api.intake.risk import digests, known, said
from api.intake.risk.case import Case
from api.intake.risk.sources import NO_ANSWER, NOT_SET, Asking, Sources
from api.intake.risk.verdict import Gathered
from api.riskfacts import Facts


async def gather(equipment: Equipment, case: Case, sources: Sources) -> Gathered:
    """Return the facts of *case*. Takes no longer than its slowest source may take."""
    asking = Asking(sources.timeout_s)
    found = said.said(equipment, case)
    alike = digests.digests_of(equipment.seal, case)
    customers = await known.customers_alike(case, alike)
    found |= await known.known(case, alike, digests.unwanted_of(equipment.seal, case), customers)
    found |= _ip_country(case, sources, asking)
    mail, vat, unpaid, names = await asyncio.gather(
        asking.ask("mail_domain", sources.mail_domain, None if found["mail_disposable"] else said.mail_domain(case)),
        asking.ask("vat_id", sources.vat_id, said.asked_of_vies(case.who)),
        asking.ask("unpaid", sources.unpaid, customers or None),
        _names(case, sources, asking),
    )
    found |= {"mail_domain": mail, "vat_id_given_out": vat, "unpaid_before": unpaid, **names}
    return Gathered(Facts(**found), sorted(asking.notes))


def _ip_country(case: Case, sources: Sources, asking: Asking) -> dict[str, Any]:
    if case.client_ip is None:
        return {}
    if sources.ip_country is None:
        asking.note("ip_country", NOT_SET)
        return {}
    try:
        country = sources.ip_country(case.client_ip)
    except ValueError:  # the file holds no addresses of this kind
        asking.note("ip_country", NO_ANSWER)
        return {}
    return {
        "ip_country": country,
        "ip_country_differs": None if country is None else country != case.who["country"],
    }


async def _names(case: Case, sources: Sources, asking: Asking) -> Mapping[str, int | None]:
    """Return how many names are taken, and how many transfers nobody can make; null where nobody knew of any."""
    answers = await asyncio.gather(
        *(asking.ask("availability", sources.availability, name.name) for name in case.names)
    )
    said_so = [(name.action, str(answer)) for name, answer in zip(case.names, answers, strict=True) if answer]
    if any(answer == "unknown" for _, answer in said_so):
        asking.note("availability", "unknown")
    if not any(answer != "unknown" for _, answer in said_so):
        return {}
    return {
        "names_taken": said_so.count(("register", "taken")),
        "names_nobody_holds": said_so.count(("transfer", "available")),
    }
