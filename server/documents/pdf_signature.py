"""PAdES signatures on PDFs, by pyHanko. Only ``making`` and checks that open the file itself import this: it is heavy."""

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from asn1crypto import pem  # type: ignore[import-untyped]
from asn1crypto import x509 as asn1_x509  # type: ignore[import-untyped]
from pyhanko.keys import load_private_key_from_pemder_data
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfReadError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import fields, signers
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from server.documents.signer import Identity

T = TypeVar("T")


@dataclass(frozen=True)
class Checked:
    """What the signature of a PDF is worth: whole and unchanged since, by whom, from our root."""

    intact: bool
    trusted: bool
    signer: str
    reason: str = ""

    @property
    def good(self) -> bool:
        return self.intact and self.trusted


def sign(pdf: bytes, identity: Identity, place: str, now: datetime) -> bytes:
    """The PDF with an invisible PAdES signature of this organisation, by an incremental update; PDF/A stays PDF/A."""
    certificate = _certificate(identity.certificate)
    registry = SimpleCertificateStore()
    registry.register(_certificate(identity.chain))
    signer = signers.SimpleSigner(
        signing_cert=certificate,
        signing_key=load_private_key_from_pemder_data(identity.key, passphrase=None),
        cert_registry=registry,
    )
    metadata = signers.PdfSignatureMetadata(
        field_name="Signature",
        md_algorithm="sha256",
        subfilter=fields.SigSeedSubFilter.PADES,
        name=identity.organisation,
        location=place,
    )
    out = io.BytesIO()
    pen = _At(metadata, signer, now)
    _apart(lambda: pen.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)), output=out, in_place=False))
    return out.getvalue()


def _apart(act: Callable[[], T]) -> T:
    """Do it in a thread of its own: pyHanko starts an event loop, which a thread that has one running does not allow."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(act).result()


def check(pdf: bytes, root: bytes) -> Checked:
    """Whether the PDF's signature is intact, covers the whole file and leads to ``root`` (PEM)."""
    try:
        embedded = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    except (PdfReadError, ValueError, KeyError):
        return Checked(False, False, "", "文件打不开")
    if not embedded:
        return Checked(False, False, "", "文件没有电子签章")
    context = ValidationContext(trust_roots=[_certificate(root)], allow_fetching=False)
    status = _apart(lambda: validate_pdf_signature(embedded[-1], signer_validation_context=context))
    name = str(embedded[-1].signer_cert.subject.native.get("organization_name", ""))
    whole = status.coverage == SignatureCoverageLevel.ENTIRE_FILE
    intact = bool(status.intact and status.valid and whole)
    return Checked(intact, bool(status.trusted), name, "" if intact else "签章以后内容被改动过")


class _At(signers.PdfSigner):
    """Signs at the time of the act, which a server with a virtual clock does not take from the machine."""

    def __init__(self, metadata: signers.PdfSignatureMetadata, signer: signers.Signer, now: datetime) -> None:
        super().__init__(metadata, signer)
        self._now = now

    def init_signing_session(self, pdf_out: Any, existing_fields_only: bool = False) -> Any:
        session = super().init_signing_session(pdf_out, existing_fields_only=existing_fields_only)
        session.system_time = self._now
        return session


def _certificate(data: bytes) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(pem.unarmor(data)[2])
