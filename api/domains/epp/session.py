"""A session with a registry: greeted, logged in, one command at a time, given up after any breach and built anew."""

from __future__ import annotations

import asyncio
import secrets
import ssl
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from api.domains.epp import reply as replies
from api.domains.epp.access import Account
from api.domains.epp.backoff import Backoff
from api.domains.epp.exchange import Exchange, Record, forget
from api.domains.epp.markup import CONTACT, DOMAIN, HOST, RGP, SECDNS, Element, UnreadableError, epp, read, written
from api.domains.epp.reply import Greeting, Reply
from api.domains.epp.wire import TornError, Wire, trust

SPOKEN_OBJECTS = (DOMAIN, CONTACT, HOST)
SPOKEN_EXTENSIONS = (SECDNS, RGP)


class UnreachableError(Exception):
    """There is no session, and nothing was sent."""


class LostError(Exception):
    """A command may have been carried out, or not: its answer did not come, or cannot be believed."""


class Session:
    """One session; whoever calls at the same time waits for its turn."""

    def __init__(self, account: Account, record: Record = forget) -> None:
        self._account = account
        self._record = record
        self._turn = asyncio.Lock()
        self._backoff = Backoff()
        self._context: ssl.SSLContext | None = None
        self._wire: Wire | None = None
        self._breaker: asyncio.Task[None] | None = None
        self._last = 0.0
        #: How far the registry's clock is ahead of ours.
        self.ahead = timedelta()
        #: What both sides speak.
        self.services: frozenset[str] = frozenset()

    async def ask(self, verb: Element, *, transaction_id: str | None = None, extension: Element | None = None) -> Reply:
        """Send a command once and return its answer.

        Raises:
            UnreachableError: nothing was sent.
            LostError: it may have been carried out; the session is gone, the next command builds another.
        """
        number = transaction_id or fresh_id()
        frame = epp("epp", epp("command", verb, _extended(extension), epp("clTRID", number)))
        async with self._turn:
            await self._ready()
            return await self._exchange(frame, number)

    async def begin(self) -> None:
        """Log in where that is not done yet.

        Raises:
            UnreachableError: it did not work.
        """
        async with self._turn:
            await self._ready()

    async def hello(self) -> None:
        """Have the registry greet again, so that it does not hang up.

        Raises:
            LostError: it did not.
        """
        async with self._turn:
            if self._wire is None:
                return
            root = await self._transfer(self._wire, epp("epp", epp("hello")))
            try:
                self._compare_clocks(replies.greeting(root))
            except UnreadableError as error:
                await self._hang_up()
                raise LostError(str(error)) from error

    async def close(self) -> None:
        """Log out and hang up."""
        async with self._turn:
            if self._wire is not None:
                with suppress(LostError):
                    await self._exchange(*_numbered(epp("logout")))
            await self._hang_up()

    async def _ready(self) -> None:
        if self._wire is not None and self._wire.alive:
            return
        await self._hang_up()
        if left_s := self._backoff.left_s():
            raise UnreachableError(f"{self._account.host} is tried again in {left_s:.0f} s")
        try:
            await self._log_in()
        except (TornError, LostError, UnreadableError, OSError) as error:
            await self._hang_up()
            self._backoff.failed()
            raise UnreachableError(f"no session with {self._account.host}: {error}") from error
        except BaseException:
            await self._hang_up()
            self._backoff.failed()
            raise
        self._backoff.reset()
        self._breaker = asyncio.create_task(self._break_silence(), name="hello")

    async def _log_in(self) -> None:
        account = self._account
        if self._context is None:
            self._context = await asyncio.to_thread(trust, account.ca_file, account.certificate, account.key)
        self._wire = await Wire.open(account.host, account.port, self._context, within_s=account.within_s)
        async with asyncio.timeout(account.within_s):
            greeting = replies.greeting(read(await self._wire.receive()))
        self._compare_clocks(greeting)
        self.services = greeting.objects | greeting.extensions
        answer = await self._exchange(*_numbered(_login(account, greeting)))
        if not answer.good:
            self._backoff.refused()
            raise UnreachableError(f"{account.host} refused the login with {answer.code}")

    def _compare_clocks(self, greeting: Greeting) -> None:
        self.ahead = greeting.at - datetime.now(UTC) if greeting.at else timedelta()

    async def _exchange(self, frame: Element, number: str) -> Reply:
        """Send a command, and have the answer to it and to no other."""
        assert self._wire is not None
        root: Element | None = None
        result: int | str = "lost"
        try:
            root = await self._transfer(self._wire, frame)
            answer = await self._believed(root, number)
            result = answer.code
        finally:
            await self._record(Exchange(datetime.now(UTC), frame, root, result))
        if answer.closing:
            await self._hang_up()
        return answer

    async def _believed(self, root: Element, number: str) -> Reply:
        try:
            answer = replies.reply(root)
        except UnreadableError as error:
            await self._hang_up()
            raise LostError(str(error)) from error
        if answer.transaction_id != number:
            await self._hang_up()
            raise LostError("the answer is another command's")
        return answer

    async def _transfer(self, wire: Wire, frame: Element) -> Element:
        """Send one frame and receive one; whatever goes wrong, also a cancelled caller, ends the session."""
        try:
            async with asyncio.timeout(self._account.within_s):
                await wire.send(written(frame))
                root = read(await wire.receive())
        except (TornError, UnreadableError) as error:
            await self._hang_up()
            raise LostError(str(error)) from error
        except TimeoutError as error:
            await self._hang_up()
            raise LostError(f"no answer within {self._account.within_s:.0f} s") from error
        except BaseException:
            await self._hang_up()
            raise
        self._last = asyncio.get_running_loop().time()
        return root

    async def _break_silence(self) -> None:
        """Say hello whenever nothing was said for a while, as long as the session lasts."""
        with suppress(LostError):
            while self._wire is not None:
                quiet = asyncio.get_running_loop().time() - self._last
                if quiet >= self._account.silence_s:
                    await self.hello()
                await asyncio.sleep(max(self._account.silence_s - quiet, 0.05))

    async def _hang_up(self) -> None:
        wire, self._wire = self._wire, None
        breaker, self._breaker = self._breaker, None
        if breaker is not None and breaker is not asyncio.current_task():
            breaker.cancel()
        if wire is not None:
            await wire.close()


def fresh_id() -> str:
    """Return a clTRID that nobody used before."""
    return f"AK-{secrets.token_hex(12).upper()}"


def _numbered(verb: Element) -> tuple[Element, str]:
    number = fresh_id()
    return epp("epp", epp("command", verb, epp("clTRID", number))), number


def _extended(extension: Element | None) -> Element | None:
    return None if extension is None else epp("extension", extension)


def _login(account: Account, greeting: Greeting) -> Element:
    extensions = [epp("extURI", uri) for uri in SPOKEN_EXTENSIONS if uri in greeting.extensions]
    language = "en" if "en" in greeting.languages else (*greeting.languages, "en")[0]
    return epp(
        "login",
        epp("clID", account.client_id),
        epp("pw", account.password),
        epp("options", epp("version", "1.0"), epp("lang", language)),
        epp(
            "svcs",
            *(epp("objURI", uri) for uri in SPOKEN_OBJECTS if uri in greeting.objects),
            epp("svcExtension", *extensions) if extensions else None,
        ),
    )
