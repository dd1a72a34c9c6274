"""The invoice as data: EN 16931 in the syntax Cross Industry Invoice, written from a statement.

Comments name the business terms (BT) of the standard. Nothing is computed here: a wrong sum comes out wrong, and the
checks find it.
"""

from __future__ import annotations

from decimal import Decimal

from drafthorse.models.accounting import ApplicableTradeTax
from drafthorse.models.document import Document
from drafthorse.models.note import IncludedNote
from drafthorse.models.party import TaxRegistration, TradeParty
from drafthorse.models.payment import PaymentMeans, PaymentTerms
from drafthorse.models.trade import TradeAgreement, TradeSettlement
from drafthorse.models.tradelines import LineItem

from api.billing.documents import words
from api.billing.statement import Line, Party, Statement, VatGroup

EN16931 = "urn:cen.eu:en16931:2017"
XRECHNUNG = f"{EN16931}#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0"
BILLING = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"

TYPE = {"invoice": "380", "credit_note": "381"}
DEBIT, TRANSFER, SET_OFF = "59", "58", "97"
NOT_SUBJECT = "O"
REASON_CODES = {"AE": "VATEX-EU-AE", "O": "VATEX-EU-O"}


def is_xrechnung(statement: Statement) -> bool:
    """Return whether the buyer is a public body that wants an XRechnung: it has told its Leitweg-ID."""
    return statement.buyer_reference is not None


def write(statement: Statement) -> bytes:
    """Return *statement* as XML in UTF-8.

    Raises:
        lxml.etree.XMLSyntaxError: a text holds a character that XML cannot.
    """
    document = Document()
    document.context.guideline_parameter.id = XRECHNUNG if is_xrechnung(statement) else EN16931  # BT-24
    if is_xrechnung(statement):
        document.context.business_parameter.id = BILLING  # BT-23
    document.header.id = statement.number  # BT-1
    document.header.type_code = TYPE[statement.kind]  # BT-3
    document.header.issue_date_time = statement.issued_on  # BT-2
    _note(document, statement)
    _agree(document.trade.agreement, statement)
    document.trade.delivery.ship_to.name = statement.buyer.name  # BT-70; the element must not be empty
    _settle(document.trade.settlement, statement)
    for line in statement.lines:
        document.trade.items.add(_item(line))
    written: bytes = document.serialize(schema=None)
    return written


def _note(document: Document, statement: Statement) -> None:
    if statement.seller.legal:
        legal = IncludedNote()
        legal.content, legal.subject_code = statement.seller.legal, "REG"  # BT-22, BT-21
        document.header.notes.add(legal)


def _agree(agreement: TradeAgreement, statement: Statement) -> None:
    seller, buyer = statement.seller, statement.buyer
    with_vat_ids = all(group.category != NOT_SUBJECT for group in statement.vat)  # BR-O-02
    agreement.buyer_reference = statement.buyer_reference or str(buyer.number)  # BT-10
    _party(agreement.seller, seller)
    agreement.seller.contact.person_name = seller.contact or seller.name  # BT-41
    agreement.seller.contact.telephone.number = seller.phone  # BT-42
    agreement.seller.contact.email.address = seller.email  # BT-43
    if seller.tax_number:
        agreement.seller.tax_registrations.add(TaxRegistration(id=("FC", seller.tax_number)))  # BT-32
    if not seller.vat_id or not with_vat_ids:
        agreement.seller.id = seller.tax_number or seller.creditor_id  # BT-29: something has to identify (BR-CO-26)
    else:
        agreement.seller.tax_registrations.add(TaxRegistration(id=("VA", seller.vat_id)))  # BT-31
    agreement.buyer.id = str(buyer.number)  # BT-46
    _party(agreement.buyer, buyer)
    if buyer.contact:
        agreement.buyer.contact.person_name = buyer.contact  # BT-56
    if buyer.vat_id and with_vat_ids:
        agreement.buyer.tax_registrations.add(TaxRegistration(id=("VA", buyer.vat_id)))  # BT-48


def _party(there: TradeParty, party: Party) -> None:
    there.name = party.name  # BT-27, BT-44
    there.address.line_one = party.street  # BT-35, BT-50
    there.address.postcode = party.postal_code  # BT-38, BT-53
    there.address.city_name = party.city  # BT-37, BT-52
    there.address.country_id = party.country  # BT-40, BT-55
    there.electronic_address.uri_ID = ("EM", party.email)  # BT-34, BT-49


def _settle(settlement: TradeSettlement, statement: Statement) -> None:
    settlement.currency_code = statement.currency  # BT-5
    settlement.payment_reference = statement.number  # BT-83
    settlement.period.start = min(line.period_start for line in statement.lines)  # BT-73
    settlement.period.end = max(line.period_end for line in statement.lines)  # BT-74
    _pay(settlement, statement)
    for group in statement.vat:
        settlement.trade_tax.add(_vat(group))
    if statement.corrects:
        settlement.invoice_referenced_document.issuer_assigned_id = statement.corrects  # BT-25
    total = settlement.monetary_summation
    total.line_total = euros(statement.net_cents)  # BT-106
    total.charge_total = total.allowance_total = Decimal("0.00")  # BT-108, BT-107
    total.tax_basis_total = euros(statement.net_cents)  # BT-109
    total.tax_total = (euros(statement.tax_cents), statement.currency)  # BT-110
    total.grand_total = euros(statement.gross_cents)  # BT-112
    total.due_amount = euros(statement.gross_cents)  # BT-115


def _pay(settlement: TradeSettlement, statement: Statement) -> None:
    means, terms = PaymentMeans(), PaymentTerms()
    if statement.kind == "credit_note":
        means.type_code = SET_OFF  # BT-81
    elif statement.payment == "sepa_debit" and statement.mandate:
        means.type_code = DEBIT
        settlement.creditor_reference_id = statement.seller.creditor_id  # BT-90
        means.payer_account.iban = statement.mandate.iban.replace(" ", "")  # BT-91
        terms.debit_mandate_id = statement.mandate.reference  # BT-89
    else:
        means.type_code = TRANSFER
        means.payee_account.iban = statement.seller.iban  # BT-84
        means.payee_account.account_name = statement.seller.name  # BT-85
        if statement.seller.bic:
            means.payee_institution.bic = statement.seller.bic  # BT-86
    settlement.payment_means.add(means)
    terms.description = words.payment(statement)  # BT-20
    terms.due = statement.due_on  # BT-9
    settlement.terms.add(terms)


def _vat(group: VatGroup) -> ApplicableTradeTax:
    tax = ApplicableTradeTax()
    tax.calculated_amount = euros(group.tax_cents)  # BT-117
    tax.type_code = "VAT"
    if group.exemption_reason:
        tax.exemption_reason = group.exemption_reason  # BT-120
    tax.basis_amount = euros(group.basis_cents)  # BT-116
    tax.category_code = group.category  # BT-118
    if group.category in REASON_CODES:
        tax.exemption_reason_code = REASON_CODES[group.category]  # BT-121
    tax.rate_applicable_percent = group.percent  # BT-119
    return tax


def _item(line: Line) -> LineItem:
    item = LineItem()
    item.document.line_id = str(line.position)  # BT-126
    item.product.name = line.description  # BT-153
    sign = -1 if line.net_price_cents < 0 else 1  # a price is never negative (BR-27), a quantity may be
    item.agreement.net.amount = euros(sign * line.net_price_cents)  # BT-146
    item.agreement.net.basis_quantity = (Decimal(1), line.unit_code)  # BT-149
    item.delivery.billed_quantity = (sign * line.quantity, line.unit_code)  # BT-129, BT-130
    item.settlement.trade_tax.type_code = "VAT"
    item.settlement.trade_tax.category_code = line.tax_category  # BT-151
    if line.tax_category != NOT_SUBJECT:  # no rate, not even zero (BR-O-05)
        item.settlement.trade_tax.rate_applicable_percent = line.tax_percent  # BT-152
    item.settlement.period.start = line.period_start  # BT-134
    item.settlement.period.end = line.period_end  # BT-135
    item.settlement.monetary_summation.total_amount = euros(line.net_cents)  # BT-131
    return item


def euros(cents: int | Decimal) -> Decimal:
    """Return *cents* as euros: two decimals, more where there are parts of a cent."""
    return Decimal(cents).scaleb(-2)
