"""Garmin's sign-in as the app and the web page use it: mail and password, a code if wanted, then a ticket for one use."""

from __future__ import annotations

import json
from typing import Any

from fakes.vendor import Request
from fakes.vendor_faults import Answer, json_answer

SIGN_IN_PAGE = b"<!DOCTYPE html><html><head><title>GARMIN Authentication Application</title></head></html>"


class GarminSso:
    """`wants_code`: MFA is on, by mail. `logins` counts passwords that were tried."""

    def __init__(self) -> None:
        self.mail = "runner@example.org"
        self.password = "example-garmin-password"
        self.code = "123456"
        self.wants_code = False
        self.logins = 0
        self._waiting: set[str] = set()
        self._tickets: set[str] = set()
        self._issued = 0

    def answer(self, request: Request) -> Answer | None:
        """None for paths that are not of the sign-in. Answers carry the session as a cookie, and want it back."""
        match request.method, request.path:
            case "GET", "/mobile/sso/en_US/sign-in" | "/portal/sso/en-US/sign-in":
                return self._with_cookie(Answer(200, SIGN_IN_PAGE, content_type="text/html; charset=utf-8"))
            case "POST", "/mobile/api/login" | "/portal/api/login":
                return self._password(request)
            case "POST", "/mobile/api/mfa/verifyCode" | "/portal/api/mfa/verifyCode":
                return self._verify(request)
        return None

    def ticket_is_good(self, ticket: str) -> bool:
        """Once."""
        if ticket not in self._tickets:
            return False
        self._tickets.remove(ticket)
        return True

    def _with_cookie(self, answer: Answer) -> Answer:
        self._issued += 1
        cookie = f"SESSION=example-session-{self._issued}; Path=/; HttpOnly"
        return Answer(answer.status, answer.body, {"Set-Cookie": cookie}, answer.content_type)

    def _password(self, request: Request) -> Answer:
        session = request.headers.get("cookie", "")
        if not session:
            return Answer(429, b"", content_type="text/html")  # what a login without the page before it gets
        self.logins += 1
        told = json.loads(request.body)
        if (told.get("username"), told.get("password")) != (self.mail, self.password):
            return json_answer(_status("INVALID_USERNAME_PASSWORD", "UNAUTHORIZED"), 401)
        if self.wants_code:
            self._waiting.add(session)
            return json_answer(
                _status(
                    "MFA_REQUIRED",
                    "OK",
                    customerMfaInfo={"mfaLastMethodUsed": "email", "email": "r***@example.org"},
                )
            )
        return self._success()

    def _verify(self, request: Request) -> Answer:
        session = request.headers.get("cookie", "")
        if session not in self._waiting or json.loads(request.body).get("mfaVerificationCode") != self.code:
            return json_answer(_status("MFA_CODE_INVALID", "UNAUTHORIZED"), 401)
        self._waiting.remove(session)
        return self._success()

    def _success(self) -> Answer:
        self._issued += 1
        ticket = f"ST-{self._issued}-example-ticket-sso"
        self._tickets.add(ticket)
        return json_answer(_status("SUCCESSFUL", "OK", serviceTicketId=ticket))


def _status(kind: str, http: str, **told: Any) -> dict[str, Any]:
    """The shape of every sign-in answer."""
    plain = {
        "serviceURL": None,
        "serviceTicketId": None,
        "responseStatus": {"type": kind, "message": "", "httpStatus": http},
        "responseReason": None,
        "customerMfaInfo": None,
        "consentTypeList": None,
        "captchaAlreadyPassed": False,
        "samlResponse": None,
        "authType": None,
    }
    return plain | told
