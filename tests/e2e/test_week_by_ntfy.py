"""A scripted week with the ntfy app, end to end, as the runner reads it (`-s` prints it)."""

from __future__ import annotations

from pathlib import Path

from fakes.pockets import NtfyPhone
from fakes.scripted_week import living

GRADES = "[Fine · Sore · Bad]"


def test_a_week_with_the_ntfy_app(tmp_path: Path, clean_environment: dict[str, str]) -> None:
    with living(tmp_path, clean_environment, NtfyPhone) as life:
        life.runs("Tue 07:00", 6.0)
        life.hears("Knee?: 6.0 km, inside your usual. Worst knee pain", GRADES, at="Tue 08:52")
        life.answers("Fine")
        life.hears("Your answer: Fine noted, settled. Next: from Wednesday, up to 11.0 km. (silent)")
        life.hears("Strength today: 20 min: ", "[Done · Later · Skip]", at="Tue 17:02")
        life.answers("Later")
        life.hears("Later, then: at 20:0", "(silent)")
        life.hears("Strength today: 20 min: ", at="Tue 20:06")
        life.answers("Done")
        life.hears("Done: 1 of 2 this week. (silent)")
        life.hears("Knee?: This morning, on stairs down if you can: 0–10?", GRADES, at="Wed 07:31")
        life.answers("Fine")
        life.hears("Fine noted. Next: up to 11.0 km. (silent)")

        life.runs("Thu 07:00", 13.0)
        spike = life.hears("Long run: 13.0 km: 30 % beyond your longest in 30 days (10.0).", at="Thu 09:34")
        assert "Next: from Saturday, up to 10.0 km. Worst knee pain during the run, 0–10?" in spike
        life.answers("Sore")
        sore = life.hears("Sore noted. Next: from Saturday, up to 7.0 km, flat and easy", "walk home.")
        assert "(silent)" not in sore
        life.hears("This morning, on stairs down", at="Fri 07:31")
        life.answers("Sore")
        life.hears("Sore this morning. No run today; walk or bike if it stays at 2 or less.")
        life.hears("Strength today: 20 min: ", at="Fri 17:02")
        life.answers("Skip")
        life.hears("Your answer: Skipped. (silent)")
        life.hears("This morning, on stairs down", at="Sat 07:31")
        life.answers("Fine")
        life.hears("Fine noted. Next: up to 7.0 km, flat and easy, slower and 20 % shorter")
        life.writes("pause 2d")
        life.hears("Your answer: Paused until Monday. `resume` ends it.")
        life.writes("resume")
        life.hears("Your answer: Back again.")
        digest = life.hears("Week 24: 19 km (usual 22), knee sore at worst, strength 1 of 2.", at="Sun 18:02")
        assert "\nThis week: 16 km. Next: up to " in digest
        assert "No strength" not in digest, "there was some on Tuesday"
        life.hears_nothing_more(until="Mon+7 06:00")

        assert life.replies() == [
            ("D", "green"),
            ("A60", "settled"),
            ("M", "green"),
            ("D", "amber"),
            ("M", "amber"),
            ("M", "green"),
        ]
        assert life.sessions() == 1
        assert life.unsent() == []
