"""What the risk check keeps: its results, for good; digests that count repetitions, for a while; the blocklist.

Results name nobody. Digests are HMACs under the master key: who has the database alone cannot try numbers against them.
"""

from __future__ import annotations

from piccolo.columns import JSON, ForeignKey, Integer, OnDelete, Serial, Text, Timestamptz, Varchar
from piccolo.table import Table

from api.piccolo_conf import DB
from api.tables import Order


class RiskAssessment(Table, db=DB, tablename="risk_assessment"):
    """One check of one order; never changed."""

    id: Serial
    order = ForeignKey(Order, on_delete=OnDelete.restrict)
    at = Timestamptz(default=None)
    #: Version and digest of the rules that were applied.
    ruleset = Varchar(32)
    ruleset_digest = Varchar(16)
    points = Integer()
    #: sms, contract, review or refuse.
    outcome = Varchar(16)
    #: All facts that were known (`api.riskfacts`), so that other rules can be tried on them.
    facts = JSON(default="{}")
    #: Sources that were asked in vain, or are not set: they gave no points.
    notes = JSON(default="[]")


class RiskResult(Table, db=DB, tablename="risk_result"):
    """One rule that fitted in a check; never changed."""

    id: Serial
    assessment = ForeignKey(RiskAssessment, on_delete=OnDelete.restrict)
    order = ForeignKey(Order, on_delete=OnDelete.restrict)
    rule = Varchar(48)
    ruleset = Varchar(32)
    points = Integer()
    #: What the rule forced, if it forces something.
    outcome = Varchar(16, null=True, default=None)
    fact = Varchar(48)
    #: JSON of the fact's value: a number, a kind, a country, yes or no.
    value = Varchar(64)
    #: The rule's text as it read then.
    text_de = Text()
    text_en = Text()


class RiskTrace(Table, db=DB, tablename="risk_trace"):
    """That an order came from a network, or with a mail address, telephone or bank account: the digest alone."""

    id: Serial
    order = ForeignKey(Order, on_delete=OnDelete.restrict)
    #: network, mail, phone, iban.
    kind = Varchar(16)
    digest = Varchar(64)
    #: When it was first looked at with that.
    at = Timestamptz(default=None)


class RiskBlock(Table, db=DB, tablename="risk_block"):
    """Something that staff want no orders from; only its digest is kept."""

    id: Serial
    #: network, mail, mail_domain, phone, iban.
    kind = Varchar(16)
    digest = Varchar(64)
    #: Why, in the words of staff, without personal data.
    reason = Text()
    actor = Varchar(80)
    at = Timestamptz(default=None)
