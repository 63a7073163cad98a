"""Private keys for the tests: made anew in each run, stored nowhere."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    """The key as its owner downloads it."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def on_one_line(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    """The key as it stands in .env."""
    return pem(key).replace("\n", "\\n")


def filled(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a recorded case with keys for ``${TEST_EC_KEY}`` and ``${TEST_RSA_KEY}``."""
    text = json.dumps(options)
    for name, key in (("${TEST_EC_KEY}", ec_key), ("${TEST_RSA_KEY}", rsa_key)):
        if name in text:
            text = text.replace(name, json.dumps(on_one_line(key()))[1:-1])
    loaded: dict[str, Any] = json.loads(text)
    return loaded
