"""What each kind of channel has to be told, asked one by one; secrets are made here or typed, and never shown but once."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import click

from daemon.channels import EXAMPLES, NTFY_SERVER, TELEGRAM_API
from daemon.cli.context import now
from daemon.cli.setup_asking import answered, filled, secret_answer
from daemon.config_channels import EMAIL, NTFY, TELEGRAM
from daemon.config_values import checked
from daemon.options import OPTIONS
from daemon.setup_config import Kept

SUBSCRIBE = """\
Install the ntfy app on the phone, press +, and subscribe to this topic{server}. Its name is a password: keep it to yourself.

  {topic}

On an Android phone this link does the same:  {link}
To write to me in your own words, also subscribe to  {reply_topic}  (mute it)."""
MAKE_A_BOT = """\
Write /newbot to @BotFather in Telegram: it makes a bot of yours and shows its token."""
PRESS_START = """\
Open this on the phone and press Start:

  {link}

Or send your bot:  /start {code}"""
PAIRED_WITHIN_S, POLL_S = 600.0, 10
NOBODY = "Nobody sent the code within {:.0f} minutes."
MAIL = """\
Use a mailbox of niggled's own if you can: it reads what arrives there. A provider that has app passwords wants one here."""
SERVER_QUESTION = "Server that {does} mail ({example}), or its whole {scheme}:// URL?"


@dataclass(frozen=True, slots=True)
class ChannelAnswers:
    """What was said about the channel by options; None is asked where it is needed."""

    kind: str | None = None
    name: str | None = None
    server: str | None = None
    token_file: str | None = None
    to: str | None = None
    from_: str | None = None
    smtp_file: str | None = None
    imap_file: str | None = None
    url_file: str | None = None
    test: bool = True
    answer_within_s: float = 300.0


def settings_of(kind: str, said: ChannelAnswers, name: str, home: Path) -> Mapping[str, object]:
    """The table of a channel of this kind. Raises ConnectorError where its service says no."""
    if kind == NTFY:
        return _ntfy(said)
    if kind == TELEGRAM:
        return _telegram(said, name)
    if kind == EMAIL:
        return _email(said)
    url = secret_answer("Apprise URL, like pover://USER@TOKEN?", _with_scheme, "--url-file", said.url_file)
    return {"kind": kind, "url": Kept(url)}


def _ntfy(said: ChannelAnswers) -> Mapping[str, object]:
    from connectors.channels.ntfy import new_topic

    server = answered("ntfy server?", _server, "--server", said.server, proposal=NTFY_SERVER)
    topic, reply_topic = new_topic(), new_topic()
    own = server != NTFY_SERVER
    host = urlsplit(server).netloc
    click.echo(
        SUBSCRIBE.format(
            topic=topic,
            reply_topic=reply_topic,
            server=f" on {server}" if own else "",
            link=f"ntfy://{host}/{topic}{'?secure=false' if server.startswith('http:') else ''}",
        )
    )
    values: dict[str, object] = {"kind": NTFY, "topic": Kept(topic), "reply_topic": Kept(reply_topic)}
    if own:
        values["server"] = server
        token = secret_answer(
            "Access token of the server; Enter where it needs none?",
            str,
            "--token-file",
            said.token_file,
            proposal="",
        )
        values |= {"token": Kept(token)} if token else {}
    answered("Subscribed? Enter goes on.", str, "--channel", "" if said.kind else None, proposal="")
    return values


def _telegram(said: ChannelAnswers, name: str) -> Mapping[str, object]:
    from connectors.channels.telegram_pairing import new_pairing_code, paired_chat, pairing_link
    from connectors.errors import Unavailable

    if said.token_file is None:
        click.echo(MAKE_A_BOT)
    token = secret_answer("Token of the bot?", _bot_token, "--token-file", said.token_file)
    server = TELEGRAM_API if said.server is None else answered("", _server, "--server", said.server)
    code = new_pairing_code()
    link = pairing_link(name, token, code, now, base_url=server)
    click.echo(PRESS_START.format(link=link, code=code))
    until_s = time.monotonic() + PAIRED_WITHIN_S
    chat = paired_chat(
        name, token, code, now, lambda: time.monotonic() >= until_s, base_url=server, poll_s=POLL_S
    )
    if chat is None:
        raise Unavailable(NOBODY.format(PAIRED_WITHIN_S / 60))
    click.echo("✔ Paired.")
    own = {"server": server} if said.server else {}
    return {"kind": TELEGRAM, "token": Kept(token), "chat": chat, **own}


def _email(said: ChannelAnswers) -> Mapping[str, object]:
    if said.from_ is None:
        click.echo(MAIL)
    to = answered("Your address?", _mail_address, "--to", said.to)
    from_ = answered("The address it comes from?", _mail_address, "--from", said.from_, proposal=to)
    smtp = _mail_url("smtp", from_, said.smtp_file, "--smtp-file", None)
    imap = _mail_url("imap", from_, said.imap_file, "--imap-file", smtp)
    values: dict[str, object] = {"kind": EMAIL, "to": to, "from": from_, "smtp": Kept(smtp)}
    return values | ({"imap": Kept(imap)} if imap else {})


def _mail_url(scheme: str, address: str, file: str | None, option: str, like: str | None) -> str:
    """A URL with the login in it; for IMAP the login of `like` is used again, and `none` is an answer."""
    host = f"{scheme}.{address.rpartition('@')[2]}"
    if like is not None:
        host = (urlsplit(like).hostname or host).replace("smtp", "imap", 1)
    if file is not None:
        return secret_answer("", lambda text: _host_or_url(text, scheme), option, file)
    does = "sends" if like is None else "receives your answers by"
    question = SERVER_QUESTION.format(does=does, example=host, scheme=scheme)
    if like is not None:
        question += " `none`: one-way."
    told = answered(question, lambda text: _host_or_url(text, scheme), option, proposal=host)
    if told == "none":
        return ""
    if "://" in told:
        return told
    if like is not None:
        login = urlsplit(like).netloc.rpartition("@")[0]
    else:
        user = answered("User name there?", filled, option, proposal=address)
        password = secret_answer("Password there?", filled, option, None)
        login = f"{quote(user, safe='')}:{quote(password, safe='')}"
    name, _, port = told.partition(":")
    plain = "" if port in ("", "465", "993") else "plain"
    return f"{scheme}{'' if plain else 's'}://{login}@{name}{f':{port}' if port else ''}"


def _host_or_url(text: str, scheme: str) -> str:
    if text == "none" and scheme == "imap":
        return text
    if text.startswith((f"{scheme}://", f"{scheme}s://")):
        return text
    if not re.fullmatch(r"[A-Za-z0-9.-]+(:\d{1,5})?", text) or not text:
        raise ValueError(
            f"that is neither a server nor a URL. Examples: mail.example.org, {EXAMPLES[scheme]}"
        )
    return text


def _server(text: str) -> str:
    option = next(one for one in OPTIONS if one.key == "athletes.*.channels.*.server")
    return str(checked(option, text))


def _mail_address(text: str) -> str:
    if not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", text):
        raise ValueError(f"{text!r} is no mail address. Example: runner@example.org")
    return text


def _bot_token(text: str) -> str:
    if not re.fullmatch(r"\d{5,}:[\w-]{20,}", text):
        raise ValueError("that is no token of a bot. It looks like 8134567890:AAF…, as @BotFather shows it")
    return text


def _with_scheme(text: str) -> str:
    if not re.match(r"[a-z][a-z0-9+.-]*://\S", text):
        raise ValueError("that is no Apprise URL. It begins with the service, like pover:// or signal://")
    return text
