"""The way most would write it: FastAPI, pydantic and SQLAlchemy's asynchronous ORM, on the same tables."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from hashlib import sha256
from secrets import token_hex
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Header, Response
from pydantic import BaseModel, ConfigDict
from sqlalchemy import BigInteger, DateTime, ForeignKey, Integer, String, Text, select
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Form(BaseModel):
    """A part of the body."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Applicant(Form):
    """Who orders."""

    kind: Literal["consumer", "business", "public_body"]
    company: str | None = None
    given_name: str
    family_name: str
    street: str
    postal_code: str
    city: str
    country: str
    email: str
    phone: str
    vat_id: str | None = None


class Payment(Form):
    """How it is paid."""

    method: Literal["sepa_debit", "invoice"]
    iban: str | None = None
    account_holder: str | None = None


class Domain(Form):
    """A domain."""

    name: str
    action: Literal["register", "transfer"]
    auth_code: str | None = None


class Body(Form):
    """An order."""

    tariff: str
    billing_interval_months: Literal[1, 3, 6, 12]
    language: Literal["de", "en"]
    accept_terms: bool
    password: str
    customer: Applicant
    payment: Payment
    domains: list[Domain]


class Base(DeclarativeBase):
    """Of the tables."""


class Order(Base):
    """The order's row."""

    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    cart_id: Mapped[str] = mapped_column(String)
    idempotency_key: Mapped[str] = mapped_column(String)
    body_digest: Mapped[str] = mapped_column(String)
    state: Mapped[str] = mapped_column(String)
    tariff: Mapped[str] = mapped_column(String)
    tariff_version: Mapped[int] = mapped_column(Integer)
    billing_interval_months: Mapped[int] = mapped_column(Integer)
    language: Mapped[str] = mapped_column(String)
    terms_version: Mapped[str] = mapped_column(String)
    terms_accepted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    applicant: Mapped[Any] = mapped_column(JSON)
    search_text: Mapped[str] = mapped_column(Text)
    password_hash: Mapped[str] = mapped_column(String)
    offered: Mapped[Any] = mapped_column(JSON)
    client_ip: Mapped[str] = mapped_column(String)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class OrderDomain(Base):
    """A domain's row."""

    __tablename__ = "order_domain"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    order: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    position: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(String)
    action: Mapped[str] = mapped_column(String)
    state: Mapped[str] = mapped_column(String)
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Journal(Base):
    """A journal row."""

    __tablename__ = "journal"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    order: Mapped[int] = mapped_column(BigInteger)
    subject: Mapped[str] = mapped_column(String)
    subject_id: Mapped[str] = mapped_column(String)
    event: Mapped[str] = mapped_column(String)
    state_after: Mapped[str] = mapped_column(String)
    actor: Mapped[str] = mapped_column(String)
    facts: Mapped[Any] = mapped_column(JSON)
    public: Mapped[bool]


class Outbox(Base):
    """A mail to be sent."""

    __tablename__ = "outbox"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    order: Mapped[int] = mapped_column(BigInteger)
    journal: Mapped[int] = mapped_column(BigInteger)
    channel: Mapped[str] = mapped_column(String)
    kind: Mapped[str] = mapped_column(String)
    recipient: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String)
    message_id: Mapped[str] = mapped_column(String)
    context: Mapped[Any] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String)
    tries: Mapped[int] = mapped_column(Integer)
    not_before: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


def app(url: str) -> FastAPI:
    """Return the application for the PostgreSQL database at *url*."""
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"), pool_size=20, max_overflow=0)
    sessions = async_sessionmaker(engine, expire_on_commit=False)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await engine.dispose()

    made = FastAPI(lifespan=lifespan)

    @made.post("/api/v1/orders", status_code=202)
    async def place(body: Body, idempotency_key: Annotated[str, Header()], response: Response) -> dict[str, str]:
        del response
        async with sessions() as session, session.begin():
            digest = sha256(idempotency_key.encode()).hexdigest()
            known = await session.scalar(select(Order).where(Order.idempotency_key == digest))
            cart = known.cart_id if known else await store(session, body, digest)
        return {"cart_id": cart, "token": token_hex(16), "state": "SUBMITTED", "status_url": "/"}

    return made


async def store(session: AsyncSession, body: Body, digest: str) -> str:
    """Write all rows of the order; return its cart ID."""
    now, who = datetime.now(UTC), body.customer
    applicant = who.model_dump() | body.payment.model_dump()
    order = Order(
        cart_id=token_hex(5), idempotency_key=digest, body_digest=sha256(json.dumps(applicant).encode()).hexdigest(),
        state="SUBMITTED", tariff=body.tariff, tariff_version=1, billing_interval_months=body.billing_interval_months,
        language=body.language, terms_version="2026-11-01", terms_accepted_at=now, applicant=applicant,
        search_text=f"{who.given_name} {who.family_name} {who.email}".casefold(), password_hash="$6$", offered=[],
        client_ip="127.0.0.1", created_at=now,
    )  # fmt: skip
    session.add(order)
    await session.flush()
    session.add_all(
        OrderDomain(
            order=order.id, position=position, name=domain.name, action=domain.action, state="REQUESTED", changed_at=now
        )
        for position, domain in enumerate(body.domains)
    )
    row = Journal(
        at=now, order=order.id, subject="order", subject_id=str(order.id), event="SUBMITTED", state_after="SUBMITTED",
        actor="customer", facts={"tariff": body.tariff}, public=True,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    session.add(Outbox(
        order=order.id, journal=row.id, channel="mail", kind="order_received", recipient=who.email,
        language=body.language, message_id=token_hex(16), context={}, state="QUEUED", tries=0, not_before=now,
        created_at=now,
    ))  # fmt: skip
    return order.cart_id
