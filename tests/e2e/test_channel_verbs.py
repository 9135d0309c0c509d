"""Setting channels up with the installed command: pairing a chat, a test message through each, mistakes with their cure."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fakes.clock import time_now
from fakes.command import NIGGLED, Environment, niggled
from fakes.pockets import NtfyPhone, TelegramPhone
from fakes.receiver import REFUSED_LOGIN, Receiver, Trouble
from fakes.smtp import MailServer
from fakes.telegram import RUNNER, TOKEN, TelegramServer


def configured(folder: Path, environment: Environment, text: str) -> Environment:
    path = folder / "config.toml"
    path.write_text('[athletes.anna]\ntimezone = "UTC"\n' + text)
    return environment | {"NIGGLED_CONFIG": str(path)}


def mail_table(server: MailServer) -> str:
    return (
        '[athletes.anna.channels.mail]\nkind = "email"\nto = "runner@example.org"\nfrom = "niggled@example.org"\n'
        f'smtp = "smtp://localhost:{server.port}"\n'
    )


@contextmanager
def pairing(environment: Environment) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*NIGGLED, "login", "telegram"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_whoever_sends_the_code_to_the_bot_is_the_runner(
    tmp_path: Path, clean_environment: Environment
) -> None:
    with TelegramServer() as server:
        environment = configured(
            tmp_path,
            clean_environment,
            f'[athletes.anna.channels.chat]\nkind = "telegram"\ntoken = "{TOKEN}"\nserver = "{server.base_url}"\n',
        )
        early = niggled(environment, "test-alert")
        assert (early.returncode, early.stdout) == (1, "")
        assert "no chat is paired with the bot yet. Run `niggled login telegram chat`." in early.stderr
        assert niggled(environment, "config", "check").returncode == 0, (
            "what waits for its pairing is no mistake"
        )

        with pairing(environment) as process:
            assert process.stdout is not None
            told = "".join(process.stdout.readline() for _ in range(5))
            found = re.search(
                r"https://t\.me/the_knee_bot\?start=(\S+)\n\nOr send your bot:  /start (\S+)\n", told
            )
            assert found is not None, told
            assert found[1] == found[2]
            server.stranger.write("/start let-me-in")
            server.stranger.write(found[1])
            server.group(-100).write(f"/start {found[1]}")
            server.runner.write(f"/start {found[1]}")
            rest, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, "")
        assert rest.strip() == "Paired. `niggled test-alert chat` sends a first message."
        (kept,) = (Path(environment["NIGGLED_HOME"]) / "keys").iterdir()
        assert (kept.name, kept.stat().st_mode & 0o777) == ("anna.channel.chat.json", 0o600)
        assert str(RUNNER) in kept.read_text()
        assert TOKEN not in kept.read_text() + told + rest

        sent = niggled(environment, "test-alert")
        assert sent.returncode == 0, sent.stderr
        assert [one["text"] for one in server.runner.messages] == [
            "niggled test\nThis is where warnings will arrive. Nothing to do."
        ]
        assert server.stranger.messages == []


def test_a_bot_token_that_telegram_does_not_know_says_what_to_do(
    tmp_path: Path, clean_environment: Environment
) -> None:
    with TelegramServer() as server:
        server.token = "8134567890:another-one"
        environment = configured(
            tmp_path,
            clean_environment,
            f'[athletes.anna.channels.chat]\nkind = "telegram"\ntoken = "{TOKEN}"\nserver = "{server.base_url}"\n',
        )
        refused = niggled(environment, "login", "telegram")
    assert refused.returncode == 1
    assert (
        "chat (Telegram) does not know the bot. Copy its token from @BotFather into channel chat"
        in refused.stderr
    )
    assert TOKEN not in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_test_message_goes_through_every_kind_of_channel(
    tmp_path: Path, clean_environment: Environment
) -> None:
    with (
        NtfyPhone(time_now) as phone,
        TelegramPhone(time_now) as chat,
        MailServer() as mail,
        Receiver() as hook,
    ):
        environment = configured(
            tmp_path,
            clean_environment,
            f"[athletes.anna.channels.phone]\n{phone.settings}[athletes.anna.channels.chat]\n{chat.settings}"
            f'{mail_table(mail)}[athletes.anna.channels.hook]\nurl = "{hook.url}"\n',
        )
        checked = niggled(environment, "config", "check")
        assert checked.returncode == 0, checked.stderr
        sent = niggled(environment, "test-alert")
        assert sent.returncode == 0, sent.stderr
        assert re.sub(r"\d+\.\d s", "… s", sent.stdout).splitlines() == [
            "✔ phone: ntfy took it in … s.",
            "✔ chat: Telegram took it in … s.",
            "✔ mail: E-Mail took it in … s.",
            "✔ hook: JSON took it in … s.",
        ]
        text = "This is where warnings will arrive. Nothing to do."
        assert phone.shown() == chat.shown() == [f"niggled test: {text}"]
        assert [(one.subject, one.text.strip()) for one in mail.mails] == [("niggled test", text)]
        assert hook.received[0].json()["message"] == text

        phone.server.fail_next(Trouble(status=403, code=40301))
        chat.server.runner.blocked = True
        mail.refuse = True
        hook.fail_next(REFUSED_LOGIN)
        failed = niggled(environment, "test-alert")
        assert (failed.returncode, failed.stdout) == (1, "")
        assert failed.stderr.splitlines() == [
            "✘ phone (ntfy) does not let us use the topic. Give our login the right to it on the server, or a login to "
            "channel phone, then run `niggled test-alert phone`.",
            "✘ chat (Telegram) does not let the bot write to you any more. Open the chat with it and press Start or "
            "Unblock, then run `niggled test-alert chat`.",
            "✘ mail: localhost does not take this mail now (451).",
            "✘ hook (JSON) refuses our login (HTTP 401). Renew the token or password in `url` of channel hook, then run "
            "`niggled test-alert hook`.",
        ]
        assert TOKEN not in failed.stderr


STRUCTURE = """
[athletes.anna.channels.a]
kind = "ntfy"
fallback = "nowhere"
[athletes.anna.channels.b]
kind = "telegram"
[athletes.anna.channels.c]
kind = "email"
to = "runner@example.org"
[athletes.anna.channels.d]
kind = "aprise"
[athletes.anna.channels.e]
kind = "apprise"
url = "json://localhost"
topic = "knee"
[athletes.anna.channels.f]
kind = "telegram"
token = "1:a"
chat = "me"
"""
VALUES = """
[athletes.anna.channels.a]
kind = "ntfy"
topic = "my knee"
[athletes.anna.channels.b]
kind = "ntfy"
topic = "knee-abcdefghijklmnopqrstuv"
reply_topic = "knee-abcdefghijklmnopqrstuv"
[athletes.anna.channels.c]
kind = "email"
to = "runner"
from = "niggled@example.org"
smtp = "smtps://mail.example.org"
[athletes.anna.channels.d]
kind = "email"
to = "runner@example.org"
from = "niggled@example.org"
smtp = "mail.example.org"
[athletes.anna.channels.e]
kind = "email"
to = "runner@example.org"
from = "niggled@example.org"
smtp = "smtps://mail.example.org"
imap = "pop3://mail.example.org"
[athletes.anna.channels.f]
kind = "apprise"
url = "nonsense://x"
[athletes.anna.channels.g]
kind = "telegram"
token = { env = "NO_SUCH_TOKEN" }
chat = 1
[athletes.anna.channels.h]
kind = "telegram"
token = "not a token"
chat = 1
"""


def test_what_each_kind_lacks_is_told_at_once_with_an_example(
    tmp_path: Path, clean_environment: Environment
) -> None:
    checked = niggled(configured(tmp_path, clean_environment, STRUCTURE), "config", "check")
    assert checked.returncode == 78
    for sentence in (
        'athletes.anna.channels.a has no topic. Example: topic = { credential = "ntfy-topic" }',
        'athletes.anna.channels.b has no token. Example: token = { credential = "telegram-token" }',
        'athletes.anna.channels.c has no from. Example: from = "niggled@example.org"',
        'athletes.anna.channels.c has no smtp. Example: smtp = { credential = "smtp-url" }',
        'athletes.anna.channels.e.topic is for kind = "ntfy", and this channel is of kind "apprise"',
        "athletes.anna.channels.d.kind",
        "athletes.anna.channels.f.chat",
    ):
        assert sentence in checked.stderr, sentence


def test_what_cannot_work_is_told_at_once_with_its_cure(
    tmp_path: Path, clean_environment: Environment
) -> None:
    checked = niggled(configured(tmp_path, clean_environment, VALUES), "config", "check")
    assert checked.returncode == 78
    for sentence in (
        "channels.a: a (ntfy): a topic is 1 to 64 letters, digits, `-` and `_`. Correct channel a, then run `niggled test-alert a`.",
        "channels.b: b (ntfy): `reply_topic` must not be `topic`",
        "channels.c: c: a mail address cannot be used: write it as name@example.org",
        "channels.d: d: smtp is no address of a mail server. Example: smtps://me%40example.org:PASSWORD@mail.example.org",
        "channels.e: e: imap is no address of a mail server. Example: imaps://me%40example.org:PASSWORD@mail.example.org",
        "channels.f: f: nobody was told, Apprise cannot read the URL. Correct `url` of channel f",
        "channels.g: the environment variable NO_SUCH_TOKEN is not set.",
        "channels.h: h (Telegram): `token` is not one of a bot, such as 123456789:AAF… Copy it from @BotFather",
    ):
        assert sentence in checked.stderr, sentence
    assert "Traceback" not in checked.stderr
