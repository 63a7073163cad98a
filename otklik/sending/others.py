"""All other services by apprise itself: one step, whose reason is what apprise tells its log."""

import re
import tempfile
from functools import partial
from pathlib import Path

import apprise
from apprise.attachment.file import AttachFile

from otklik.channels import Channel, listening
from otklik.outgoing import Message
from otklik.sending.steps import Refused, Step

_CODE = re.compile(r"error=(\d{3})")
_PICTURE = "chart.png"
_LONGEST_ANSWER = 300


def steps(channel: Channel, message: Message) -> list[Step]:
    """The whole message at once: apprise does not tell which of its parts was taken."""
    return [Step("message", "", partial(_send, channel, message))]


def _send(channel: Channel, message: Message) -> None:
    plugin = channel.plugin
    with tempfile.TemporaryDirectory() as folder, listening() as heard:
        files = [(name, path) for name, path in message.files]
        if message.picture is not None:
            picture = Path(folder, _PICTURE)
            picture.write_bytes(message.picture)
            files.insert(0, (_PICTURE, picture))
        attached = apprise.AppriseAttachment()
        for name, path in files:
            attached.add(AttachFile(str(path), name=name))  # type: ignore[no-untyped-call]
        taken = plugin.notify(
            title=message.title,
            body=message.text,
            body_format=apprise.NotifyFormat.TEXT,
            attach=attached if files and plugin.attachment_support else None,
        )
    if not taken:
        raise _refused(plugin.service_name, " ".join(heard))


def _refused(service: str, said: str) -> Refused:
    """A code of the service that says «never» ends it, anything else may pass."""
    found = _CODE.search(said)
    code = int(found[1]) if found else 0
    again = not 400 <= code < 500 or code in {408, 425, 429}
    words = f"{service} не принял сообщение ({said[:_LONGEST_ANSWER] or 'причина не названа'})."
    return Refused(
        words if again else f"{words} Проверьте адрес канала и его ключи.",
        again=again,
        everyone=True,
    )
