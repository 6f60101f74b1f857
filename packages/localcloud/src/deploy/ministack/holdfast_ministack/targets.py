"""EventBridge delivers to queues, topics and functions whatever their policies say, and to a function once, without retries.

Here the target's policy must let events.amazonaws.com do it for that very rule, a target with a role needs that role's right, and a
function is invoked asynchronously as on AWS: two retries, then its failure destination.
"""

import json

from . import replace
from .rights import enforced, policy_lacks, role_lacks, told

_ACTIONS = {"lambda": "lambda:InvokeFunction", "sqs": "sqs:SendMessage", "sns": "sns:Publish", "states": "states:StartExecution"}


def complete(eventbridge):
    replace(eventbridge, "_invoke_target", _asking)
    eventbridge._dispatch_to_lambda = _dispatch_to_lambda


def _asking(original):
    def _invoke_target(target, event, rule, view=None):
        if enforced() and told(_lack(target, event, rule)):
            return None
        return original(target, event, rule, view)

    return _invoke_target


def _lack(target, event, rule):
    arn = target.get("Arn", "")
    service = arn.split(":")[2] if arn.count(":") > 4 else ""
    action = _ACTIONS.get(service)
    if action is None:
        return None
    if event.get("Source") == "aws.scheduler":
        return role_lacks(target.get("RoleArn", ""), "scheduler.amazonaws.com", action, arn, _group_of(rule))
    if target.get("RoleArn"):
        return role_lacks(target["RoleArn"], "events.amazonaws.com", action, arn, rule.get("Arn", ""))
    return policy_lacks(_policy_of(service, arn), "events.amazonaws.com", action, arn, rule.get("Arn", ""))


def _group_of(schedule):
    """https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html: the group is the source."""
    arn = schedule.get("Arn", "")
    return arn.rsplit("/", 1)[0].replace(":schedule/", ":schedule-group/")


def _policy_of(service, arn):
    from ministack.core.iam_evaluator import _resource_policy

    found = _resource_policy(service, arn)
    return found[0] if found else None


def _dispatch_to_lambda(arn, payload):
    from ministack.services import lambda_svc

    func, config, name = lambda_svc._get_func_record_for_ref(arn)
    if not func or not config:
        return told(f"{arn}: there is no function {name}")
    try:
        event = json.loads(payload)
    except (ValueError, TypeError):
        event = {"body": payload}
    return lambda_svc.invoke_async_with_retry(lambda_svc._execution_record_for_config(func, config), event)
