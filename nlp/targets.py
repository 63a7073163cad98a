"""Where a text names a target: every case form, found by dictionary form."""

import re

from nlp.encode import Spans
from nlp.text import clean, lemmas

_WORD = re.compile(r"\w+")


def find(target: str, text: str) -> Spans:
    """(start, end) code point offsets of the mentions of ``target`` in ``text``, in order.

    Words are compared by their dictionary forms; quotes and signs between them do not count.
    """
    wanted = lemmas(target).replace("-", " ").split()
    words = [(m.span(), lemmas(m.group())) for m in _WORD.finditer(clean(text))]
    found: Spans = []
    for number in range(len(words) - len(wanted) + 1) if wanted else ():
        run = words[number : number + len(wanted)]
        after_last = not found or run[0][0][0] >= found[-1][1]
        if after_last and [lemma for _, lemma in run] == wanted:
            found.append((run[0][0][0], run[-1][0][1]))
    return found
