"""Who signs, behind an interface: today a demonstration authority of our own, elsewhere a 国密 seal service.

The demonstration authority makes its root at the first need and one certificate an organisation, EC P-256, kept in
``data_dir/ca`` readable by the owner alone. Anyone can check its signatures; they are **not** the statutory electronic
certificates, which ask for SM2/SM3 seals (docs/decisions). PDFs are signed in ``pdf_signature`` with the same keys.
"""

import base64
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from server.config import Settings

# Valid long before the first scenario and long after the last: a virtual clock must find it valid too.
_FROM, _UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2060, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Identity:
    """A key and its certificates, all PEM; ``chain`` is the root."""

    organisation: str
    key: bytes
    certificate: bytes
    chain: bytes

    @property
    def certificate_sha256(self) -> str:
        """The certificate's fingerprint, hex."""
        return x509.load_pem_x509_certificate(self.certificate).fingerprint(hashes.SHA256()).hex()


class Signer(Protocol):
    """What a signature service must do."""

    def sign_text(self, organisation: str, text: bytes) -> str:
        """A detached signature of an organisation over bytes, as text that carries its certificate."""

    def verify_text(self, organisation: str, text: bytes, signature: str) -> bool:
        """The signature is this organisation's, over exactly these bytes, and from our authority."""

    def identity(self, organisation: str) -> Identity:
        """The key with which PDFs of this organisation are signed."""

    def root(self) -> bytes:
        """The certificate, PEM, that a verifier must trust."""


class DemoAuthority:
    """The authority of the demonstration, in a directory. Safe with several processes: one lock file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, Identity] = {}

    def sign_text(self, organisation: str, text: bytes) -> str:
        who = self.identity(organisation)
        signature = _private(who.key).sign(text, ec.ECDSA(hashes.SHA256()))
        return json.dumps(
            {
                "algorithm": "ECDSA-P256-SHA256",
                "certificate": base64.b64encode(_der(who.certificate)).decode(),
                "signature": base64.b64encode(signature).decode(),
            }
        )

    def verify_text(self, organisation: str, text: bytes, signature: str) -> bool:
        try:
            parts = json.loads(signature)
            certificate = x509.load_der_x509_certificate(base64.b64decode(parts["certificate"], validate=True))
            bytes_signed = base64.b64decode(parts["signature"], validate=True)
            certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(self.root()))
        except (ValueError, KeyError, TypeError, InvalidSignature):
            return False
        names = [str(name.value) for name in certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]
        key = certificate.public_key()
        if names != [_short(organisation)] or not isinstance(key, ec.EllipticCurvePublicKey):
            return False
        try:
            key.verify(bytes_signed, text, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True

    def identity(self, organisation: str) -> Identity:
        known = self._known.get(organisation)
        if known is None:
            root_key, root = self._root()
            name = hashlib.sha256(organisation.encode()).hexdigest()[:24]
            key, certificate = self._pair(name, _short(organisation), issuer=(root_key, root))
            known = self._known[organisation] = Identity(organisation, key, certificate, root)
        return known

    def root(self) -> bytes:
        return self._root()[1]

    def _root(self) -> tuple[bytes, bytes]:
        return self._pair("root", "工程帮演示根证书", issuer=None)

    def _pair(self, name: str, subject: str, issuer: tuple[bytes, bytes] | None) -> tuple[bytes, bytes]:
        """Key and certificate in one file, so that a crash leaves both or none; made once."""
        path = self._folder / f"{name}.pem"
        if not path.exists():
            with self._alone():
                if not path.exists():
                    self._write(path, b"".join(_make(subject, issuer)))
        key, mark, certificate = path.read_bytes().partition(b"-----BEGIN CERTIFICATE-----")
        return key, mark + certificate

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _write(self, path: Path, content: bytes) -> None:
        new = path.with_suffix(".new")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)


class NoSigner(RuntimeError):
    """Production without a signature service: nothing may be issued under a demonstration seal."""


def make_signer(settings: Settings) -> Signer:
    """The signer of these settings. Raises NoSigner in production, where a real service must be put in its place."""
    if settings.environment == "production":
        raise NoSigner("正式环境没有接入签章服务。演示证书不能用来签发正式文书，请先接入。")
    return DemoAuthority(settings.data_dir / "ca")


def _make(subject: str, issuer: tuple[bytes, bytes] | None) -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, subject),
            x509.NameAttribute(NameOID.COMMON_NAME, subject),
        ]
    )
    parent = x509.load_pem_x509_certificate(issuer[1]) if issuer else None
    signing_key = _private(issuer[0]) if issuer else key
    authority = issuer is None
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(parent.subject if parent else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_FROM)
        .not_valid_after(_UNTIL)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=0 if authority else None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=not authority,
                content_commitment=not authority,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=authority,
                crl_sign=authority,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), critical=False)
        .sign(signing_key, hashes.SHA256())
    )
    return (
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        certificate.public_bytes(serialization.Encoding.PEM),
    )


def _private(pem: bytes) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("the demonstration authority keeps EC keys only")
    return key


def _der(pem: bytes) -> bytes:
    return x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.DER)


def _short(organisation: str) -> str:
    """X.520 allows 64 characters in a name."""
    return organisation[:64]
