"""Columns that stand for labels, in ``mention_brand`` and in the roll-ups."""

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
