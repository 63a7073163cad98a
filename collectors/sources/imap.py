"""Letters of a mailbox folder, over IMAP4rev1 (RFC 3501); the mailbox is never changed.

Letters are read in the order of their UIDs, which only grow: the highest one read is kept between
runs. Where the server numbers the folder anew (another UIDVALIDITY), it is read anew, and the
Message-ID keeps letters from being stored twice.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated

from pydantic import Field

from collectors import letters
from collectors.base import EPOCH, About, Context, Item, Mention, Order, key_of
from collectors.cleaning import TOMORROW
from collectors.imap import LONGEST_LETTER, Folder, Letter
from collectors.imap_client import Account, Security
from collectors.options import Secret, SourceOptions, Word

ABOUT = About(
    title="Почтовый ящик (IMAP)",
    auth="имя и пароль; у Яндекса, Mail.ru и Gmail — пароль приложения и разрешённый IMAP",
    limits="вся папка, затем новые письма",
    caveats="только читает: письма не помечаются прочитанными; цитаты и подписи отрезаются, "
    "автоответы и отчёты о доставке пропускаются; так приходят и уведомления площадок, у которых "
    "нет открытой двери (Яндекс Карты)",
)
ORDER: Order = "oldest_first"
LOOKBACK = timedelta(days=2)  # of effect only where the UIDs of the last run are not known
BATCH = 20  # letters fetched at once: at most 10 MB


class Options(SourceOptions):
    """``user`` and ``password`` of the mailbox at ``host``; ``folder`` as its owner sees it.

    ``security`` is tls (port 993), starttls (usually port 143), or none for a server inside one's
    own network that ``http.allow_private`` names.
    """

    host: Word
    port: Annotated[int, Field(ge=1, le=65535)] = 993
    security: Security = "tls"
    user: Annotated[Word, Field(pattern=r"^[^\x00-\x1f\x7f]+$")]
    password: Secret
    folder: Annotated[Word, Field(pattern=r"^[^\x00-\x1f\x7f]+$")] = "INBOX"


def pages(ctx: Context[Options]) -> Iterator[list[Item]]:
    """Letters above the last UID, ``BATCH`` at a time; of a folder never read, since ``since``."""
    options = ctx.options
    account = Account(
        host=options.host,
        port=options.port,
        security=options.security,
        user=options.user,
        password=options.password.get_secret_value(),
    )
    with ctx.http.mailbox(account) as box:
        folder = box.open(options.folder)
        after, anew = _after(ctx, folder)
        unbounded = after or anew or ctx.since <= EPOCH
        uids = box.uids(folder, after, None if unbounded else ctx.since)
        for start in range(0, len(uids), BATCH):
            batch = uids[start : start + BATCH]
            page = list(_items(ctx, box.letters(batch)))
            # Before the page is handed over: the runner saves the state once it is stored.
            ctx.state.update(uidvalidity=folder.validity, uid=batch[-1])
            yield from ctx.given(page)
        ctx.state.update(uidvalidity=folder.validity, uid=uids[-1] if uids else after)


def _after(ctx: Context[Options], folder: Folder) -> tuple[int, bool]:
    """The last UID read, and whether the folder was numbered anew since."""
    known = ctx.state.get("uidvalidity")
    if known == folder.validity:
        return int(ctx.state.get("uid", 0)), False
    if known is None:
        return 0, False
    ctx.note(ctx.options.folder, "Сервер пронумеровал письма заново: папка прочитана с начала.")
    return 0, True


def _items(ctx: Context[Options], found: list[Letter]) -> Iterator[Item]:
    for letter in found:
        whole = letter.size <= LONGEST_LETTER
        read = letters.read(letter.body, whole=whole)
        where = f"письмо {letter.uid}: {read.subject[:80] or 'без темы'}"
        if read.automatic:
            ctx.reject(where, read.automatic)
        elif not read.text and not read.subject:
            ctx.reject(where, "В письме нет текста.")
        else:
            if read.is_cut:
                ctx.note(where, f"Письмо длиннее {LONGEST_LETTER >> 10} КиБ, прочитано начало.")
            yield _mention(ctx, letter, read)


def _mention(ctx: Context[Options], letter: Letter, read: letters.Read) -> Mention:
    moment = read.sent
    if letter.received and (moment is None or moment > letter.received + TOMORROW):
        moment = letter.received  # a clock gone wrong at the sender's
    identity = (read.address, read.sent, read.subject, read.text)
    return Mention(
        source=ctx.source,
        external_id=read.message_id or key_of(*identity),
        parent_id=read.parent_id,
        text=read.text,
        # The subject of an answer is somebody else's words.
        title="" if read.is_reply and read.text else read.subject,
        author=read.author,
        author_id=read.address,
        published_at=moment or ctx.now,
        date_known=moment is not None,
        raw={"folder": ctx.options.folder, "uid": letter.uid, "subject": read.subject},
    )
