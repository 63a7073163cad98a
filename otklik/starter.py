"""The config.yaml that `otklik init` writes for a brand of one's own."""

import json
from pathlib import Path

from otklik.brands import code_of
from otklik.messages import ConfigError, system

_TEMPLATE = """\
# Настройки Отклика. Пути считаются от этого файла; секреты пишутся как ${{ИМЯ}} и берутся из
# окружения или из файла .env рядом.

database:
  url: otklik.db                 # файл SQLite или postgresql://user:${{PG_PASSWORD}}@host/name

timezone: Europe/Moscow

# Свои бренды и конкуренты. Падежи, ё/е и латинское написание находятся сами;
# aliases — другие названия.
{brands}

# Источники. Общие ключи: name, type, title, brand, every (30м, 6ч, 1д или "0 3 * * *" — в 3:00),
# enabled; остальное — своё у каждого типа (feed — ленты, page — страницы отзывов, file — выгрузки).
# Все типы — в README, пример каждого — в config.yaml самой программы.
# Источник с brand принадлежит этому бренду; без него упоминание относится к тем брендам,
# которые в нём названы. Проверить: otklik check
sources: []
#  - name: google-alerts
#    type: feed
#    url: https://www.google.com/alerts/feeds/…/…
#    every: 1ч
#  - name: otzyvy
#    type: page
#    brand: my-brand
#    url: https://example.ru/reviews
#    next: a[rel=next]

http:
  contact: ""                    # почта или страница для владельцев сайтов, уходит в User-Agent
  delay: 1                       # секунд между запросами к одному сайту
  # workers: 8                   # источников, которые otklik schedule собирает одновременно
  # allow_private: [10.0.0.5]    # адреса внутри вашей сети, которые разрешено спрашивать
  # proxy: http://otklik:${{PROXY_PASSWORD}}@proxy.example.ru:3128   # путь ко всем остальным сайтам

# Куда отправлять отчёты и оповещения: адреса apprise (https://appriseit.com/services/), особые
# знаки пароля — в виде %40. Проверить: otklik channels test ИМЯ
channels: []
#  - name: marketing
#    url: mailtos://otklik:${{SMTP_PASSWORD}}@example.ru?smtp=smtp.example.ru&mode=ssl&to=pr@example.ru
#  - name: crisis
#    url: tgram://${{TELEGRAM_TOKEN}}/-1001234567890    # бот должен быть в этом чате

# О чём сообщать: фильтр — ключи и значения ссылок приложения; when — each (каждое новое), count
# (не меньше n за within), surge (всплеск жалоб), rating (средняя оценка ниже below). Проверить:
# otklik alerts test ИМЯ. Правила можно добавлять и на странице «Оповещения».
# alerts:
#   - {{name: Всплеск жалоб, when: surge, filter: {{brand: my-brand}}, channels: [crisis]}}
#   - {{name: Плохие оценки, when: each, filter: {{rating: 1-2}}, quiet: "22:00-08:00"}}

# Отчёты по расписанию: за последнюю целую неделю, месяц или квартал (week, month, quarter).
# reports:
#   plans:
#     - {{name: Неделя, brand: my-brand, period: week, every: "0 9 * * 1", channels: [marketing]}}

# Имена и id авторов не хранятся: вместо них хеш («автор a1b2c3»), ключ которого лежит рядом, в
# файле author.key. Сделайте его копию: с другим ключом каждый автор станет двумя.
personal:
  store_authors: false           # true — хранить имена; [vk, maps] — только этих источников
  # keep: 730д                   # срок хранения упоминаний; без него — бессрочно
  # key: ${{OTKLIK_AUTHOR_KEY}}    # свой ключ хешей вместо файла author.key
"""

_NO_BRANDS = """\
brands: []
#  - code: my-brand
#    name: Мой бренд
#    aliases: [Май бренд]
#  - code: rival
#    name: Конкурент
#    competitor: true"""


def write(folder: Path, brand: str) -> Path:
    """Write config.yaml into ``folder``; an existing one is never overwritten (ConfigError)."""
    path = folder / "config.yaml"
    brands = _NO_BRANDS
    if brand:
        code = code_of(brand) or "brand"
        brands = f"brands:\n  - code: {code}\n    name: {json.dumps(brand, ensure_ascii=False)}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(_TEMPLATE.format(brands=brands))
    except FileExistsError as error:
        raise ConfigError(
            f"{path.absolute()} уже есть — он не тронут. Другая папка: otklik init ПАПКА"
        ) from error
    except OSError as error:
        raise ConfigError(f"не удалось записать {path.absolute()}: {system(error)}") from error
    return path
