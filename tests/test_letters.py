"""Letters as people and programs send them -> the author's own words."""

import time
from datetime import UTC, datetime

import pytest

from collectors import letters, quotations

OWN = "Курьер опоздал на три часа."


def raw(body: str, **headers: str) -> bytes:
    given = {"From": "a@x.example", "Content-Type": "text/plain; charset=utf-8"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "\r\n".join(f"{name}: {value}" for name, value in given.items())
    return f"{head}\r\n\r\n{body}".encode()


@pytest.mark.parametrize(
    "quoted",
    [
        "> Здравствуйте!\n> Чем помочь?",
        "05.01.2026 10:00, Магазин пишет:\n> Чем помочь?",
        "пн, 5 янв. 2026 г. в 10:00, Служба заботы магазина «Морошка»\n"
        "<help@shop.example> написал(а):\n\n> Чем помочь?\n>\n> С уважением",
        "On Mon, Jan 5, 2026 at 10:00 AM Shop <help@shop.example> wrote:\n> Hello",
        "05.01.2026, 10:00, Магазин <help@shop.example> написала:\nЧем помочь?",
        "-----Original Message-----\nFrom: Shop\nЧем помочь?",
        "-------- Исходное сообщение --------\nЧем помочь?",
        "От: Магазин\nОтправлено: понедельник, 5 января 2026 г.\nКому: Анна\nТема: Заказ\n\nНу?",
        "From: Shop\nSent: Monday\nTo: Anna\nSubject: Order\n\nWell?",
        "-- \nАнна\n+7 900 000-00-00",
        "--\nАнна",
        "С уважением,\nАнна Петрова\nООО «Ромашка»",
        "С уважением, Анна",
        "Отправлено с iPhone",
        "Sent from my iPhone",
        "Отправлено из мобильной Почты Mail.ru",
    ],
)
def test_what_is_not_the_authors_is_cut(quoted: str) -> None:
    assert quotations.of_text(f"{OWN}\n\n{quoted}\n") == OWN


@pytest.mark.parametrize(
    "text",
    [
        "Вчера ваш оператор написал:\nждите звонка. Никто не позвонил.",
        "В чате в 12:30 оператор пишет:\nждите. Жду до сих пор!",
        "От: метро до магазина идти полчаса.",
        "С уважением отнеслись к моей просьбе, но деньги не вернули, и вот уже две недели я пишу "
        "во все инстанции, а ответа нет.",
        "Плюсы:\n- быстро\n-- дорого\nМинусы: " + "\n".join(map(str, range(20))),
        "Цена > 1000 рублей, дорого.",
        "С уважением,\nАнна",
        "> Чем помочь?",
    ],
)
def test_in_doubt_nothing_is_cut(text: str) -> None:
    assert quotations.of_text(text) == text


def test_answers_between_quotes_stay() -> None:
    text = "a@x.example wrote:\n> Привезли?\nНет.\n> Позвонили?\nТоже нет."
    assert quotations.of_text(text) == "Нет.\nТоже нет."


@pytest.mark.parametrize(
    "quoted",
    [
        '<blockquote type="cite"><p>Чем помочь?</p></blockquote>',
        '<div class="gmail_quote"><div>пн, 5 янв.</div><blockquote>Чем?</blockquote></div>',
        '<div id="divRplyFwdMsg">От: Магазин</div><div>Чем помочь?</div><p>Ещё</p>',
        '<div class="moz-cite-prefix">5.1.26 пишет:</div><blockquote type="cite">?</blockquote>',
        '<div class="gmail_signature">Анна</div>',
        "<div>-- </div><div>Анна</div>",
        "<style>p {color: red}</style><script>alert(1)</script>",
    ],
)
def test_html_is_cut_by_its_marks(quoted: str) -> None:
    assert quotations.of_html(f"<html><body><p>{OWN}</p>{quoted}</body></html>") == OWN


def test_html_of_a_mere_forward_stays() -> None:
    markup = '<blockquote type="cite"><p>В магазине чисто.</p></blockquote>'
    assert quotations.of_html(markup) == "В магазине чисто."


def test_a_blockquote_of_the_author_stays() -> None:
    markup = "<p>Вы обещали:</p><blockquote>доставка за час</blockquote><p>Ждал три.</p>"
    assert quotations.of_html(markup) == "Вы обещали:\nдоставка за час\nЖдал три."


@pytest.mark.parametrize("charset", ["windows-1251", "koi8-r", "utf-8", "iso-8859-5"])
def test_charsets(charset: str) -> None:
    head = f"Subject: Жалоба\r\nContent-Type: text/plain; charset={charset}\r\n\r\n"
    read = letters.read((head + OWN).encode(charset))
    assert read.text == OWN


@pytest.mark.parametrize("declared", ["", "; charset=unknown-8bit", "; charset=us-ascii"])
def test_undeclared_and_wrong_charsets(declared: str) -> None:
    head = f"Subject: Жалоба\r\nContent-Type: text/plain{declared}\r\n\r\n"
    for charset in ("utf-8", "windows-1251"):
        read = letters.read((head + OWN).encode(charset))
        assert (read.text, read.subject) == (OWN, "Жалоба")


@pytest.mark.parametrize(
    ("subject", "found", "reply"),
    [
        ("Re: Заказ", "Заказ", True),
        ("RE: Fwd: Re[2]: Заказ", "Заказ", True),
        ("Отв: Заказ", "Заказ", True),
        ("Регистрация", "Регистрация", False),
        ("На кассе: хамство", "На кассе: хамство", False),
        ("=?utf-8?B?broken?=", None, False),
        ("=?no-such-charset?Q?abc?=", "abc", False),
    ],
)
def test_subjects(subject: str, found: str | None, reply: bool) -> None:
    read = letters.read(raw(OWN, Subject=subject, In_Reply_To="<1@x>"))
    assert read.is_reply is reply
    assert found is None or read.subject == found


@pytest.mark.parametrize(
    ("headers", "automatic"),
    [
        ({"Auto_Submitted": "auto-replied (vacation)"}, True),
        ({"Auto_Submitted": "auto-generated"}, False),
        ({"Auto_Submitted": "no"}, False),
        ({"X_Autoreply": "yes"}, True),
        ({"Precedence": "auto_reply"}, True),
        ({"Precedence": "bulk"}, False),
        ({"Subject": "Automatic reply: Order"}, True),
        ({"Subject": "Out of office"}, True),
        ({"Subject": "Автоответчик у вас грубый"}, False),
        ({"From": "Mail Delivery <MAILER-DAEMON@mx.example>"}, True),
        ({"Content_Type": "multipart/report; boundary=b"}, True),
        ({"Return_Path": "<>", "Auto_Submitted": "auto-generated"}, True),
        ({}, False),
    ],
)
def test_machines_are_told_from_people(headers: dict[str, str], automatic: bool) -> None:
    assert bool(letters.read(raw(OWN, **headers)).automatic) is automatic


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("Mon, 05 Jan 2026 10:00:00 +0300", datetime(2026, 1, 5, 7, tzinfo=UTC)),
        ("Mon, 05 Jan 2026 10:00:00 -0000", datetime(2026, 1, 5, 10, tzinfo=UTC)),
        ("5 Jan 26 10:00 MSK", datetime(2026, 1, 5, 10, tzinfo=UTC)),
        ("", None),
        ("yesterday", None),
        ("Mon, 45 Jan 2026 10:00:00 +0300", None),
        ("Mon, 05 Jan 2026 10:00:00 +9999", None),
    ],
)
def test_dates(written: str, moment: datetime | None) -> None:
    assert letters.read(raw(OWN, Date=written)).sent == moment


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\r\n",
        b"\x00\xff" * 100,
        b"Content-Type: multipart/mixed\r\n\r\nno boundary",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
        b"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b--\r\n",
        b"Content-Transfer-Encoding: base64\r\n\r\n!!!",
        b"Content-Transfer-Encoding: uuencode\r\n\r\nbegin 6 x\r\n#broken",
        b"Content-Type: text/html\r\n\r\n" + b"<div>" * 20_000,
        b"Content-Type: text/plain; charset=\xff\r\n\r\nx",
        b"From: " + b"<" * 1000 + b"\r\nMessage-ID: <\r\nDate: \xff\r\n\r\nx",
        b"Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nx",
        b"Subject: =?utf-8?Q?=FF=FE?= =?koi8-r?B?///?=\r\n\r\nx",
        b"From: " + b"(" * 5_000 + b"\r\n\r\nx",
        b"Subject: =?utf-8?B?A?=\r\n\r\nx",
        b"Content-Type: text/plain; charset=a%00b\r\n\r\n\xff",
        b"Content-Type: text/plain; charset=\x00\r\n\r\n\xff",
    ],
)
def test_broken_letters_are_read_somehow(body: bytes) -> None:
    assert isinstance(letters.read(body), letters.Read)


def test_nesting_without_end() -> None:
    layers = "".join(
        f"Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n" for n in range(200)
    )
    body = f"{layers}Content-Type: text/plain; charset=utf-8\r\n\r\n{OWN}"
    assert OWN in letters.read(body.encode()).text


def test_a_letter_cut_short_knows_it() -> None:
    head = {"Content_Type": "multipart/mixed; boundary=b"}
    text = f"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{OWN}\r\n"
    image = "--b\r\nContent-Type: image/png\r\n\r\niVBOR"
    assert letters.read(raw(text, **head), whole=False).is_cut
    assert not letters.read(raw(text + image, **head), whole=False).is_cut
    assert not letters.read(raw(text, **head), whole=True).is_cut


def test_long_letters_take_no_time() -> None:
    lines = ["05.01.2026 10:00 и ещё пишет " * 20, "> цитата", "От: кто-то"] * 5_000
    started = time.process_time()
    assert quotations.of_text("\n".join(lines))
    assert time.process_time() - started < 2


def test_the_line_above_an_intro_stays() -> None:
    text = f"Заказ 2026-17.\n{OWN}\nOn Mon, Jan 5, 2026 Shop <help@shop.example>\nwrote:\n> Hello"
    assert quotations.of_text(text) == f"Заказ 2026-17.\n{OWN}"
