"""Lambda takes from queues, sends to failure destinations and writes logs whatever the function's role says. Here the role decides."""

from . import replace
from .rights import enforced, role_lacks, told

_TAKING = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
_TELLING = {"sqs": "sqs:SendMessage", "sns": "sns:Publish", "lambda": "lambda:InvokeFunction"}
_LOGGING = ("logs:CreateLogStream", "logs:PutLogEvents")


def complete(lambda_svc):
    replace(lambda_svc, "_sqs_esm_concurrency", _asking_to_take)
    replace(lambda_svc, "_route_async_failure", lambda original: _asking_to_tell(lambda_svc, original))
    replace(lambda_svc, "_emit_lambda_logs", _asking_to_log)


def _lack(config, actions, resource):
    role, arn = config.get("Role", ""), config.get("FunctionArn", "")
    lacks = (role_lacks(role, "lambda.amazonaws.com", action, resource, arn) for action in actions)
    return next(filter(None, lacks), None)


def _asking_to_take(original):
    def _sqs_esm_concurrency(esm, func_rec, config, queue=None):
        lacks = enforced() and told(_lack(config, _TAKING, esm.get("EventSourceArn", "")))
        return 0 if lacks else original(esm, func_rec, config, queue)

    return _sqs_esm_concurrency


def _asking_to_tell(lambda_svc, original):
    def _route_async_failure(target_arn, func_name, event, result):
        config = (lambda_svc._functions.get(func_name) or {}).get("config", {})
        action = _TELLING.get(target_arn.split(":")[2])
        if not (action and enforced() and told(_lack(config, [action], target_arn))):
            original(target_arn, func_name, event, result)

    return _route_async_failure


def _asking_to_log(original):
    def _emit_lambda_logs(func, *others, **named):
        if not (enforced() and told(_log_lack(func.get("config") or func))):
            original(func, *others, **named)

    return _emit_lambda_logs


def _log_lack(config):
    from ministack.core.responses import get_account_id, get_region

    group = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{config.get('FunctionName', '')}"
    stream = f"arn:aws:logs:{get_region()}:{get_account_id()}:log-group:{group}:log-stream:any"
    return _lack(config, _LOGGING, stream)
