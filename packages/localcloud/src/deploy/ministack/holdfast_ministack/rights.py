"""May a service do this on somebody's behalf? MiniStack asks that of callers only; here it is asked of services too."""

import json
import logging

logger = logging.getLogger("holdfast")


def enforced() -> bool:
    from ministack.app import AUTH

    return AUTH


def _context(action, resource, account, service_context=None, principal=""):
    from ministack.core.iam_evaluator import EvalContext
    from ministack.core.responses import get_region

    return EvalContext(
        principal_arn=principal,
        principal_type="AssumedRole" if principal else "Service",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=get_region(),
        secure_transport=True,
        service_context=service_context or {},
    )


def _origin(source_arn, account):
    return {"aws:sourcearn": source_arn, "aws:sourceaccount": account, "aws:sourceowner": account}


def role_lacks(role_arn, service, action, resource, source_arn, context=None):
    """Why `service` may not do `action` with this role on behalf of `source_arn`, as one sentence; None when it may."""
    from ministack.core.iam_evaluator import _gather_role_policies, _resource_policy, combine_resource_policy, evaluate
    from ministack.core.responses import get_account_id
    from ministack.services import iam

    account, name = get_account_id(), role_arn.rsplit("/", 1)[-1]
    role = iam._roles.get_scoped(account, None, name)
    if role is None:
        return f"{role_arn} does not exist"
    if not _trusts(role.get("AssumeRolePolicyDocument"), service, source_arn, account):
        return f"{role_arn} does not let {service} assume it for {source_arn}"
    principal = f"arn:aws:sts::{account}:assumed-role/{name}/{service.split('.')[0]}"
    ctx = _context(action, resource, account, context, principal)
    result = evaluate(ctx, _gather_role_policies(name, account))
    found = _resource_policy(action.split(":")[0], resource)
    if found is not None:
        result = combine_resource_policy(result, ctx, *found)
    return None if result.decision == "Allow" else f"{principal} is not authorized to perform: {action} on resource: {resource}"


def _trusts(document, service, source_arn, account):
    from ministack.core.iam_evaluator import evaluate_resource_policy

    trust = json.loads(document) if isinstance(document, str) else document or {}
    statements = trust.get("Statement", [])
    # A trust policy names no resource; the evaluator wants one.
    named = [{**s, "Resource": "*"} for s in (statements if isinstance(statements, list) else [statements])]
    ctx = _context("sts:AssumeRole", "*", account, _origin(source_arn, account))
    return evaluate_resource_policy({"Statement": named}, ctx, service=service).decision == "Allow"


def policy_lacks(policy, service, action, resource, source_arn):
    """Why the policy of `resource` does not let `service` do `action` on behalf of `source_arn`; None when it does."""
    from ministack.core.iam_evaluator import evaluate_resource_policy
    from ministack.core.responses import get_account_id

    account = get_account_id()
    ctx = _context(action, resource, account, _origin(source_arn, account), "*")
    allowed = policy and evaluate_resource_policy(policy, ctx, service=service).decision == "Allow"
    return None if allowed else f"the policy of {resource} does not let {service} perform {action} for {source_arn}"


_told = set()


def told(why):
    """Logs a refusal once, and says whether there was one."""
    if why and why not in _told:
        _told.add(why)
        logger.warning("refused: %s", why)
    return bool(why)
