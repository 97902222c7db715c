"""The one place that decides whether an event may cause anything by itself.

After an outage the provider delivers days of events. All of them are stored and shown, but nobody wants a week of old
messages answered at once. Fetching a file is no reaction: it is part of what was received, and nobody notices it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

STALE_AFTER = timedelta(minutes=10)


def may_react(event_time: datetime, now: datetime, stale_after: timedelta = STALE_AFTER) -> bool:
    """Whether automatic answers, marks and calls may follow from what happened at `event_time`.

    `now` is the moment of projection, so an event that waited here, or came out of the dead letters, counts as old
    too. What it decides is kept with the event: `data.stale` is true where nothing may follow.
    """
    return now - event_time <= stale_after
