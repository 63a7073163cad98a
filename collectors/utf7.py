"""Modified UTF-7, in which IMAP writes folder names (RFC 3501, 5.1.3)."""

import base64
import re

_FOREIGN = re.compile(r"[^\x20-\x7e]+|&")
_SHIFTED = re.compile(r"&([A-Za-z0-9+,]*)-")


def encode(name: str) -> str:
    """«Отзывы» -> «&BB4EQgQ3BEsEMgRL-»; plain ASCII stays as it is."""

    def shifted(match: re.Match[str]) -> str:
        if match[0] == "&":
            return "&-"
        packed = base64.b64encode(match[0].encode("utf-16-be"), altchars=b"+,")
        return f"&{packed.decode().rstrip('=')}-"

    return _FOREIGN.sub(shifted, name)


def decode(name: str) -> str:
    """The name that a person knows the folder by; what cannot be read stays as it is."""

    def plain(match: re.Match[str]) -> str:
        packed = match[1]
        if not packed:
            return "&"
        try:
            padded = packed + "=" * (-len(packed) % 4)
            return base64.b64decode(padded, altchars=b"+,").decode("utf-16-be")
        except ValueError:
            return match[0]

    return _SHIFTED.sub(plain, name)
