"""The text of a query -> its tree, or a :class:`QueryError` that points at the place."""

import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, cast

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedInput

from otklik.query.errors import QueryError, explain
from otklik.query.tree import (
    And,
    Author,
    Near,
    Not,
    Or,
    Phrase,
    Site,
    Tree,
    Word,
    all_of,
    any_of,
    depth,
    leaves,
)
from otklik.spelling import WORD

LONGEST_QUERY = 4000
MOST_WORDS = 300
DEEPEST_QUERY = 20
LONGEST_DISTANCE = 50
LONGEST_CHAIN = 10
SHORTEST_PREFIX = 3

_QUOTES = '"«»“”„'
_OPERATOR_IN_LOWER_CASE = re.compile(r"(?<![\w\"«])(or|или|and|not)(?![\w\"»])")
_ADDRESS = re.compile(r"(?:[\w-]+\.)+[\w-]+(?:/[^\s()\"«»]*)?")


@lru_cache(maxsize=1000)
def parse(query: str) -> Tree:
    """The tree of ``query``. Raises :class:`QueryError`, also for what would match anything."""
    if len(query) > LONGEST_QUERY:
        what = f"запрос длиннее {LONGEST_QUERY} знаков"
        raise QueryError(query, LONGEST_QUERY, what, "Сократите его: поможет звёздочка", "сбер*")
    if not query.strip():
        raise QueryError(query, 0, "запрос пуст", "Напишите хотя бы одно слово", "сбер OR сбербанк")
    try:
        tree = cast(Tree, _parser().parse(query))
    except UnexpectedInput as error:
        raise explain(query, error) from None
    except _Refused as error:
        raise QueryError(query, *error.args) from None
    if sum(1 for _ in leaves(tree)) > MOST_WORDS:
        what = f"в запросе больше {MOST_WORDS} слов"
        raise QueryError(query, 0, what, "Сократите его: поможет звёздочка", "сбер*")
    if (boundless := _boundless(tree)) is not None:
        what = "этому подходит почти любой текст: нет слова, которое должно встретиться"
        todo = "Одного NOT мало, и по каждую сторону OR нужно слово без NOT"
        raise QueryError(query, boundless, what, todo, "сбер NOT вакансия")
    return tree


def remarks(query: str) -> tuple[str, ...]:
    """What in a query that parses may be meant otherwise."""
    return tuple(
        f"«{word}» строчными буквами — обычное слово; оператор пишется {word.upper()}"
        for word in dict.fromkeys(_OPERATOR_IN_LOWER_CASE.findall(query))
    )


class _Refused(Exception):
    """(place, what, what to do, example) of something that the grammar lets through."""


def _boundless(tree: Tree) -> int | None:
    """The place of a part that holds for texts in which none of the words occurs, if it does."""
    if isinstance(tree, Or):
        return next((at for part in tree.parts if (at := _boundless(part)) is not None), None)
    if isinstance(tree, And):
        places = [_boundless(part) for part in tree.parts]
        return places[0] if None not in places else None
    if isinstance(tree, Not):
        return None if _holds_nowhere_else(tree.part) else tree.at
    return None


def _holds_nowhere_else(tree: Tree) -> bool:
    """Whether NOT of this asks for a word: only where it takes back another NOT."""
    if isinstance(tree, Not):
        return _boundless(tree.part) is None
    if isinstance(tree, And):
        return all(map(_holds_nowhere_else, tree.parts))
    return isinstance(tree, Or) and any(map(_holds_nowhere_else, tree.parts))


@v_args(inline=True)
class _Builder(Transformer[Token, Any]):
    """Builds the tree from the leaves up, while the text is parsed: nothing recurses."""

    def word(self, token: Token) -> Tree:
        return _word(token, _place(token))

    def phrase(self, token: Token) -> Tree:
        at = _place(token)
        words = tuple(_phrase_words(token, at))
        if not words:
            raise _Refused(at, "фраза пуста", "Впишите слова между кавычками", '"кредитная карта"')
        return Phrase(words, at)

    def filter(self, token: Token) -> Tree:
        at = _place(token)
        name, _, value = token.partition(":")
        value = " ".join(re.sub(f"[{_QUOTES}]", " ", value).split())
        if name.lower() in ("site", "сайт"):
            return _site(value, at)
        if not value.strip("* "):
            raise _Refused(at, "не сказано, какой автор", "Имя пишется слитно с", "author:ivanov")
        return Author(value.rstrip("* "), value.endswith("*"), at)

    def near(self, *items: Any) -> Tree:
        operands, signs = items[0::2], items[1::2]
        for operand in operands:
            options = operand.parts if isinstance(operand, Or) else (operand,)
            if not all(isinstance(option, Word | Phrase) for option in options):
                what = "рядом с расстоянием бывают слова, фразы или их варианты в скобках"
                raise _Refused(operand.at, what, "Упростите эту часть", "банк /3 (плата OR сбор)")
        if len(operands) > LONGEST_CHAIN:
            what = f"больше {LONGEST_CHAIN} слов, связанных расстояниями"
            raise _Refused(_place(signs[0]), what, "Разбейте на части через AND", "банк /3 карта")
        return _shallow(Near(tuple(operands), tuple(map(_distance, signs)), operands[0].at))

    def without(self, sign: Token, part: Tree) -> Tree:
        return _shallow(Not(part, _place(sign)))

    def all_of(self, *parts: Tree) -> Tree:
        return _shallow(all_of(parts, parts[0].at))

    def any_of(self, *parts: Tree) -> Tree:
        return _shallow(any_of(parts, parts[0].at))


def _word(written: str, at: int) -> Word:
    exact, prefix = written.startswith("="), written.endswith("*")
    text = written.removeprefix("=").removesuffix("*")
    if exact and prefix:
        what = "точная форма и звёздочка вместе не бывают"
        raise _Refused(at, what, "Оставьте что-то одно", "=сбера OR сбер*")
    if prefix and len(WORD.findall(text)[-1]) < SHORTEST_PREFIX:
        what = f"перед звёздочкой меньше {SHORTEST_PREFIX} букв: подойдёт слишком многое"
        raise _Refused(at, what, "Напишите больше букв", "сбер*")
    return Word(text, exact, prefix, at)


def _phrase_words(token: str, start: int) -> list[Word]:
    """Words stand in a phrase as outside, punctuation is passed over."""
    found = []
    for match in re.finditer(r"=?[^\W_](?:\w|[-.'\u2019&+](?=\w))*\*?", token):
        if token[match.end() : match.end() + 1].isalnum():
            what = "звёздочка бывает только в конце слова"
            raise _Refused(
                start + match.end() - 1, what, "Уберите её или хвост слова", '"сбер* карта"'
            )
        found.append(_word(match[0], start + match.start()))
    return found


def _site(value: str, at: int) -> Site:
    address = re.sub(r"^(?:https?://)?(?:www\.)?", "", value.lower()).rstrip("/")
    if not _ADDRESS.fullmatch(address):
        raise _Refused(at, "это не адрес сайта", "Нужно имя сайта, можно с путём", "site:vk.com")
    return Site(address, at)


def _distance(sign: Token) -> int:
    digits = sign.removeprefix("/").lstrip("0") or "0"
    if len(digits) > 2 or int(digits) > LONGEST_DISTANCE:
        what = f"расстояние больше {LONGEST_DISTANCE} слов"
        raise _Refused(
            _place(sign), what, "Возьмите меньше или соедините через AND", "банк /5 карта"
        )
    return int(digits)


def _shallow(tree: Tree) -> Tree:
    if depth(tree) > DEEPEST_QUERY:
        what = f"вложенность больше {DEEPEST_QUERY}"
        raise _Refused(tree.at, what, "Раскройте лишние скобки", "(сбер OR сбербанк) карта")
    return tree


def _place(token: Token) -> int:
    return token.start_pos or 0


@cache
def _parser() -> Lark:
    grammar = (Path(__file__).parent / "grammar.lark").read_text(encoding="utf-8")
    # The basic lexer: else «OR» where no operator may stand would silently be a word.
    return Lark(grammar, parser="lalr", lexer="basic", transformer=_Builder())
