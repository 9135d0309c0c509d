"""Where the fakes' people live: marks that must turn up nowhere but in a service's own answers."""

from __future__ import annotations

START = (-33.123456, 18.654321)
END = (-33.133456, 18.664321)
CITY = "Exampleton-on-Sea"
POLYLINE = "ki{eFvqfiVqAWQIGEEKAYJgBVqDJ"
OWNER = "Robin Testrunner"

MARKS = (CITY, POLYLINE, OWNER, *(f"{degrees:.4f}"[:-1] for degrees in (*START, *END)))
"""What a test looks for in everything that is kept: names, and positions to three decimals."""
