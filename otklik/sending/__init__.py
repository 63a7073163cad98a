"""How a message goes out by each sort of channel: letters, a Telegram bot, all else by apprise."""

from otklik.channels import Channel
from otklik.outgoing import Message
from otklik.sending import letters, others, telegram
from otklik.sending.line import Line
from otklik.sending.steps import Refused, Step

__all__ = ["Line", "Refused", "Step", "steps"]


def steps(channel: Channel, message: Message, message_id: str, line: Line) -> list[Step]:
    """What is to be sent one after the other, each to be acknowledged before the next."""
    if channel.is_mail:
        return letters.steps(channel, message, message_id, line)
    if channel.is_telegram:
        return telegram.steps(channel, message, line)
    return others.steps(channel, message)
