"""What is wrong with a query, in words: the place, what was expected, an example."""

import re

from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

#: Characters of the query shown on either side of the place.
_AROUND = 50
_QUOTED = re.compile(r'"[^"]*"|«[^»]*»|“[^”]*”|„[^“”]*[“”]')
_AFTER = re.compile(r"\S+\s*\Z")
_OPENING = '"«“„'

_CHARACTERS = {
    "»": ("эта кавычка ничего не закрывает", "Фраза берётся в кавычки с обеих сторон", '"в сбере"'),
    "”": ("эта кавычка ничего не закрывает", "Фраза берётся в кавычки с обеих сторон", '"в сбере"'),
    ",": ("запятой в запросе не бывает", "Варианты пишутся через OR", "сбер OR сбербанк"),
    ";": ("точки с запятой не бывает", "Варианты пишутся через OR", "сбер OR сбербанк"),
    "-": ("минуса перед словом не бывает", "Исключение пишется через NOT", "сбер NOT вакансия"),
    "–": ("тире в запросе не бывает", "Исключение пишется через NOT", "сбер NOT вакансия"),
    "—": ("тире в запросе не бывает", "Исключение пишется через NOT", "сбер NOT вакансия"),
    "!": ("восклицательного знака не бывает", "Исключение пишется через NOT", "сбер NOT вакансия"),
    "|": ("этого знака здесь не бывает", "Варианты пишутся через OR", "сбер OR сбербанк"),
    "&": ("этого знака здесь не бывает", "Слова, нужные вместе, — через AND", "сбер AND карта"),
    "+": ("этого знака здесь не бывает", "Слова, нужные вместе, — через AND", "сбер AND карта"),
    "*": ("звёздочка здесь ни к чему не относится", "Она ставится только в конце слова", "сбер*"),
    "/": (
        "после косой черты ожидалось число, а до и после них — пробелы",
        "Так пишется расстояние в словах, а варианты — через OR",
        "банк /3 комиссия",
    ),
    "=": ("после = ожидалось слово", "Точная форма пишется слитно, фразе = не нужно", "=сбера"),
    ":": ("двоеточие здесь ни к чему", "Фильтры — author:имя и site:адрес", "сбер site:vk.com"),
    "#": ("решётка не ищется", "Напишите слово без неё", "сбер"),
    "@": ("знак @ не ищется", "Автор ищется фильтром author:", "author:ivanov"),
}
_UNKNOWN = (
    "этого знака здесь не бывает",
    "Есть слова, скобки, кавычки, AND, OR, NOT, =слово, сло*, /3, author: и site:",
    '(сбер OR "сбер банк") NOT вакансия',
)
_OPERATORS = {"_OR": "сбер OR сбербанк", "_AND": "сбер AND карта", "NEAR": "банк /3 комиссия"}


class QueryError(ValueError):
    """A query cannot be used; the text of the error is for the user.

    ``what`` is wrong ``at`` a character of ``query``, ``todo`` says what to do and ``example``
    shows it.
    """

    def __init__(self, query: str, at: int, what: str, todo: str, example: str) -> None:
        self.query, self.at = query, at
        self.what, self.todo, self.example = what, todo, example
        super().__init__(f"{what}\n{self.pointer}\n{todo}. Например: {example}")

    @property
    def pointer(self) -> str:
        """The line of the query with the place, as far as it fits, and a «^» under the place."""
        start = self.query.rfind("\n", 0, self.at) + 1
        end = self.query.find("\n", self.at)
        end = len(self.query) if end < 0 else end
        left, right = max(start, self.at - _AROUND), min(end, self.at + _AROUND)
        before, after = "…" * (left > start), "…" * (right < end)
        line = before + "".join(c if c.isprintable() else " " for c in self.query[left:right])
        return f"    {line}{after}\n    {' ' * (len(before) + self.at - left)}^"


def explain(query: str, error: UnexpectedInput) -> QueryError:
    """The parser's complaint in the user's words."""
    if isinstance(error, UnexpectedCharacters):
        return _character(query, error.pos_in_stream or 0)
    if isinstance(error, UnexpectedToken) and error.token.type != "$END":
        return _token(query, error.token.type, error.token.start_pos or 0)
    return _ending(query)


def _character(query: str, at: int) -> QueryError:
    char = query[at]
    if char in _OPENING:
        todo = "Закройте фразу такой же кавычкой"
        return QueryError(query, at, "кавычка не закрыта", todo, '"кредитная карта"')
    return QueryError(query, at, *_CHARACTERS.get(char, _UNKNOWN))


def _token(query: str, kind: str, at: int) -> QueryError:
    before = _AFTER.search(query, 0, at)
    last = before[0].strip() if before else ""
    if kind == "RPAR" and not _unclosed(query[:at]):
        todo = "Уберите её или добавьте открывающую"
        return QueryError(query, at, "эта скобка ничего не закрывает", todo, "(сбер OR втб) карта")
    if last.endswith("("):
        what = "в скобках сразу после ( ожидалось слово или фраза"
    elif last:
        what = f"после {last} ожидалось слово, фраза или скобка"
    else:
        what = "в начале ожидалось слово, фраза или скобка"
    todo = "Оператор ставится между словами; слово-оператор берётся в кавычки"
    return QueryError(query, at, what, todo, _OPERATORS.get(kind, "(сбер OR сбербанк) карта"))


def _ending(query: str) -> QueryError:
    """The query ends too early."""
    if last := re.search(r"(?:\S*/\d+|OR|ИЛИ|AND|И|NOT|НЕ|\()\s*\Z", query):
        word = last[0].strip()
        what = f"после {word} ничего нет: ожидалось слово, фраза или скобка"
        return QueryError(query, len(query), what, "Допишите запрос", "сбер OR сбербанк")
    opened = _unclosed(query) or [0]
    todo = "Поставьте ) там, где кончается её часть"
    return QueryError(query, opened[-1], "скобка не закрыта", todo, "(сбер OR сбербанк) карта")


def _unclosed(query: str) -> list[int]:
    """Where the brackets stand that are still open at the end."""
    opened: list[int] = []
    for place in re.finditer(r"[()]", _QUOTED.sub(lambda quoted: " " * len(quoted[0]), query)):
        if place[0] == "(":
            opened.append(place.start())
        elif opened:
            opened.pop()
    return opened
