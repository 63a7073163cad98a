"""Columns that stand for labels, in ``mention_brand`` and in the roll-ups."""

from enum import StrEnum

from nlp.labels import Intent

#: The column of each intent («return» is a word of Python).
INTENTS = {
    Intent.CHURN: "churn",
    Intent.RETURN: "will_return",
    Intent.RECOMMEND: "recommend",
    Intent.WARN: "warn",
    Intent.EFFORT: "effort",
}
#: The sums of answers to the NPS question, from the lowest answer counted to the highest.
NPS = {"promoters": (9, 10), "passives": (7, 8), "detractors": (0, 6)}
#: The sums of mentions with one, two, … five stars.
STARS = {f"star{stars}": stars for stars in range(1, 6)}

#: One mention's point, shared by the touchpoints it is negative (or positive) about. Up to ten of
#: them divide it without a remainder, so that sums stay exact.
WHOLE = 2520


class Facet(StrEnum):
    """What else a source tells of a mention: the column of ``mention`` that holds it."""

    PLACE = "place"
    PRODUCT = "product"
    CITY = "city"
    VERSION = "app_version"


#: A value longer than this is cut: PostgreSQL indexes no more than 2.7 kB.
LONGEST_VALUE = 200


class Status(StrEnum):
    """How far the team is with a mention; without any step it is new."""

    NEW = "new"
    WORKING = "working"
    ANSWERED = "answered"
    IGNORED = "ignored"  # needs no answer
