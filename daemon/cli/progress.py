"""How far a history has been read, in words."""

from __future__ import annotations

from datetime import timedelta

from daemon.jobs.poll_progress import Progress


def progress_words(progress: Progress) -> str:
    """ "62 %, read back to March 2021, 1,204 activities, about 2 minutes to go"."""
    share, read, left = progress.share, progress.read, progress.time_left
    done = "" if share is None else f"{share * 100:.0f} %, "
    to_go = "" if left is None or share == 1.0 else f", {span_words(left)} to go"
    count = f"{read:,} {'activity' if read == 1 else 'activities'}"
    return f"{done}read back to {progress.back_to:%B %Y}, {count}{to_go}"


def span_words(span: timedelta) -> str:
    """ "about 2 minutes", "about 3 hours"."""
    minutes = max(1, round(span / timedelta(minutes=1)))
    number, unit = (minutes, "minute") if minutes < 90 else (round(minutes / 60), "hour")
    return f"about {number} {unit}{'' if number == 1 else 's'}"
