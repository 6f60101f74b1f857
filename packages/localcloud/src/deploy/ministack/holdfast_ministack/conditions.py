"""Condition keys that MiniStack does not know, so that an Allow with them never matched and a Deny never did.

- kms:EncryptionContext:{key}, kms:EncryptionContextKeys
- cloudwatch:namespace
- s3:if-none-match, s3:if-match, s3:ObjectCreationOperation, the headers of server-side encryption and of locks, s3:RequestObjectTag/{key}
"""

import json
from urllib.parse import parse_qs, parse_qsl

from . import replace

#: Headers of S3 writes that are condition keys of the same name.
_HEADERS = (
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-storage-class",
    "x-amz-copy-source",
    "x-amz-metadata-directive",
)
_LOCKS = {
    "x-amz-object-lock-mode": "s3:object-lock-mode",
    "x-amz-object-lock-retain-until-date": "s3:object-lock-retain-until-date",
    "x-amz-object-lock-legal-hold": "s3:object-lock-legal-hold",
}


def complete(iam_actions):
    replace(iam_actions, "request_tag_context", _with_services)
    replace(iam_actions, "s3_service_context", _with_s3)


def _with_services(original):
    def request_tag_context(service, iam_action, body, params):
        context = original(service, iam_action, body, params)
        if service == "kms":
            context = {**context, **encryption_context(body)}
        if iam_action == "cloudwatch:PutMetricData":
            context = {**context, **metric_namespace(body)}
        return context

    return request_tag_context


def encryption_context(body):
    """https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-encryption-context"""
    try:
        given = json.loads(body or b"{}").get("EncryptionContext") or {}
    except (ValueError, AttributeError):
        return {}
    keys = {f"kms:EncryptionContext:{key}": str(value) for key, value in given.items()}
    return {**keys, "kms:EncryptionContextKeys": list(given)} if given else {}


def metric_namespace(body):
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/iam-cw-condition-keys-namespace.html"""
    text = (body or b"").decode("utf-8", "replace")
    try:
        namespace = json.loads(text).get("Namespace")
    except (ValueError, AttributeError):
        namespace = (parse_qs(text).get("Namespace") or [None])[0]
    return {"cloudwatch:namespace": namespace} if namespace else {}


def _with_s3(original):
    def s3_service_context(iam_action, query_params, path="", headers=None):
        context = original(iam_action, query_params, path, headers)
        if iam_action == "s3:PutObject":
            context = {**context, **_write(query_params or {}, headers or {})}
        return context

    return s3_service_context


def _write(query, headers):
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html"""
    given = {f"s3:{name}": headers[name] for name in _HEADERS if headers.get(name)}
    given.update({key: headers[name] for name, key in _LOCKS.items() if headers.get(name)})
    given.update({f"s3:{name}": headers[name] for name in ("if-none-match", "if-match") if headers.get(name)})
    tags = parse_qsl(headers.get("x-amz-tagging", ""))
    given.update({f"s3:RequestObjectTag/{key}": value for key, value in tags})
    # Beginning an upload and putting a part create no object; putting it and completing it do.
    begins = "uploads" in query or "partNumber" in query
    return {**given, "s3:ObjectCreationOperation": "false" if begins else "true"}
