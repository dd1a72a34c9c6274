"""Whether an order can be meant: everything that is cheap to ask, before the password is hashed and anything stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import msgspec

from api.answers import FieldError, FieldsError
from api.catalogue import Catalogue, Tariff
from api.intake import names, person
from api.intake.form import Applicant, Choice, OrderedDomain, OrderForm, Payment
from api.intake.password import weakness
from api.intake.risk.oddity import WEB_ADDRESS
from api.registries import AuthCodes, registry_of

T = TypeVar("T")


class CheckedDomain(NamedTuple):
    """A domain that can be ordered."""

    #: A-label.
    name: str
    action: str
    auth_code: str | None


class Checked(NamedTuple):
    """An order that can be meant, in the spelling that is stored."""

    tariff: Tariff
    #: None for a known customer.
    applicant: Applicant | None
    #: None for a known customer, whose stays as it is.
    payment: Payment | None
    domains: list[CheckedDomain]


class Findings:
    """What is wrong, gathered so that everything is said at once."""

    def __init__(self) -> None:
        self.errors: list[FieldError] = []

    def note(self, field: str, message: str) -> None:
        """Add one finding."""
        self.errors.append(FieldError(field, message))

    def ask(self, field: str, question: Callable[[], T], instead: T) -> T:
        """Return the answer to *question*; note a refusal under *field* and go on with *instead*."""
        try:
            return question()
        except (person.ImplausibleError, names.NameRefusedError) as refusal:
            self.note(field, str(refusal))
            return instead


def check(form: Choice, catalogue: Catalogue) -> Checked:
    """Return what *form* means.

    Raises:
        FieldsError: with every field that is wrong.
    """
    findings = Findings()
    tariff = catalogue.tariffs.get(form.tariff)
    if tariff is None or not tariff.offered:
        findings.note("tariff", "is no tariff on offer; GET /api/v1/tariffs lists them")
    elif form.billing_interval_months not in tariff.billing_intervals_months:
        findings.note("billing_interval_months", "is not on offer for this tariff")
    elif form.tariff_version not in {None, tariff.version}:
        findings.note("tariff_version", "is not on offer any more; GET /api/v1/tariffs has today's price")
    if form.terms_version not in {None, catalogue.terms_version}:
        findings.note("terms_version", "is not in force any more; show today's terms")
    if not form.accept_terms:
        findings.note("accept_terms", "without the terms there is no contract")
    applicant = _applicant(form.customer, findings) if isinstance(form, OrderForm) else None
    payment = _payment(form.payment, applicant, findings) if isinstance(form, OrderForm) else None
    domains = _domains(form.domains, catalogue, tariff, findings)
    if weak := weakness(form.password, _own_words(applicant, domains)):
        findings.note("password", weak)
    if findings.errors or tariff is None:
        raise FieldsError(*findings.errors)
    return Checked(tariff, applicant, payment, domains)


def _applicant(said: Applicant, findings: Findings) -> Applicant:
    for name in ("company", "given_name", "family_name", "street", "postal_code", "city"):
        text = getattr(said, name)
        if text is not None and not text.strip():
            findings.note(f"customer.{name}", "is empty")
    for name in ("given_name", "family_name"):
        if WEB_ADDRESS.search(getattr(said, name)):
            findings.note(f"customer.{name}", "is a web address, not a name")
    if said.kind != "consumer" and said.company is None:
        findings.note("customer.company", "has to be named where no consumer orders")
    country = findings.ask("customer.country", lambda: person.country(said.country), "")
    code, given = said.postal_code, said.vat_id
    if country:
        code = findings.ask("customer.postal_code", lambda: person.postal_code(said.postal_code, country), code)
    return msgspec.structs.replace(
        said,
        postal_code=code,
        email=findings.ask("customer.email", lambda: person.email(said.email), said.email),
        phone=findings.ask("customer.phone", lambda: person.phone(said.phone), said.phone),
        vat_id=None if given is None else findings.ask("customer.vat_id", lambda: person.vat_id(given), given),
    )


def _payment(said: Payment, applicant: Applicant | None, findings: Findings) -> Payment:
    if said.method == "invoice":
        if applicant is not None and applicant.kind != "public_body":
            findings.note("payment.method", "invoice is for public bodies only")
        return msgspec.structs.replace(said, iban=None, account_holder=None)
    if said.account_holder is None or not said.account_holder.strip():
        findings.note("payment.account_holder", "is needed for a direct debit")
    given = said.iban
    if given is None:
        findings.note("payment.iban", "is needed for a direct debit")
        return said
    return msgspec.structs.replace(said, iban=findings.ask("payment.iban", lambda: person.iban(given), given))


def _domains(
    ordered: list[OrderedDomain], catalogue: Catalogue, tariff: Tariff | None, findings: Findings
) -> list[CheckedDomain]:
    checked: list[CheckedDomain] = []
    if tariff is not None and len(ordered) > tariff.domains:
        findings.note("domains", f"this tariff holds {tariff.domains} at most")
    for position, domain in enumerate(ordered):
        field = f"domains.{position}"
        name = findings.ask(f"{field}.name", lambda said=domain: names.order_name(said.name, catalogue.letters), "")  # type: ignore[misc]  # bound at once
        if name and name in {other.name for other in checked}:
            findings.note(f"{field}.name", "is ordered twice here")
        _auth_code(domain, registry_of(name, catalogue.registries).auth_code, field, findings)
        checked.append(CheckedDomain(name, domain.action, domain.auth_code))
    return checked


def _auth_code(domain: OrderedDomain, codes: AuthCodes, field: str, findings: Findings) -> None:
    if domain.action == "register":
        if domain.auth_code is not None:
            findings.note(f"{field}.auth_code", "belongs to a transfer; a registration has none")
    elif domain.auth_code is None:
        findings.note(f"{field}.auth_code", "is needed for a transfer; the present registrar gives it out")
    elif not codes.take(domain.auth_code):
        findings.note(f"{field}.auth_code", f"has to be {codes.said}")


def _own_words(applicant: Applicant | None, domains: list[CheckedDomain]) -> list[str]:
    own = [name for domain in domains for name in (domain.name, names.spoken(domain.name), domain.name.split(".")[0])]
    if applicant is not None:
        full_name = f"{applicant.given_name} {applicant.family_name}"
        own += [applicant.email, applicant.phone, full_name, full_name.replace(" ", ""), applicant.company or ""]
    return own


def known(said: Applicant, paid: Payment) -> tuple[Applicant, Payment]:
    """Return what is said of a known customer, in the spelling that is stored.

    Raises:
        FieldsError: with every field that is wrong.
    """
    findings = Findings()
    applicant, payment = _applicant(said, findings), _payment(paid, said, findings)
    if findings.errors or payment is None:
        raise FieldsError(*findings.errors)
    return applicant, payment
