"""A scripted week by mail (SMTP out, dovecot back in), end to end, as the runner reads it (`-s` prints it)."""

from __future__ import annotations

from pathlib import Path

from fakes.pockets import MailProgram
from fakes.scripted_week import living


def test_a_week_by_mail(tmp_path: Path, clean_environment: dict[str, str]) -> None:
    with living(tmp_path, clean_environment, MailProgram) as life:
        life.runs("Tue 07:00", 6.0)
        life.hears("Knee?: 6.0 km, inside your usual. Worst knee pain during the run, 0–10?", at="Tue 08:52")
        life.answers("2")
        life.hears(
            "Re: Knee?: 2 noted. Next: from Wednesday, up to 11.0 km. Settled to before-run level? y / n"
        )
        life.answers("y")
        life.hears("Re: Knee?: Settled. Next: from Wednesday, up to 11.0 km.")
        life.hears("Strength today: 20 min: ", "Reply: done, later or skip.", at="Tue 17:02")
        life.answers("Later, please.")
        life.hears("Re: Strength today: Later, then: at 20:0")
        life.hears("Strength today: 20 min: ", at="Tue 20:06")
        life.answers("Done!")
        life.hears("Re: Strength today: Done: 1 of 2 this week.")
        life.hears("Knee?: This morning, on stairs down if you can: 0–10?", at="Wed 07:31")
        life.answers("None today")
        life.hears("Re: Knee?: 0 noted. Next: up to 11.0 km.")

        life.runs("Thu 07:00", 13.0)
        life.hears("Long run: 13.0 km: 30 % beyond your longest in 30 days (10.0).", at="Thu 09:34")
        life.answers("4, downhill mostly")
        life.hears("Re: Long run: 4 noted. Next: from Saturday, up to 7.0 km, flat and easy", "y / n")
        life.answers("no, 1")
        life.hears(
            "Re: Long run: Still 1 up an hour later: past your limit. Next: from Saturday, up to 7.0 km"
        )
        life.hears("This morning, on stairs down", at="Fri 07:31")
        life.answers("2/10")
        life.hears("2 above your normal this morning. No run today; walk or bike if it stays at 2 or less.")
        life.hears("Strength today: 20 min: ", at="Fri 17:02")
        life.answers("done easy")
        life.hears("Re: Strength today: Done: 2 of 2 this week.")
        life.hears("This morning, on stairs down", at="Sat 07:31")
        life.answers("1")
        life.hears("1 noted. Next: up to 7.0 km, flat and easy, slower and 20 % shorter")
        digest = life.hears("Week 24: 19 km (usual 22), knee 0–4", at="Sun 18:02")
        assert digest.endswith("[text/html] [image/png]")
        life.hears_nothing_more(until="Mon+7 06:00")

        assert life.replies() == [
            ("D", 2),
            ("A60", "settled"),
            ("M", 0),
            ("D", 4),
            ("A60", 1),
            ("M", 2),
            ("M", 1),
        ]
        assert life.sessions() == 2
        assert life.unsent() == []
