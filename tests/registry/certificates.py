"""A certificate authority of the registry's own: its server's certificate, and one for each registrar."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LASTS = timedelta(days=3650)


class Authority:
    """Signs, and writes down what it signed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named("Registry of the lab")
        usage = x509.KeyUsage(
            digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
            data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        made = self._begun(self._name, self._key.public_key())
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        made = made.add_extension(usage, critical=True)
        _write(folder / "ca.pem", made.sign(self._key, hashes.SHA256()))

    def sign(self, name: str, addresses: Sequence[str] = ()) -> None:
        """Write NAME.pem and NAME.key: a server's for *addresses*, else a registrar's."""
        key = ec.generate_private_key(ec.SECP256R1())
        use = ExtendedKeyUsageOID.SERVER_AUTH if addresses else ExtendedKeyUsageOID.CLIENT_AUTH
        made = self._begun(_named(name), key.public_key())
        made = made.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        made = made.add_extension(x509.ExtendedKeyUsage([use]), critical=False)
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        made = made.add_extension(authority, critical=False)
        if addresses:
            made = made.add_extension(x509.SubjectAlternativeName([_general(one) for one in addresses]), critical=False)
        _write(self._folder / f"{name}.pem", made.sign(self._key, hashes.SHA256()))
        pem = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        file = self._folder / f"{name}.key"
        file.touch(mode=0o600)
        file.write_bytes(key.private_bytes(*pem))

    def _begun(self, subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        made = x509.CertificateBuilder(issuer_name=self._name, subject_name=subject, public_key=key)
        made = made.serial_number(x509.random_serial_number())
        made = made.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + LASTS)
        return made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)


def make_missing(folder: Path, addresses: Sequence[str], registrars: Sequence[str]) -> None:
    """Have all certificates in *folder*."""
    if (folder / "server.pem").exists():
        return
    authority = Authority(folder)
    for name in registrars:
        authority.sign(name)
    authority.sign("server", addresses)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _general(address: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(address))
    except ValueError:
        return x509.DNSName(address)


def _write(file: Path, certificate: x509.Certificate) -> None:
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
