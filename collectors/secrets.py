"""Keep passwords and keys out of everything that is shown or stored."""

import re

_USERINFO = re.compile(r"(?<=://)[^/?#\s@]+@")
_BOT = re.compile(r"(?<=/bot)\d+(?::|%3[Aa])[\w-]+")  # the path of Telegram's Bot API
_QUERY = re.compile(
    r"""(?i)((?:[?&;]|\b)(?:[\w-]*(?:token|secret|password|passwd|signature|apikey|api_key|api-key|"""
    r"""auth|session)|key|sig|pwd|sid)=)[^&;\s"'<>)]+"""
)


def hide_secrets(text: str) -> str:
    """``text`` with the user parts of its URLs and the values of keys and tokens replaced."""
    return _QUERY.sub(r"\1…", _BOT.sub("…", _USERINFO.sub("…@", text)))
