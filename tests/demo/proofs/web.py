"""Web, files and database, as the customer uses them."""

from uuid import uuid4

from tests.customer.browser import fetch
from tests.customer.site import DATABASE, IDENTITY, ask
from tests.demo.proof import Proof, expect
from tests.demo.stage import Stage

HELLO = "<?php echo '<h1>', strrev('!nemmokegnA'), '</h1>';\n"


def php_by_domain(stage: Stage) -> str:
    account, domain = stage.first.account, stage.first_domains[0]
    account.sftp.upload("public/hello.php", HELLO)
    page = fetch(account.hosts["web"], domain, "/hello.php")
    expect(page.status == 200 and page.text == "<h1>Angekommen!</h1>", f"{page.status}: {page.text[:200]}")
    return f"http://{domain}/hello.php"


def runs_as_the_customer(stage: Stage) -> str:
    account = stage.first.account
    account.sftp.upload("public/whoami.php", IDENTITY)
    answer = ask(account.hosts["web"], stage.first_domains[0], "/whoami.php")
    expect(answer["user"] == account.name, f"PHP runs as {answer['user']}, the account is {account.name}")
    return f"{answer['user']}, PHP {answer['php']}"


def upload_is_served(stage: Stage) -> str:
    account, secret = stage.first.account, uuid4().hex
    account.sftp.upload("public/note.txt", secret)
    page = fetch(account.hosts["web"], stage.first_domains[0], "/note.txt")
    expect(page.text == secret, f"{page.status}: {page.text[:200]}")
    return f"sftp {account.name}@{account.sftp.host}"


def every_name_is_served(stage: Stage) -> str:
    account, secret = stage.first.account, uuid4().hex
    account.sftp.upload("public/names.txt", secret)
    domains = [domain.encode("idna").decode() for domain in stage.first_domains]
    names = {*domains, *(f"www.{domain}" for domain in domains), *account.web}
    silent = sorted(
        name for name in map(_host, names) if fetch(account.hosts["web"], name, "/names.txt").text != secret
    )
    expect(not silent, f"not served: {', '.join(silent)}")
    return f"{len(names)} names, one with an umlaut"


def database_works(stage: Stage) -> str:
    account = stage.first.account
    account.sftp.upload("public/database.php", DATABASE)
    answer = ask(account.hosts["web"], stage.first_domains[0], "/database.php")
    expect(answer["guest"] == "Jürgen ✔", f"read back: {answer['guest']!r}")
    expect(answer["wrong_password"] == "refused", "another password opened the database as well")
    foreign = set(answer["databases"]) - {account.database, "information_schema"}
    expect(not foreign, f"sees other databases: {', '.join(sorted(foreign))}")
    return f"{answer['user']}, wrong password refused"


def _host(name: str) -> str:
    """Return the host part of *name*, which may be a URL."""
    return name.rpartition("://")[2].partition("/")[0]


PROOFS = (
    Proof("a PHP page is served over HTTP by the customer's domain", php_by_domain),
    Proof("whoami in PHP is the account, nobody else", runs_as_the_customer),
    Proof("a file uploaded by SFTP is served", upload_is_served),
    Proof("every name of the order is served", every_name_is_served),
    Proof("the database works with the password in ~/.my.cnf, and shows no other", database_works),
)
