"""Schedules fire within a second of their moment instead of ten, and their inputs are filled in.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
"""

import time
import uuid
from datetime import datetime, timedelta, timezone

from ministack.services import eventbridge

from . import replace

#: The longest that a cron expression can be without an occurrence and still find its last one: a leap day and a day of the week.
_SPANS = (timedelta(hours=1), timedelta(days=1), timedelta(days=40), timedelta(days=400), timedelta(days=1500))


def complete(scheduler):
    scheduler._SCHEDULE_TICK_INTERVAL = 1
    replace(eventbridge, "_invoke_target", _filled)


def _filled(original):
    def _invoke_target(target, event, rule, view=None):
        if event.get("Source") == "aws.scheduler" and target.get("Input"):
            target = {**target, "Input": _fill(target["Input"], rule)}
        return original(target, event, rule, view)

    return _invoke_target


def _fill(text, schedule):
    values = {
        "schedule-arn": schedule.get("Arn", ""),
        "scheduled-time": occurrence(schedule, time.time()).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "execution-id": str(uuid.uuid4()),
        "attempt-number": "1",
    }
    for name, value in values.items():
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return text


def occurrence(schedule, now):
    """The latest moment up to `now` that the schedule names."""
    expression = schedule.get("ScheduleExpression", "")
    if expression.startswith("at("):
        return datetime.fromisoformat(expression[3:-1])
    interval = eventbridge._parse_rate_seconds(expression)
    if interval is not None:
        begun = float(schedule.get("CreationDate", now))
        return datetime.fromtimestamp(begun + (now - begun) // interval * interval, tz=timezone.utc)
    moment = datetime.fromtimestamp(now, tz=timezone.utc)
    fields = eventbridge._parse_cron_fields(expression)
    return _last(fields, moment) if fields else moment


def _last(fields, moment):
    for span in _SPANS:
        last, following = None, eventbridge._cron_next_fire(fields, moment - span)
        while following is not None and following <= moment:
            last, following = following, eventbridge._cron_next_fire(fields, following)
        if last is not None:
            return last
    return moment
