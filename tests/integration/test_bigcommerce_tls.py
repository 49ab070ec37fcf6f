"""TLS: what fails in the handshake was not sent; the same failure after the request says nothing."""

import os
import socket
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bigcharge.adapters.bigcommerce import connections
from bigcharge.domain.errors import NotSentError, OutcomeUnknownError
from tests.integration.bigcommerce_wire import (
    TENDER,
    TOKEN,
    Behaviour,
    RawServer,
    make_client,
    reset,
    say,
    then_stall,
    then_trickle,
)


@pytest.mark.parametrize("greet", [say(b"HTTP/1.1 400 Plain\r\n\r\n"), reset, then_stall()])
def test_nothing_was_sent_where_tls_did_not_come_about(greet: Behaviour) -> None:
    server = RawServer(greet=greet)
    try:
        with pytest.raises(NotSentError):
            make_client(server.port, scheme="https").pay(TOKEN, TENDER)
    finally:
        server.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that signs itself, for 127.0.0.1, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
    local = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    signed = made.add_extension(local, critical=False).sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = tmp_path_factory.mktemp("tls") / "local.pem"
    path.write_bytes(signed.public_bytes(pem) + secret)
    return path


@pytest.fixture
def tls_server(certificate: Path) -> Iterator[RawServer]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    raw = RawServer(tls=context)
    connections._trust.cache_clear()
    yield raw
    raw.close()
    connections._trust.cache_clear()


def test_nothing_is_sent_to_a_host_that_is_not_trusted(tls_server: RawServer) -> None:
    with pytest.raises(NotSentError):
        make_client(tls_server.port, scheme="https").pay(TOKEN, TENDER)
    assert tls_server.requests == []


def break_tls(sock: socket.socket) -> None:
    """Write what is not TLS below the TLS."""
    with socket.socket(fileno=os.dup(sock.fileno())) as below:
        below.sendall(b"not a TLS record at all")


@pytest.mark.parametrize("behaviour", [break_tls, reset, then_stall(), then_trickle(b"HTTP/1.1 201 Created\r\nX: ")])
def test_a_tls_failure_after_a_payment_left_is_unknown(
    tls_server: RawServer, certificate: Path, monkeypatch: pytest.MonkeyPatch, behaviour: Behaviour
) -> None:
    """The same TLS errors mean nothing was sent before the request, and nothing at all after it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    tls_server.behaviours = [behaviour]
    start = time.monotonic()
    with pytest.raises(OutcomeUnknownError):
        make_client(tls_server.port, scheme="https").pay(TOKEN, TENDER)
    assert time.monotonic() - start < 1.5
    assert len(tls_server.requests) == 1
