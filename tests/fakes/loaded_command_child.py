"""The process that verbs are forked from (see loaded_command): loads every verb, then forks one for each request."""

import gc
import json
import os
import signal
import socket
import sys
import time
from importlib import import_module

import sitecustomize

from daemon.cli.main import VERBS, main
from daemon.store import leases

# Loaded by verbs when they need them.
LATER = (
    "alembic.config",
    "alembic.command",
    "apprise",
    "daemon.store.engine",
    "fitdecode",
    "garmin_personal_api",
    "garminconnect",
    "requests",
    "sqlalchemy.dialects.sqlite",
    "stravalib",
    "zoneinfo",
)


def serve(requests: socket.socket) -> None:
    while True:
        data, handles, _, _ = socket.recv_fds(requests, 1 << 18, 4)
        if not data:
            return
        if os.fork() == 0:
            requests.close()
            begin(json.loads(data), *handles)
            return
        for handle in handles:
            os.close(handle)


def begin(request, stdin, stdout, stderr, reply_handle):
    """One process becomes the verb, the other tells how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    reply = socket.socket(fileno=reply_handle)
    if (pid := os.fork()) != 0:
        reply.send(str(pid).encode())
        _, status = os.waitpid(pid, 0)
        reply.send(str(os.waitstatus_to_exitcode(status)).encode())
        os._exit(0)
    reply.close()
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    os.chdir(request["folder"])
    for number, handle in enumerate((stdin, stdout, stderr)):
        os.dup2(handle, number)
        os.close(handle)
    sys.argv = ["niggled", *request["arguments"]]
    sitecustomize.set_clock()
    be_oneself()


def be_oneself():
    """What a module found out about its process when it was loaded is found out again."""
    stale = leases.WORKER
    fresh = f"{socket.gethostname()}-{os.getpid()}-{os.urandom(4).hex()}"
    for module in list(sys.modules.values()):
        if getattr(module, "WORKER", None) == stale:
            module.WORKER = fresh


for module in (*LATER, *(place for place, _ in VERBS.values())):
    import_module(module)
gc.collect()
gc.freeze()
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
serve(socket.socket(fileno=int(sys.argv[1])))
if sys.argv[0] == "niggled":
    sys.exit(main())
