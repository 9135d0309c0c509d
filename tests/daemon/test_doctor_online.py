"""What the doctor finds out when it may use the network: who answers, and what time they have."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fakes.account import Account
from fakes.ports import free_port
from fakes.strava_server import StravaServer

from daemon.config import AthleteConfig
from daemon.config_channels import ChannelConfig
from daemon.config_sources import SourceConfig
from daemon.credentials import Secret
from daemon.doctor import online
from daemon.doctor.verdict import Mark


def wall_clock() -> datetime:
    return datetime.now(UTC)


def test_a_service_that_answers_tells_its_time_too(athlete: AthleteConfig, tmp_path: Path) -> None:
    with StravaServer(wall_clock, Account()) as server:
        strava = SourceConfig("strava", configured=True, base_url=server.base_url)
        one = replace(athlete, channels=(), sources={**athlete.sources, "strava": strava})
        told = list(online.online_verdicts([one], tmp_path, wall_clock))
        assert [verdict.what for verdict in told] == [
            "The clock agrees with that of 127.0.0.1.",
            "127.0.0.1 answers.",
        ]
        tomorrow = list(online.online_verdicts([one], tmp_path, lambda: wall_clock() + timedelta(days=1)))
        assert tomorrow[0].what == "The clock is 1,440 minutes ahead of that of 127.0.0.1."


def test_a_host_that_is_not_there_is_bad(tmp_path: Path) -> None:
    verdict, at = online.reached_by_web(f"http://127.0.0.1:{free_port()}")
    assert (verdict.mark, at) == (Mark.BAD, None)
    assert verdict.what == "127.0.0.1 could not be reached (ConnectionError)."


def test_a_mail_server_is_knocked_at_and_its_password_stays_here(
    athlete: AthleteConfig, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        smtp = Secret("plain", f"smtp://runner:hunter2@127.0.0.1:{port}")
        imap = Secret("plain", f"imaps://runner:hunter2@127.0.0.1:{free_port()}")
        mail = ChannelConfig(
            "mail", "email", None, ("warning",), to="a@b.c", from_="d@e.f", smtp=smtp, imap=imap
        )
        told = list(online.online_verdicts([replace(athlete, channels=(mail,))], tmp_path, wall_clock))
    assert [verdict.mark for verdict in told] == [Mark.GOOD, Mark.BAD]
    assert told[0].what == f"127.0.0.1 takes connections on port {port}."
    assert told[1].what.endswith("(Connection refused).")
    assert "hunter2" not in str(told)
