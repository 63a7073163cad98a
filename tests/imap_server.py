"""Real IMAP servers as processes of our own: pymap everywhere, Dovecot too where it is installed.

Each serves a Maildir in a temporary folder on a free port of the loopback. :func:`relay` stands
between it and the client to speak TLS, or to break the line.
"""

import imaplib
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from pysasl.hashing import BuiltinHash

from collectors import utf7

USER, PASSWORD = "support", "пароль с пробелом"
DOVECOT = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
KINDS = ["pymap", *(["dovecot"] if DOVECOT else [])]
NOBODY = 65534  # Dovecot serves no mail as root
UID_FILES = ("dovecot-uidlist", "dovecot.index*")

DOVECOT_CONFIG = """
base_dir = {home}/run
state_dir = {home}/run
log_path = {home}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_login_user = {user}
default_internal_user = {user}
default_internal_group = {group}
mail_location = maildir:{home}/mail
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {home}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}
}}
first_valid_uid = {uid}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
"""


class MailServer:
    """A server that runs; what its one user may do with the mail there."""

    def __init__(self, port: int, mail: Path) -> None:
        self.port = port
        self._mail = mail

    def deliver(self, *letters: bytes, folder: str = "INBOX", received: float = 0) -> None:
        """Put letters into a folder, which is made where there is none; ``received`` is Unix."""
        with self._client() as client:
            if client.list('""', _quoted(folder))[1] == [None]:  # pymap fails on a second CREATE
                client.create(_quoted(folder))
            moment = imaplib.Time2Internaldate(received or time.time())
            for letter in letters:
                status, said = client.append(_quoted(folder), "", moment, letter)
                assert status == "OK", said

    def remove(self, word: str, folder: str = "INBOX") -> None:
        """Delete the letters that contain ``word``."""
        with self._client() as client:
            client.select(_quoted(folder))
            _, found = client.search(None, "TEXT", f'"{word}"')
            for number in found[0].split():
                client.store(number.decode(), "+FLAGS", "\\Deleted")
            client.expunge()

    def flags(self, folder: str = "INBOX") -> str:
        """The flags of all letters as the server tells them."""
        with self._client() as client:
            client.select(_quoted(folder), readonly=True)
            return str(client.fetch("1:*", "(FLAGS)"))

    def renumber(self) -> None:
        """Lose the numbers of all letters, as a restored backup does."""
        for pattern in UID_FILES:
            for file in self._mail.rglob(pattern):
                file.unlink()

    @contextmanager
    def _client(self) -> Iterator[imaplib.IMAP4]:
        with imaplib.IMAP4("127.0.0.1", self.port, 120) as client:
            client.authenticate("PLAIN", lambda _: f"\0{USER}\0{PASSWORD}".encode())
            yield client


def _quoted(folder: str) -> str:
    return f'"{utf7.encode(folder)}"'


@contextmanager
def running(kind: str = "pymap", certificate: Path | None = None) -> Iterator[MailServer]:
    """A server of this kind with an empty mailbox, for the length of the block.

    With a ``certificate`` (and its key in the same file) pymap speaks STARTTLS.
    """
    # Short, for Dovecot's sockets; not under pytest's folders, which are root's alone.
    home = Path(tempfile.mkdtemp(prefix="otklik-imap-", dir="/tmp"))
    port = free_port()
    owner = NOBODY if kind == "dovecot" and os.getuid() == 0 else None
    try:
        mail = home / "mail"
        for part in ("cur", "new", "tmp"):
            (mail / part).mkdir(parents=True)
        command = (
            _pymap(home, port, certificate) if kind == "pymap" else _dovecot(home, port, owner)
        )
        for path in (home, *home.rglob("*")):
            if owner is not None:
                os.chown(path, owner, owner)
        with (home / "output").open("wb") as output:
            process = subprocess.Popen(
                command, stdout=output, stderr=output, user=owner, group=owner, cwd="/"
            )
        try:
            _wait(port, process, home)
            yield MailServer(port, mail)
        finally:
            process.terminate()
            process.wait()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _pymap(home: Path, port: int, certificate: Path | None) -> list[str]:
    (home / "pymap-etc-passwd").write_text(f"{USER}:x::::mail:\n", encoding="utf-8")
    hashed = BuiltinHash(rounds=1).hash(PASSWORD)  # the default takes seconds
    (home / "pymap-etc-shadow").write_text(f"{USER}:{hashed}:::::::\n", encoding="utf-8")
    command = [sys.executable, "-W", "ignore", "-c", "from pymap.main import main; main()"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    file = str(certificate)
    command += ["--cert", file, "--key", file] if certificate else ["--no-tls"]
    command += ["--no-service", "managesieve", "--no-service", "admin"]
    return [*command, "maildir", str(home)]


def _dovecot(home: Path, port: int, owner: int | None) -> list[str]:
    import grp
    import pwd

    uid = os.getuid() if owner is None else owner
    gid = os.getgid() if owner is None else owner
    (home / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n", encoding="utf-8")
    (home / "dovecot.conf").write_text(
        DOVECOT_CONFIG.format(
            home=home,
            port=port,
            user=pwd.getpwuid(uid).pw_name,
            group=grp.getgrgid(gid).gr_name,
            uid=uid,
            gid=gid,
        ),
        encoding="utf-8",
    )
    assert DOVECOT
    return [DOVECOT, "-F", "-c", str(home / "dovecot.conf")]


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(port: int, process: "subprocess.Popen[bytes]", home: Path) -> None:
    for _ in range(600):
        if process.poll() is not None:
            break
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as line:
            if line.recv(10).startswith(b"* OK"):
                return
        time.sleep(0.1)
    said = b"".join(f.read_bytes() for f in (home / "output", home / "log") if f.exists())
    raise AssertionError(f"the IMAP server did not start: {said.decode('utf-8', 'replace')}")


@contextmanager
def relay(
    port: int, *, at: int = 0, tls: ssl.SSLContext | None = None, lose_after: int | None = None
) -> Iterator[int]:
    """A port (``at`` this number) to ``port``: inside TLS, or until so many bytes came back."""
    listener = socket.create_server(("127.0.0.1", at))
    threads: list[threading.Thread] = []

    def serve() -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=connect, args=(near,))
            threads.append(thread)
            thread.start()

    def connect(near: socket.socket) -> None:
        with ExitStack() as stack:
            stack.callback(near.close)
            if tls:
                try:
                    near = tls.wrap_socket(near, server_side=True)
                except OSError:
                    return
                stack.callback(near.close)
            far = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            back = threading.Thread(target=_pump, args=(far, near, lose_after))
            back.start()
            _pump(near, far, None)
            back.join()

    acceptor = threading.Thread(target=serve)
    acceptor.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        acceptor.join()
        for thread in threads:
            thread.join()


def _pump(source: socket.socket, target: socket.socket, limit: int | None) -> None:
    """Carry bytes until either end closes or ``limit`` of them went through."""
    passed = 0
    with suppress(OSError):
        while data := source.recv(4096):
            if limit is not None and passed + len(data) > limit:
                target.sendall(data[: limit - passed])
                break
            target.sendall(data)
            passed += len(data)
    for line in (source, target):
        with suppress(OSError):
            socket.socket.shutdown(line, socket.SHUT_RDWR)


@contextmanager
def answering(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port where ``talk`` answers each caller: for servers that are none."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            with line, suppress(OSError):
                talk(line)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def certificates(folder: Path, host: str = "127.0.0.1") -> tuple[Path, ssl.SSLContext]:
    """A new authority's certificate (a file), and a server's context signed by it for ``host``."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    start = datetime.now(UTC) - timedelta(days=1)

    def issue(
        name: str, key: ec.EllipticCurvePrivateKey, issuer: str, signer: ec.EllipticCurvePrivateKey
    ) -> x509.Certificate:
        authority = name == issuer
        usage = dict.fromkeys(
            ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False
        )
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + timedelta(days=30))
            .add_extension(x509.BasicConstraints(authority, None), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()),
                critical=False,
            )
            .add_extension(
                x509.KeyUsage(
                    digital_signature=True,
                    key_cert_sign=authority,
                    crl_sign=authority,
                    encipher_only=False,
                    decipher_only=False,
                    **usage,
                ),
                critical=True,
            )
        )
        if not authority:
            names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(signer, hashes.SHA256())

    root, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    encoding = serialization.Encoding.PEM
    trusted, chain = folder / "authority.pem", folder / "server.pem"
    trusted.write_bytes(issue("Тест", root, "Тест", root).public_bytes(encoding))
    secret = own.private_bytes(
        encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    chain.write_bytes(secret + issue("server", own, "Тест", root).public_bytes(encoding))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(chain)
    return trusted, context
