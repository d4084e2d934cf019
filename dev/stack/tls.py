"""A certificate authority of the stack's own, and a certificate for each ECR host name."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dev.stack import layout
from dev.stack.undo import RemoveEmptyFolder, RemovePath

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.x509 import Certificate

    from dev.stack.state import State

AUTHORITY: Final = layout.CERTIFICATES / "ca.crt"
# The machine's own authorities and ours: for programs that can be given one file only.
BUNDLE: Final = layout.CERTIFICATES / "bundle.crt"
# Where docker looks for a registry's authority: https://docs.docker.com/engine/security/certificates/
_DOCKER: Final = Path("/etc/docker/certs.d")
_LIFE: Final = timedelta(days=365)


def certificate_of(registry: layout.Registry) -> Path:
    return layout.CERTIFICATES / f"{registry.name}.crt"


def key_of(registry: layout.Registry) -> Path:
    return layout.CERTIFICATES / f"{registry.name}.key"


def untrusted(registry: layout.Registry) -> tuple[Path, Path]:
    """A certificate and its key for the same name, from an authority that nobody trusts."""
    return (
        layout.CERTIFICATES / f"{registry.name}-untrusted.crt",
        layout.CERTIFICATES / f"{registry.name}-untrusted.key",
    )


def ready() -> bool:
    return _fresh() and all(file.exists() and file.read_bytes() == AUTHORITY.read_bytes() for file in _trusted())


def write(state: State) -> None:
    if not _fresh():
        _issue()
    for file in _trusted():
        missing = [folder for folder in file.parents if not folder.exists()]
        state.will(*(RemoveEmptyFolder(path=str(folder)) for folder in reversed(missing)), RemovePath(path=str(file)))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(AUTHORITY.read_bytes())


def _trusted() -> list[Path]:
    return [_DOCKER / registry.host / "ca.crt" for registry in layout.ECRS]


def _fresh() -> bool:
    issued = [certificate_of(registry) for registry in layout.ECRS]
    if not all(file.exists() for file in (BUNDLE, *issued, *untrusted(layout.PROXIED))):
        return False
    age = datetime.now(UTC) - datetime.fromtimestamp(BUNDLE.stat().st_mtime, UTC)
    return timedelta() <= age < _LIFE / 2


def _issue() -> None:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - only a first `up` needs it
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    layout.CERTIFICATES.mkdir(parents=True, exist_ok=True)
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = _sign("multiarch test stack", authority_key, None, authority_key)
    encoding = serialization.Encoding.PEM

    def issue(host: str, issuer: Certificate, issuer_key: EllipticCurvePrivateKey, files: tuple[Path, Path]) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        files[0].write_bytes(_sign(host, key, issuer, issuer_key).public_bytes(encoding))
        pem = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        files[1].touch(mode=0o600)
        files[1].write_bytes(pem)

    for registry in layout.ECRS:
        issue(registry.host, authority, authority_key, (certificate_of(registry), key_of(registry)))
    stranger_key = ec.generate_private_key(ec.SECP256R1())
    stranger = _sign("nobody's authority", stranger_key, None, stranger_key)
    issue(layout.PROXIED.host, stranger, stranger_key, untrusted(layout.PROXIED))
    AUTHORITY.write_bytes(authority.public_bytes(encoding))
    system = ssl.get_default_verify_paths().cafile
    BUNDLE.write_bytes((Path(system).read_bytes() if system else b"") + AUTHORITY.read_bytes())


def _sign(
    name: str, key: EllipticCurvePrivateKey, issuer: Certificate | None, issuer_key: EllipticCurvePrivateKey
) -> Certificate:
    """A certificate with all that OpenSSL's strict mode asks for; without an issuer, an authority's own."""
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
    from cryptography.x509.oid import NameOID  # noqa: PLC0415

    # A common name has at most 64 characters; the host stands in the alternative names in any case.
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    is_authority = issuer is None
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _LIFE)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if not is_authority:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        server = x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.SERVER_AUTH])
        builder = builder.add_extension(server, critical=False)
    return builder.sign(issuer_key, hashes.SHA256())
