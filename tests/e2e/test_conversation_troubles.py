"""Channels that are down, lie or block us, nights and pauses: what the runner reads, and when, from the running daemon."""

from __future__ import annotations

from pathlib import Path

from fakes.command import niggled
from fakes.pockets import MailProgram, NtfyPhone, TelegramPhone
from fakes.receiver import SERVER_ERROR, Trouble
from fakes.scripted_week import Life, living, wait_until

from daemon.store.outbox import DeliveryState, list_deliveries

ONLY_OPERATIONS = {"mail": 'sends = ["operations"]'}


def failures(life: Life) -> int:
    """Attempts at the phone that have failed, as they were recorded."""
    with life.store.reading() as session:
        deliveries = list_deliveries(session, life.athlete.name, DeliveryState)
    return sum(len(one.reasons) for one in deliveries if one.channel == "phone")


def test_a_channel_that_is_down_for_a_day_is_told_once_elsewhere_and_what_still_matters_arrives(
    tmp_path: Path, clean_environment: dict[str, str]
) -> None:
    with living(tmp_path, clean_environment, NtfyPhone, MailProgram, also=ONLY_OPERATIONS) as life:
        phone = life.pockets["phone"]
        assert isinstance(phone, NtfyPhone)
        phone.server.fail_always(SERVER_ERROR)
        life.runs("Tue 07:00", 13.0)
        for attempts, clock in enumerate(("09:35", "09:45", "09:55", "10:10", "10:40"), start=1):
            life.goes_on(f"Tue {clock}")
            wait_until(lambda least=attempts: failures(life) >= least, lambda: "nothing is tried")
        life.hears("niggled needs you: Nothing gets through to phone since Tuesday ", on="mail")
        life.hears_nothing_more(until="Tue 21:00", on="mail")
        wait_until(lambda: failures(life) == 6, lambda: "nothing is tried")
        assert phone.shown() == []

        phone.server.fail_always(None)
        life.hears("Long run: 13.0 km: 30 % beyond your longest in 30 days (10.0).", at="Wed 07:20")
        life.hears("Tuesday unanswered, so no growth: up to 10.0 km. This morning", at="Wed 07:31")
        life.hears("niggled: Messages get through to phone again.", on="mail", at="Wed 09:50")
        life.hears_nothing_more(until="Wed 16:00")


def test_a_message_that_a_server_takes_and_loses_is_never_claimed_to_have_been_read(
    tmp_path: Path, clean_environment: dict[str, str]
) -> None:
    with living(tmp_path, clean_environment, NtfyPhone) as life:
        phone = life.pockets["phone"]
        assert isinstance(phone, NtfyPhone)
        phone.server.fail_next(Trouble())
        life.runs("Tue 07:00", 6.0)
        life.goes_on("Tue 08:52")
        life.wait_for_look()
        wait_until(lambda: phone.server.requests == 1, lambda: "nothing was sent")
        assert phone.shown() == []
        life.hears("Strength today", at="Tue 17:02")
        assert life.unsent() == []
        told = niggled(clean_environment | {"NIGGLED_CONFIG": str(tmp_path / "config.toml")}, "status").stdout
        for word in ("read", "seen", "delivered", "received", "arrived"):
            assert f" {word} " not in told
        life.hears("This morning, on stairs down", at="Wed 07:31")


def test_where_telegram_blocks_us_the_fallback_asks_takes_the_answer_and_tells_the_cure(
    tmp_path: Path, clean_environment: dict[str, str]
) -> None:
    also = {"chat": 'fallback = "mail"'} | ONLY_OPERATIONS
    with living(tmp_path, clean_environment, TelegramPhone, MailProgram, also=also) as life:
        chat = life.pockets["chat"]
        assert isinstance(chat, TelegramPhone)
        chat.server.runner.blocked = True
        life.runs("Tue 07:00", 6.0)
        first = life.hears("", on="mail", at="Tue 08:52")
        second = life.hears("", on="mail")
        by_title = {one.partition(":")[0]: one for one in (first, second)}
        assert "Worst knee pain during the run, 0–10?" in by_title["Knee?"]
        assert "Nothing gets through to chat since Tuesday " in by_title["niggled needs you"]
        assert "press Start or Unblock" in by_title["niggled needs you"]
        life.answers("4", on="mail")
        life.hears("4 noted. Next: from Thursday, up to ", on="mail")
        assert [one for one in life.replies() if one[0] == "D"] == [("D", 4)]

        chat.server.runner.blocked = False
        life.hears_nothing_more(until="Tue 10:10", on="chat")
        life.hears("Strength today", on="chat", at="Tue 17:02")
        life.hears("niggled: Messages get through to chat again.", on="mail", at="Tue 19:30")


def test_the_night_is_quiet_and_the_morning_says_it_in_one(
    tmp_path: Path, clean_environment: dict[str, str]
) -> None:
    with living(tmp_path, clean_environment, NtfyPhone) as life:
        life.runs("Tue 20:45", 13.0)
        (life.athlete.inbox / "broken.fit").write_text("<html>please log in</html>")
        for clock in ("Tue 22:20", "Tue 23:30", "Wed 03:00", "Wed 06:50"):
            life.hears_nothing_more(until=clock)
        life.goes_on("Wed 07:16")
        life.wait_for_look()
        morning = life.hears("Long run: 13.0 km: 30 % beyond your longest in 30 days (10.0).", at="Wed 07:31")
        assert "0–10? If the run was worse: its worst as a second number. [Fine · Sore · Bad]" in morning
        life.writes("1 3")
        life.hears("Your answer: 1 this morning and 3 in the run noted. Next: from Thursday, up to ")
        life.hears_nothing_more(until="Wed 08:30")
        assert life.replies() == [("M", 1), ("D", 3)]
        life.hears("niggled needs you: broken.fit could not be read: it is a web page", at="Wed 09:47")
        life.hears_nothing_more(until="Wed 16:00")


def test_what_a_server_held_up_until_the_night_waits_for_the_morning(
    tmp_path: Path, clean_environment: dict[str, str]
) -> None:
    with living(tmp_path, clean_environment, NtfyPhone) as life:
        phone = life.pockets["phone"]
        assert isinstance(phone, NtfyPhone)
        phone.server.fail_always(SERVER_ERROR)
        life.runs("Tue 18:00", 13.0)
        life.goes_on("Tue 20:34")
        wait_until(lambda: failures(life) == 1, lambda: "nothing is tried")
        life.goes_on("Tue 22:01")
        phone.server.fail_always(None)
        for clock in ("Tue 22:10", "Wed 02:00", "Wed 06:30"):
            life.hears_nothing_more(until=clock)
        life.hears("Long run: 13.0 km: 30 % beyond your longest in 30 days (10.0).", at="Wed 07:01")


def test_a_pause_from_the_phone_is_silent_until_resume(
    tmp_path: Path, clean_environment: dict[str, str]
) -> None:
    with living(tmp_path, clean_environment, TelegramPhone) as life:
        life.writes("pause 7d")
        life.hears("Paused until", "`resume` ends it.")
        life.runs("Tue 07:00", 16.0)
        life.hears_nothing_more(until="Tue 09:00")
        life.hears_nothing_more(until="Tue 17:10")
        life.hears_nothing_more(until="Wed 07:40")
        life.writes("resume")
        life.hears("Back again.")
        life.hears_nothing_more(until="Wed 09:00")
        life.runs("Thu 07:00", 6.0)
        life.hears("Knee?: 6.0 km", at="Thu 08:53")
        life.hears("Week 24: ", at="Sun 18:02")
