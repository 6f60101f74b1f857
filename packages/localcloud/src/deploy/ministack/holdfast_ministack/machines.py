"""Step Functions does its tasks whatever the machine's role says, and a task that fails after its execution was stopped turns
ABORTED into FAILED. Here the role decides, and a stopped execution stays stopped."""

import contextvars

from . import replace
from .rights import enforced, role_lacks

#: (role, machine) of the execution that runs in this thread.
_acting = contextvars.ContextVar("holdfast_machine", default=None)

#: Integration → (action, argument that names the resource, error that AWS reports).
_INTEGRATIONS = {
    "lambda:invoke": ("lambda:InvokeFunction", "FunctionName", "Lambda.AWSLambdaException"),
    "sns:publish": ("sns:Publish", "TopicArn", "SNS.AuthorizationErrorException"),
    "sqs:sendMessage": ("sqs:SendMessage", "QueueUrl", "SQS.AccessDeniedException"),
    "states:startExecution": ("states:StartExecution", "StateMachineArn", "StepFunctions.AccessDeniedException"),
}


def complete(stepfunctions):
    replace(stepfunctions, "_run_execution", lambda original: _running_of(stepfunctions, original))
    replace(stepfunctions, "_fail_execution", _unless_stopped)
    replace(stepfunctions, "_invoke_resource", lambda original: _asking(stepfunctions, original))
    replace(stepfunctions, "_invoke_with_callback", lambda original: _asking(stepfunctions, original))


def _running_of(stepfunctions, original):
    def _run_execution(exec_arn):
        machine_arn = (stepfunctions._executions.get(exec_arn) or {}).get("stateMachineArn", "")
        machine = stepfunctions._state_machines.get(machine_arn) or {}
        _acting.set((machine.get("roleArn", ""), machine_arn))
        return original(exec_arn)

    return _run_execution


def _unless_stopped(original):
    def _fail_execution(execution, error, cause):
        if execution["status"] == "RUNNING":
            original(execution, error, cause)

    return _fail_execution


def _asking(stepfunctions, original):
    def invoke(resource, input_data, *others):
        acting = _acting.get()
        if enforced() and acting:
            _refuse(stepfunctions, resource, input_data, *acting)
        return original(resource, input_data, *others)

    return invoke


def _refuse(stepfunctions, resource, arguments, role_arn, machine_arn):
    integration = resource.split(":::", 1)[-1].split(".")[0]
    known = _INTEGRATIONS.get(integration)
    if known is None:
        raise stepfunctions._ExecutionError("States.Runtime", f"holdfast_ministack does not know what right {resource} needs")
    action, argument, error = known
    why = role_lacks(role_arn, "states.amazonaws.com", action, _arn(argument, arguments.get(argument, "")), machine_arn)
    if why:
        raise stepfunctions._ExecutionError(error, why)


def _arn(argument, given):
    if argument == "QueueUrl":
        from ministack.services import sqs

        queue = sqs._queues.get(given) or {}
        return queue.get("attributes", {}).get("QueueArn", given)
    if argument == "FunctionName":
        from ministack.services import lambda_svc

        _, config, _ = lambda_svc._get_func_record_for_ref(given)
        return (config or {}).get("FunctionArn", given)
    return given
