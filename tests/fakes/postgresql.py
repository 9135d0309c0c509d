"""A PostgreSQL server of our own, and an empty database on it."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import sqlalchemy as sa


def _postgresql_programs() -> Path | None:
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda one: int(one.parts[4]))
    return installed[-1].parent if installed else None


def _server_account() -> str | None:
    """PostgreSQL refuses to run as root; None where we are somebody else already."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    return None


def _run(account: str | None, *command: str | Path) -> None:
    prefix = [] if account is None else ["setpriv", f"--reuid={account}", "--clear-groups"]
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"}
    done = subprocess.run(
        [*prefix, *map(str, command)],
        cwd="/",
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """A throw-away server on a Unix socket; yields the URL of its database `postgres`."""
    programs = _postgresql_programs()
    if programs is None:
        if os.environ.get("NIGGLED_REQUIRE_REAL_PARTS") == "1":
            pytest.fail("no PostgreSQL server program here (install the package postgresql)")
        pytest.skip("no PostgreSQL server program here")
    account = _server_account()
    # Not under pytest's own folder: root's is closed to the account, and a socket's path must be short.
    with TemporaryDirectory(prefix="niggled-pg-", dir="/tmp") as folder:
        data = Path(folder) / "data"
        if account is not None:
            shutil.chown(folder, account)
        _run(account, programs / "initdb", "-D", data, "-U", "niggled", "-A", "trust", "-E", "UTF8", "-N")
        options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off -c timezone=UTC"
        log = Path(folder) / "log"
        _run(account, programs / "pg_ctl", "-D", data, "-w", "-l", log, "-o", options, "start")
        try:
            yield f"postgresql://niggled@/postgres?host={folder}"
        finally:
            _run(account, programs / "pg_ctl", "-D", data, "-m", "immediate", "stop")


@pytest.fixture
def postgresql_url(postgresql_server: str) -> str:
    """An empty database on that server."""
    server = sa.create_engine(postgresql_server, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(sa.text("DROP DATABASE IF EXISTS niggled WITH (FORCE)"))
        connection.execute(sa.text("CREATE DATABASE niggled"))
    server.dispose()
    return postgresql_server.replace("/postgres?", "/niggled?")
