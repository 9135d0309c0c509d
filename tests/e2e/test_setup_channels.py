"""`niggled setup` and the way messages take: paired, tried with a question, answered, refused."""

from __future__ import annotations

import re
from pathlib import Path

from fakes.clock import time_now
from fakes.command import Environment, niggled
from fakes.ntfy import NtfyServer
from fakes.pockets import MailProgram
from fakes.setting_up import (
    config_of,
    environment,
    files_only,
    meanwhile,
    until,
)
from fakes.telegram import TOKEN, TelegramServer
from fakes.terminal import Terminal

__all__ = ["environment"]


def test_telegram_is_paired_and_answers(environment: Environment, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n", encoding="utf-8")
    with TelegramServer() as telegram, Terminal(
        environment, "setup", *files_only(tmp_path), "--channel", "telegram",
        "--token-file", str(tmp_path / "token"), "--server", telegram.base_url,
    ) as terminal:  # fmt: skip
        code = terminal.until("Or send your bot:  /start ") + terminal.until("\n")
        code = code.rpartition("/start ")[2].strip()
        telegram.wait_for_poller()
        telegram.runner.write("hello?")
        telegram.runner.write(f"/start {code}")
        terminal.until("✔ Paired.")
        terminal.until("Waiting for your answer")
        question = until(lambda: [one for one in telegram.runner.messages if "reply_markup" in one])[0]
        telegram.runner.tap(question, "It works")
        terminal.until('Your answer "yes" came back.')
        assert terminal.finish() == 0
    text = config_of(environment).read_text(encoding="utf-8")
    assert TOKEN not in text
    assert "chat = 4711" in text
    assert niggled(environment, "config", "check").returncode == 0


def test_mail_goes_out_and_the_reply_comes_back(environment: Environment, tmp_path: Path) -> None:
    with MailProgram(time_now) as mail:
        servers = dict(re.findall(r'^(smtp|imap) = "(.+)"$', mail.settings, re.MULTILINE))
        for name, url in servers.items():
            (tmp_path / name).write_text(url, encoding="utf-8")
        said = (
            "--channel", "email", "--to", mail.runner, "--from", mail.ours,
            "--smtp-file", str(tmp_path / "smtp"), "--imap-file", str(tmp_path / "imap"),
        )  # fmt: skip

        def reply() -> None:
            until(lambda: [one for one in mail.shown() if "Test question" in one])
            mail.answer("yes")

        with meanwhile(reply):
            told = niggled(environment, "setup", *files_only(tmp_path), *said)
    print(told.stdout)
    assert (told.returncode, told.stderr) == (0, "")
    assert '✔ Your answer "yes" came back.' in told.stdout
    assert servers["imap"] not in config_of(environment).read_text(encoding="utf-8")


def test_no_answer_says_what_to_check(environment: Environment, tmp_path: Path) -> None:
    with NtfyServer() as ntfy:
        said = ("--channel", "ntfy", "--server", ntfy.base_url, "--token-file", str(tmp_path / "none"))
        (tmp_path / "none").write_text("tk_x", encoding="utf-8")
        told = niggled(environment, "setup", *files_only(tmp_path), *said, "--answer-within", "1")
    assert told.returncode == 1
    assert "! No answer came in. Is the app subscribed to the topic" in told.stderr
    assert "channels.phone" in config_of(environment).read_text(encoding="utf-8"), "it sends, so it stays"


def test_a_channel_that_refuses_is_not_written_down(environment: Environment, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("tk_wrong", encoding="utf-8")
    with NtfyServer() as ntfy:
        ntfy.allow_only({"tk_right": "rw"})
        said = ("--channel", "ntfy", "--server", ntfy.base_url, "--token-file", str(tmp_path / "token"))
        told = niggled(environment, "setup", *files_only(tmp_path), *said)
    assert told.returncode == 1
    assert "channels" not in config_of(environment).read_text(encoding="utf-8")
    assert "tk_wrong" not in told.stdout + told.stderr
