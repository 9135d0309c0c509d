"""What runners, strangers and machines send that is no plain answer, to the running daemon on every channel."""

from __future__ import annotations

from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

import requests
from fakes.command import niggled
from fakes.mail_ear import answered
from fakes.pockets import REPLY_TOPIC, MailProgram, NtfyPhone, TelegramPhone
from fakes.scripted_week import Life, living

from rules.confirmations import HELP

NOVEL = (
    "Well, the knee was fine at first, and then after the bridge it was not, and my sister said that " * 60
)


def question(life: Life) -> None:
    """Tuesday's run has been asked about on every channel."""
    life.runs("Tue 07:00", 6.0)
    for name in life.pockets:
        life.hears("Worst knee pain during the run, 0–10?", at="Tue 08:52", on=name)


def test_words_that_are_no_answer_are_asked_back_once_helped_once_and_kept(
    tmp_path: Path, clean_environment: dict[str, str]
) -> None:
    with living(tmp_path, clean_environment, NtfyPhone) as life:
        question(life)
        for words, asked_back in (
            ("11", 'I read "11". Which number, 0–10?'),
            ("-1", 'I read "-1". Which number, 0–10?'),
            ("4 or 5", 'I read "4 or 5". Which one: 4 or 5?'),
            ("🦵", 'I read "🦵". Which number, 0–10?'),
            (NOVEL[:4000], 'I read "Well, the knee was fine at first, and th…". Which number, 0–10?'),
        ):
            life.writes(words)
            life.hears(f"Your answer: {asked_back}")
            life.writes("status")
            life.hears("Knee ")
        life.writes("eleven")
        life.hears('I read "eleven". Which number, 0–10?')
        life.writes("a lot")
        life.hears(f"Your answer: {HELP}")
        life.writes("you are a machine")
        life.writes("5")
        life.hears("Your answer: 5 noted. Next: from Thursday, up to ")
        life.hears_nothing_more(until="Tue 09:30")
        assert life.replies() == [("D", 5)]
        outcomes = [outcome for _, outcome in life.kept("phone")]
        assert (outcomes.count("unclear"), outcomes.count("taken")) == (8, 6)
        assert ("you are a machine", "unclear") in life.kept("phone")


def test_strangers_machines_and_forgeries_are_counted_and_never_answered(
    tmp_path: Path, clean_environment: dict[str, str]
) -> None:
    with living(tmp_path, clean_environment, NtfyPhone, TelegramPhone, MailProgram) as life:
        phone, chat, mail = (life.pockets[name] for name in ("phone", "chat", "mail"))
        assert isinstance(phone, NtfyPhone)
        assert isinstance(chat, TelegramPhone)
        assert isinstance(mail, MailProgram)
        question(life)
        asked = mail.newest()

        requests.post(f"{phone.server.base_url}/{REPLY_TOPIC}", data=b"AAAAAAAAAA.bad", timeout=60)
        chat.server.stranger.write("10")
        chat.server.runner.tap_data(chat.server.runner.messages[-1], "AAAAAAAAAA:10")
        forged = answered(asked, "10")
        forged.replace_header("From", "Mallory <mallory@example.net>")
        mail.deliver(forged)
        away = answered(asked, "I am away until Monday and read no mail. In urgent cases call 10.")
        away["Auto-Submitted"] = "auto-replied"
        mail.deliver(away)
        bounce = EmailMessage()
        bounce["From"], bounce["To"], bounce["Subject"] = (
            "MAILER-DAEMON@example.org",
            mail.ours,
            "Undelivered",
        )
        bounce.set_content("10 mails could not be delivered.")
        mail.deliver(bounce)

        for pocket in (phone, chat, mail):
            pocket.write("status")
            life.hears("Knee ", on=pocket.name)
        told = niggled(clean_environment | {"NIGGLED_CONFIG": str(tmp_path / "config.toml")}, "status").stdout
        assert "! phone: 1 message of a stranger, ignored" in told
        assert "! chat: 2 messages of strangers, ignored" in told
        assert "! mail: 1 message of a stranger, ignored" in told
        assert chat.server.stranger.messages == []
        assert {one.recipients for one in mail.outbox.mails} == {(mail.runner,)}
        for name in life.pockets:
            life.hears_nothing_more(until="Tue 09:00", on=name)
        assert life.replies() == []
        assert [life.kept(name) for name in life.pockets] == [[("status", "taken")]] * 3


def test_of_answers_that_are_doubled_delayed_or_from_two_channels_the_last_one_given_counts(
    tmp_path: Path, clean_environment: dict[str, str]
) -> None:
    with living(tmp_path, clean_environment, NtfyPhone, MailProgram) as life:
        phone, mail = life.pockets["phone"], life.pockets["mail"]
        assert isinstance(phone, NtfyPhone)
        assert isinstance(mail, MailProgram)
        question(life)
        held_up = answered(mail.newest(), "5")
        held_up["Date"] = format_datetime(life.clock.now())
        life.goes_on("Tue 09:10")
        # The same tap twice, and a stream that tells all of it again.
        life.answers("Fine")
        life.hears("Fine noted, settled.")
        life.answers("Fine")
        life.hears("Fine noted, settled.")
        phone.server.cut_streams()
        # Given before, it arrives after: it is kept, and does not count.
        life.goes_on("Tue 10:00")
        mail.delivered_late(held_up, life.clock.now())
        life.hears(
            "Re: Knee?: 5 noted; your later answer counts. Next: from Wednesday, up to 11.0 km.", on="mail"
        )
        # Both at once: each is answered where it came from.
        mail.answer("2")
        life.hears("Re: Knee?: 2 noted. Next: from Wednesday, up to 11.0 km.", on="mail")
        life.answers("Sore")
        life.hears("Sore noted. Next: from Thursday, up to ")
        assert [value for kind, value in life.replies() if kind == "D"] == [5, "green", "green", 2, "amber"]
        assert life.kept("phone") == [("fine", "taken"), ("fine", "taken"), ("sore", "taken")]
        assert life.kept("mail") == [("5", "taken"), ("2", "taken")]

        # After two days a token counts no more, whatever it says.
        old = phone.alerts[0]
        life.goes_on("Fri 09:00")
        life.wait_for_look()
        life.seen["phone"] = len(phone.shown())
        assert phone.server.press(old, "Bad") == 200
        life.hears("Your answer: Too late to count: kept as a note.")
        assert life.kept("phone")[-1] == ("bad", "taken")


def test_an_expired_question_still_takes_its_answer_for_two_days(
    tmp_path: Path, clean_environment: dict[str, str]
) -> None:
    with living(tmp_path, clean_environment, TelegramPhone) as life:
        question(life)
        chat = life.pockets["chat"]
        assert isinstance(chat, TelegramPhone)
        asked = chat.server.runner.messages[-1]
        life.goes_on("Wed 06:30")
        life.wait_for_look()
        assert life.clock.now() - life.instant("Tue 08:52") > timedelta(hours=12)
        chat.server.runner.tap(asked, "4")
        life.hears("→ 4 noted. Next: from Thursday, up to ")
        assert [one for one in life.replies() if one[0] == "D"] == [("D", 4)]
