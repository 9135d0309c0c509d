"""What a link out of a message opens: the one question it was sent with, and nothing beside it."""

from __future__ import annotations

from werkzeug.wrappers import Response

from daemon.links import token_in
from daemon.store.conversation import message_of_token, owner_of_token
from daemon.web import answer
from daemon.web.errors import Refused
from daemon.web.sign_in import count_failure, refuse_the_impatient
from daemon.web.visit import Asked, Visit
from rules.outcome import Message


def show(visit: Visit, link: str) -> Response:
    return answer.show(*_opened(visit, link))


def take(visit: Visit, link: str) -> Response:
    return answer.take(*_opened(visit, link))


def _opened(visit: Visit, link: str) -> tuple[Visit, Message]:
    """The visit as that of the athlete who was asked, and the message. Raises Refused."""
    refuse_the_impatient(visit)
    token = token_in(visit.house.key, link)
    if token is None:
        count_failure(visit, "A link that is not ours")
        raise Refused(404, "This link is not whole", "Open it from the message once more, or answer there.")
    with visit.house.store.reading() as session:
        owner = owner_of_token(session, token)
        message = None if owner is None else message_of_token(session, owner, token)
    if owner is None or owner not in visit.house.config.athletes or message is None:
        raise Refused(410, "This question is gone", "It is no longer here. Your next message has a new link.")
    visit.asked = Asked(owner, token)
    return visit, message
