"""The labels: tone, kind, intents, touchpoints and their Russian names.

Codes are stored and exported, names are shown. The journey (which touchpoints form which
stage) is data, not code: see ``journey.yaml`` beside this file and :mod:`nlp.journey`.
"""

from enum import StrEnum


class Tone(StrEnum):
    """Overall attitude of the author; ``MIXED`` is praise and criticism of similar weight."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"
    MIXED = "mixed"


#: The tones a model predicts, in the order of its outputs; ``mixed`` is derived from opinions.
MODEL_TONES = (Tone.NEGATIVE, Tone.NEUTRAL, Tone.POSITIVE)


class Kind(StrEnum):
    """What sort of text it is; exactly one per mention."""

    COMPLAINT = "complaint"
    PRAISE = "praise"
    REVIEW = "review"
    QUESTION = "question"
    SUGGESTION = "suggestion"
    COMPARISON = "comparison"
    PROMO = "promo"
    OTHER = "other"


#: Kinds that are not a customer's voice: left out of every share's denominator.
NOT_A_VOICE = (Kind.PROMO, Kind.OTHER)


class Intent(StrEnum):
    """What the author says they will do, or had to do."""

    CHURN = "churn"
    RETURN = "return"
    RECOMMEND = "recommend"
    WARN = "warn"
    EFFORT = "effort"


class Touchpoint(StrEnum):
    """A point of contact between the customer and the company."""

    ADVERTISING = "advertising"
    BRAND = "brand"
    ASSORTMENT = "assortment"
    PRICE = "price"
    DESCRIPTION = "description"
    SITE_APP = "site_app"
    ORDERING = "ordering"
    PAYMENT = "payment"
    LOCATION = "location"
    STAFF = "staff"
    SPEED = "speed"
    DELIVERY = "delivery"
    PACKAGING = "packaging"
    QUALITY = "quality"
    USABILITY = "usability"
    SUPPORT = "support"
    RETURNS = "returns"
    LOYALTY_PROGRAM = "loyalty_program"
    COMMUNICATION = "communication"


TONE_NAMES = {
    Tone.NEGATIVE: "негатив",
    Tone.NEUTRAL: "нейтрально",
    Tone.POSITIVE: "позитив",
    Tone.MIXED: "смешанно",
}

KIND_NAMES = {
    Kind.COMPLAINT: "жалоба",
    Kind.PRAISE: "похвала",
    Kind.REVIEW: "отзыв",
    Kind.QUESTION: "вопрос",
    Kind.SUGGESTION: "предложение",
    Kind.COMPARISON: "сравнение",
    Kind.PROMO: "реклама и новости",
    Kind.OTHER: "другое",
}

INTENT_NAMES = {
    Intent.CHURN: "уходит",
    Intent.RETURN: "вернётся",
    Intent.RECOMMEND: "рекомендует",
    Intent.WARN: "отговаривает",
    Intent.EFFORT: "пришлось потрудиться",
}

TOUCHPOINT_NAMES = {
    Touchpoint.ADVERTISING: "Реклама и обещания",
    Touchpoint.BRAND: "Бренд и репутация",
    Touchpoint.ASSORTMENT: "Ассортимент и наличие",
    Touchpoint.PRICE: "Цена и условия",
    Touchpoint.DESCRIPTION: "Соответствие описанию",
    Touchpoint.SITE_APP: "Сайт и приложение",
    Touchpoint.ORDERING: "Оформление",
    Touchpoint.PAYMENT: "Оплата и списания",
    Touchpoint.LOCATION: "Место и помещение",
    Touchpoint.STAFF: "Персонал",
    Touchpoint.SPEED: "Скорость и очереди",
    Touchpoint.DELIVERY: "Доставка и выдача",
    Touchpoint.PACKAGING: "Упаковка и комплектность",
    Touchpoint.QUALITY: "Качество",
    Touchpoint.USABILITY: "Удобство и функции",
    Touchpoint.SUPPORT: "Поддержка",
    Touchpoint.RETURNS: "Возврат и гарантия",
    Touchpoint.LOYALTY_PROGRAM: "Бонусы и лояльность",
    Touchpoint.COMMUNICATION: "Рассылки и навязывание",
}
