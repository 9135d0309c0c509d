"""From what a file holds to what a source yields."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from connectors.formats.leg import Leg, Unreadable, activity_of, content_hash, is_untyped
from connectors.sources.contract import SetAside, SourceRecord
from rules.facts import Activity, Family
from rules.gates import gate_reason, moving_seconds
from rules.policy import Policy

FILES = "files"
STRAVA = "strava"
GARMIN = "garmin"


@dataclass(frozen=True, slots=True)
class Desk:
    """What every record is made with; `now` says which dates lie in the future."""

    policy: Policy
    now: datetime

    def record(self, leg: Leg, source: str, external_id: str, origin: str) -> SourceRecord:
        """One leg -> the record the store keeps, with a warning where it is in doubt or will count for nothing."""
        activity = activity_of(leg, source, self.policy)
        warnings = [text for text in (leg.warning, self._implausible(activity)) if text]
        return SourceRecord(
            source=source,
            external_id=external_id,
            content_hash=content_hash(activity),
            activity=activity,
            origin=origin,
            warning="; ".join(warnings) or None,
        )

    def _implausible(self, activity: Activity) -> str | None:
        """Why an activity on foot is kept but counts for nothing (RULES 2.3)."""
        if activity.family not in (Family.RUN, Family.WALK) and not is_untyped(activity.sport):
            return None
        seconds, metres = moving_seconds(activity), activity.distance_m or 0.0
        gate = self.policy.gate
        match gate_reason(activity, self.policy, self.now):
            case "gate.empty":
                reason = "no distance" if metres <= 0 else "no time"
            case "gate.speed_max_kmh" | "gate.speed_min_kmh":
                reason = f"{metres / seconds * 3.6:.1f} km/h is no pace on foot"
            case "gate.time_max_h":
                reason = f"{seconds / 3600:,.0f} hours is longer than {gate.time_max_h:.0f}"
            case "gate.distance_max_km":
                reason = f"{metres / 1000:,.0f} km is longer than {gate.distance_max_km:.0f}"
            case "gate.date":
                reason = f"its date is {activity.start:%Y-%m-%d}"
            case _:
                return None
        return f"kept, but it counts for nothing: {reason}; mend it where it came from and import it again"


def set_aside(origin: str, problem: Unreadable, source: str = FILES) -> SetAside:
    return SetAside(source, origin, f"{problem.reason}.", problem.cure)
