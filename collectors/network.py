"""Connections to checked addresses only, under one deadline.

A config.yaml may come from somebody else, so an address inside the own network (cloud metadata,
a router, the database) must not be reachable through it. The name is resolved here, the address is
checked here and the very same address is connected to: there is no second look-up for a hostile
name server to answer differently (DNS rebinding). Host header and SNI keep the name.

Behind a proxy it is the proxy that looks names up: here only the name itself can be checked, and
the proxy's own address.
"""

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Collection, Iterable
from typing import Any
from urllib.parse import unquote, urlsplit

import httpcore

from collectors.errors import NeedsHuman, Transient

Resolver = Callable[[str, int], list[str]]
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
INNER_ZONES = {"localhost", "local", "internal", "arpa"}  # RFC 6761, 6762, 8375 and ICANN's choice


def resolve(host: str, port: int) -> list[str]:
    """The addresses of ``host`` in the system's order."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(text: str) -> bool:
    """True where the address belongs to the open internet, also inside IPv6 wrappings of IPv4."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = _embedded(address)
        if inner is not None:
            return is_public(str(inner))
        if address.is_site_local:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _embedded(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that a packet to ``address`` may end at (mapped, 6to4, Teredo, NAT64)."""
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)


def is_public_name(host: str) -> bool:
    """True where neither the name nor the address it spells belongs to an own network."""
    host = host.rstrip(".").lower()
    try:
        spelt = str(ipaddress.ip_address(host))
    except ValueError:
        try:
            spelt = socket.inet_ntoa(socket.inet_aton(host))  # «127.1», «0x7f000001»
        except (OSError, UnicodeError):
            zone = host.rpartition(".")[2]
            # No zone begins with a digit; «%31.0.0.1» is an address to a proxy that decodes it.
            is_address = "%" in host or zone[:1].isdigit()
            return "." in host and not is_address and zone not in INNER_ZONES
    return is_public(spelt)


class Guard:
    """Which addresses may be connected to; ``allow_private`` is True or the hosts allowed."""

    def __init__(self, resolver: Resolver, allow_private: bool | Collection[str]) -> None:
        self._resolver = resolver
        self._allowed = allow_private

    def is_allowed(self, host: str) -> bool:
        """True where the config says that ``host`` may lie inside the own network."""
        allowed = self._allowed
        return allowed is True or (not isinstance(allowed, bool) and host in allowed)

    def addresses(self, host: str, port: int) -> list[str]:
        """Checked addresses of ``host``; raises Transient (no such name) or NeedsHuman."""
        try:
            found = self._resolver(host, port)
        except (OSError, UnicodeError) as error:
            raise Transient(
                f"Имя {host} не находится в DNS. Проверьте адрес и подключение к сети."
            ) from error
        if self.is_allowed(host):
            return found
        public = [address for address in found if is_public(address)]
        if not public:
            raise NeedsHuman(
                f"Адрес {host} ведёт во внутреннюю сеть ({', '.join(found) or 'нет адресов'}), "
                "туда Отклик не ходит. Если это ваш сервер, добавьте его в http.allow_private."
            )
        return public

    def check_name(self, host: str) -> None:
        """Raise NeedsHuman for a host that no proxy may be asked for."""
        if not is_public_name(host):
            raise NeedsHuman(
                f"Адрес {host} — из внутренней сети, через прокси Отклик туда не ходит. Если это "
                "ваш сервер, добавьте его в http.allow_private: он будет спрошен без прокси."
            )


class Backend(httpcore.NetworkBackend):
    """httpcore's way to the network: connects through ``guard``, ends at ``deadline``.

    ``deadline`` is a ``time.monotonic`` value. A read timeout alone starts anew with each byte, so
    a server that drips would hold the crawl for ever.
    """

    def __init__(self, guard: Guard, deadline: float) -> None:
        self._guard = guard
        self._deadline = deadline
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Try the checked addresses in turn; raises what the last of them raised."""
        failed: Exception = httpcore.ConnectError(f"no address of {host}")
        for address in self._guard.addresses(host, port):
            try:
                stream = self._plain.connect_tcp(
                    address, port, left(self._deadline, timeout), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
            else:
                return Stream(stream, self._deadline)
        raise failed


def pool(backend: Backend, trust: ssl.SSLContext, proxy: str) -> httpcore.ConnectionPool:
    """Connections through ``backend``, and through ``proxy`` where there is one.

    ``proxy`` is ``http[s]://[user:password@]host[:port]``, special characters as in any URL.
    """
    if not proxy:
        return httpcore.ConnectionPool(ssl_context=trust, network_backend=backend)
    parts = urlsplit(proxy)
    login = (unquote(parts.username or ""), unquote(parts.password or ""))
    return httpcore.HTTPProxy(
        f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}",
        (login[0].encode(), login[1].encode()) if parts.username else None,
        ssl_context=trust,
        proxy_ssl_context=trust if parts.scheme == "https" else None,
        network_backend=backend,
    )


class Stream(httpcore.NetworkStream):
    """A connection whose every read and write ends at the deadline."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: float) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """At most ``max_bytes``; raises httpcore.ReadTimeout."""
        return self._inner.read(max_bytes, left(self._deadline, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of ``buffer``; raises httpcore.WriteTimeout."""
        self._inner.write(buffer, left(self._deadline, timeout))

    def close(self) -> None:
        """Close the connection."""
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """The same connection inside TLS, the certificate checked against the name."""
        wait = left(self._deadline, timeout)
        return Stream(self._inner.start_tls(ssl_context, server_hostname, wait), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        """What httpcore asks of a stream (is it readable, its socket)."""
        return self._inner.get_extra_info(info)


def left(deadline: float, timeout: float | None) -> float:
    """Seconds that may still pass; raises httpcore.ReadTimeout where none are left."""
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise httpcore.ReadTimeout("total deadline")
    return remaining if timeout is None else min(remaining, timeout)
