"""The recorded pages behind a real proxy on the loopback: CONNECT, TLS and all.

The hosts of most sources are fixed in their code. A proxy is the ordinary way to stand between a
program and all of them: it ends the tunnels itself, with certificates of an authority of its own,
and answers what :mod:`recorded` has. ``SSL_CERT_FILE`` makes a process believe that authority.
"""

import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from memory import NOW
from recorded import Case

CAUGHT_UP = NOW.isoformat().replace("+00:00", "Z")


class Replayed(Case):
    """A case asked at another time: where it was recorded to ask until NOW, any moment will do."""

    @cached_property
    def told(self) -> dict[str, Any]:
        told = super().told
        answers = told.get("responses", {})
        return told | {"responses": {k.replace(CAUGHT_UP, "*"): v for k, v in answers.items()}}

    @property
    def left(self) -> set[str]:
        """What was recorded and never asked for."""
        return set(self.told["responses"]) - set(self.asked)


class Proxy(ThreadingHTTPServer):
    """Answers for the hosts of ``cases``; ``status`` answers everything, ``refuses`` each CONNECT.

    ``unknown`` notes what no recording answers, ``logins`` what clients showed to the proxy.
    """

    daemon_threads = True

    def __init__(self, cases: Sequence[Replayed], folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.cases = cases
        self.status, self.refuses = 0, 0
        self.unknown: list[str] = []
        self.logins: list[str] = []
        self.authority, self.tls = _certificates(cases, folder)

    def answer(self, request: httpx.Request) -> httpx.Response:
        """The recording of the first case that has one."""
        if self.status:
            return httpx.Response(self.status)
        for case in self.cases:
            if case.knows(request):
                return case.answer(request)
        if request.url.path != "/robots.txt":
            self.unknown.append(f"{request.method} {request.url}")
        return httpx.Response(404)

    def handle_error(self, *_: Any) -> None:
        """A client that distrusts the certificate hangs up."""


class _Handler(BaseHTTPRequestHandler):
    server: Proxy
    origin = ""

    def do_CONNECT(self) -> None:
        self.server.logins.append(self.headers.get("Proxy-Authorization", ""))
        if self.server.refuses:
            self.send_error(self.server.refuses)
            return
        self.send_response_only(200)
        self.end_headers()
        self.origin = f"https://{self.path.removesuffix(':443')}"
        with self.server.tls.wrap_socket(self.connection, server_side=True) as tunnel:
            self.rfile, self.wfile = tunnel.makefile("rb"), tunnel.makefile("wb")
            self.handle_one_request()

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        url = self.origin + self.path  # a plain request names its host in the path
        answer = self.server.answer(httpx.Request(self.command, url, content=body))
        self.send_response(answer.status_code)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.content)
        self.wfile.flush()

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Keep the output of the tests clean."""


@contextmanager
def replaying(cases: Sequence[Replayed], folder: Path) -> Iterator[Proxy]:
    """A proxy for the length of the block; its certificates lie in ``folder``."""
    proxy = Proxy(cases, folder)
    thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        proxy.server_close()
        thread.join()


def _certificates(cases: Sequence[Replayed], folder: Path) -> tuple[Path, ssl.SSLContext]:
    """The file of an authority, and a server's side that it vouches for at every https host."""
    hosts = {
        urlsplit(key.removeprefix("POST ").split(" ")[0]).hostname or ""
        for case in cases
        for key in case.told["responses"]
        if "https://" in key
    }
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = _signed(_name("Otklik tests"), root_key, _name("Otklik tests"), root_key, ())
    leaf = _signed(_name("replay"), key, root.subject, root_key, sorted(hosts))
    authority, served = folder / "authority.pem", folder / "served.pem"
    authority.write_bytes(root.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    served.write_bytes(leaf.public_bytes(serialization.Encoding.PEM) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(served)
    return authority, context


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _signed(
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    signer: ec.EllipticCurvePrivateKey,
    hosts: Sequence[str],
) -> x509.Certificate:
    """A certificate for a day; an authority's where it names no hosts."""
    day, now = timedelta(days=1), datetime.now().astimezone()
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(x509.BasicConstraints(ca=not hosts, path_length=None), critical=True)
    )
    if hosts:
        names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
        made = made.add_extension(names, critical=False)
    return made.sign(signer, hashes.SHA256())
