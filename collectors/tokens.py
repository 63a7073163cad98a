"""Private keys, signed tokens (JWT, RFC 7519) and the short-lived tokens got for them.

Nothing of this is kept between runs: a token lives as long as the crawl that asked for it.
"""

import base64
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Self

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from pydantic import model_validator

from collectors import shapes
from collectors.answers import Response
from collectors.errors import NeedsHuman
from collectors.http import Http
from collectors.options import LocalPath, Secret, SourceOptions

GOOGLE = "https://oauth2.googleapis.com/token"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"  # RFC 7523
REFUSED = {400, 401}  # how an OAuth server says what is wrong with a grant (RFC 6749, 5.2)
EXPIRED = {401, 403}


class KeyOptions(SourceOptions):
    """A private key: ``key`` itself (in .env a PEM is one line, its line ends written ``\\n``), or
    ``key_file``, the path of the file that was downloaded.
    """

    key: Secret | None = None
    key_file: LocalPath | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.key is None) == (self.key_file is None):
            raise ValueError("нужен либо key (сам ключ), либо key_file (путь к файлу с ним)")
        return self

    @property
    def written_key(self) -> str:
        """The key as it was given; raises NeedsHuman where its file cannot be read."""
        if self.key is not None:
            return self.key.get_secret_value().strip()
        assert self.key_file is not None
        try:
            return self.key_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise NeedsHuman(
                f"Файл ключа {self.key_file} не читается. Проверьте путь в key_file."
            ) from error


class Access:
    """An API that is asked with a token of short life, which ``issue`` gets or signs.

    ``header`` makes the request's header of a token. A token that ran out in the middle of a crawl
    is got anew, once for a question.
    """

    def __init__(
        self, http: Http, issue: Callable[[], str], header: Callable[[str], Mapping[str, str]]
    ) -> None:
        self._http = http
        self._issue = issue
        self._header = header
        self._token = ""

    def ask(self, url: str, params: Mapping[str, str | int] | None = None) -> Response:
        """As :meth:`collectors.http.Http.ask`; a fresh token that is refused is NeedsHuman."""
        if self._token:
            headers = self._header(self._token)
            answer = self._http.ask(url, params=params, headers=headers, known=EXPIRED)
            if answer.status not in EXPIRED:
                return answer
        self._token = self._issue()
        return self._http.ask(url, params=params, headers=self._header(self._token))


def bearer(token: str) -> Mapping[str, str]:
    """The header of RFC 6750."""
    return {"Authorization": f"Bearer {token}"}


def ec_key(written: str) -> ec.EllipticCurvePrivateKey:
    """A private key for ES256; raises NeedsHuman."""
    key = _private_key(written)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise NeedsHuman("Ключ не того вида: нужен ключ эллиптической кривой P-256 (файл .p8).")
    return key


def rsa_key(written: str) -> rsa.RSAPrivateKey:
    """A private key for RSA signatures; raises NeedsHuman."""
    key = _private_key(written)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise NeedsHuman("Ключ не того вида: нужен закрытый ключ RSA.")
    return key


def signed(
    http: Http,
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
    claims: Mapping[str, str],
    life: timedelta,
    key_id: str | None = None,
) -> str:
    """A JWT of ``claims``, valid from now on for ``life``: ES256 or RS256, as the key is."""
    now = http.now()
    times = {"iat": int(now.timestamp()), "exp": int((now + life).timestamp())}
    algorithm = "ES256" if isinstance(key, ec.EllipticCurvePrivateKey) else "RS256"
    headers = {"kid": key_id} if key_id else None
    return jwt.encode({**claims, **times}, key, algorithm=algorithm, headers=headers)


def rsa_signature(key: rsa.RSAPrivateKey, text: str) -> str:
    """SHA512withRSA (PKCS #1 v1.5) of ``text``, in base64."""
    made = key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA512())
    return base64.b64encode(made).decode()


def google_token(http: Http, grant: Mapping[str, str]) -> str:
    """The access token that Google gives for ``grant``; raises NeedsHuman where it refuses.

    developers.google.com/identity/protocols/oauth2
    """
    answer = http.ask(GOOGLE, form=grant, known=REFUSED)
    told: Any = answer.json
    if answer.status in REFUSED:
        reason = shapes.text(told, "error_description") or shapes.text(told, "error")
        raise NeedsHuman(
            f"Google не принял ключ: {reason[:200]}. Получите новый и впишите его в настройки.",
            answer.status,
        )
    token = shapes.text(told, "access_token")
    if not token:
        raise shapes.changed(answer, "нет поля «access_token»")
    return token


def _private_key(written: str) -> object:
    text = written.replace("\\n", "\n")
    if "-----BEGIN" not in text:  # the bare base64 that RuStore shows
        text = f"-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n"
    try:
        return serialization.load_pem_private_key(text.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise NeedsHuman(
            "Закрытый ключ не разобрать. Нужен текст целиком, вместе со строками BEGIN и END."
        ) from error
