"""Alarms mix the metrics of all dimensions, know neither missing data nor datapoints, and are looked at only when data comes in; their
actions do not ask the topic's policy. Here an alarm is evaluated as CloudWatch documents it, every few seconds.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

import threading
import time

from . import replace
from .rights import enforced, policy_lacks, told

_EVERY = 2  # seconds

_COMPARE = {
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}


def complete(cloudwatch):
    replace(cloudwatch, "_evaluate_alarm", lambda original: _evaluating(cloudwatch, original))
    replace(cloudwatch, "_dispatch_alarm_actions", _asking)
    threading.Thread(target=_watch, args=(cloudwatch,), daemon=True, name="holdfast-alarms").start()


def _watch(cloudwatch):
    from ministack.core.responses import set_request_account_id, set_request_region

    while True:
        time.sleep(_EVERY)
        for account, region, name in list(cloudwatch._alarms._data):
            set_request_account_id(account)
            set_request_region(region)
            alarm = cloudwatch._alarms.get(name)
            if alarm:
                _evaluate(cloudwatch, alarm)


def _evaluating(cloudwatch, original):
    def _evaluate_alarm(alarm):
        plain = alarm.get("ComparisonOperator") in _COMPARE and not alarm.get("ExtendedStatistic")
        return _evaluate(cloudwatch, alarm) if plain else original(alarm)

    return _evaluate_alarm


def _evaluate(cloudwatch, alarm):
    state, reason = judge(_values(cloudwatch, alarm, time.time()), alarm)
    old = alarm["StateValue"]
    if state in (None, old):
        return
    alarm.update(StateValue=state, StateReason=reason, StateUpdatedTimestamp=int(time.time()))
    cloudwatch._record_history(alarm["AlarmName"], old, state, reason)
    cloudwatch._dispatch_alarm_actions(alarm, old, state, reason)


def _values(cloudwatch, alarm, now):
    """The statistic of each evaluation period, newest first; None where there is no data."""
    period, count = int(alarm.get("Period", 60)), int(alarm.get("EvaluationPeriods", 1))
    points = _points(cloudwatch, alarm)
    values = []
    for i in range(count):
        end = now - i * period
        inside = [point for point in points if end - period < point["Timestamp"] <= end]
        stats = cloudwatch._calc_stats(inside)
        values.append(stats.get(alarm.get("Statistic", "Average")) if stats else None)
    return values


def _points(cloudwatch, alarm):
    wanted = {d["Name"]: d["Value"] for d in alarm.get("Dimensions") or []}
    series = (alarm.get("Namespace"), alarm.get("MetricName"))
    return [point for key, points in cloudwatch._metrics.items() if key[:2] == series for point in points if (point.get("Dimensions") or {}) == wanted]


def judge(values, alarm):
    """(state, reason) that the values mean; state None: it stays as it is."""
    breaches = _COMPARE[alarm["ComparisonOperator"]]
    threshold, missing = float(alarm.get("Threshold", 0)), alarm.get("TreatMissingData") or "missing"
    needed = int(alarm.get("DatapointsToAlarm") or alarm.get("EvaluationPeriods", 1))
    known = [value for value in values if value is not None]
    if not known and missing in ("missing", "ignore"):
        return ("INSUFFICIENT_DATA", "no datapoints were received") if missing == "missing" else (None, "")
    lacking = len(values) - len(known)
    bad = sum(1 for value in known if breaches(value, threshold)) + (lacking if missing == "breaching" else 0)
    reason = f"{bad} of {len(values)} datapoints breach {alarm['ComparisonOperator']} {threshold}; {lacking} were missing"
    return ("ALARM" if bad >= needed else "OK", reason)


def _asking(original):
    def _dispatch_alarm_actions(alarm, old_state, new_state, reason):
        if enforced():
            alarm = {**alarm, **{field: _allowed(alarm, field) for field in ("AlarmActions", "OKActions", "InsufficientDataActions")}}
        return original(alarm, old_state, new_state, reason)

    return _dispatch_alarm_actions


def _allowed(alarm, field):
    from ministack.services import sns

    def lack(topic):
        found = sns.topic_policy_for_arn(topic)
        return policy_lacks(found and found[0], "cloudwatch.amazonaws.com", "sns:Publish", topic, alarm.get("AlarmArn", ""))

    return [topic for topic in alarm.get(field) or [] if not told(lack(topic))]
