"""The sentry: a headless desk that stays awake, rings, watches deadlines and the other sentries, and has people pinged.

Records come in by sync; alarms, *deadline passed* and content-free pings go out. Read in this order: `deadlines` (set and
meet one: what other desks use), `choices` (how people want to be pinged), `silence` (who has not vouched for too long),
`polling` (feeds), `sentry` (one round, and the loop), `notebook` (what outlasts a restart), `errors`. How a ping is sent
stands in `tocsin.desk.pings`.
"""

from tocsin.desk.sentry.deadlines import meet_deadline, set_deadline, standing_deadlines

__all__ = ["meet_deadline", "set_deadline", "standing_deadlines"]
