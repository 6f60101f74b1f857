"""S3's events lack the object's version id, which AWS sends for buckets with versions."""

import contextvars
import inspect
import json

from . import replace

#: The version that the event now being sent is about.
_version = contextvars.ContextVar("holdfast_version", default=None)


def complete(theirs):
    if theirs.__name__.endswith(".s3"):
        replace(theirs, "_fire_s3_event", _remembering)
    else:
        replace(theirs, "_dispatch_event", _telling)


def _remembering(original):
    signature = inspect.signature(original)

    def _fire_s3_event(*given, **named):
        token = _version.set(signature.bind(*given, **named).arguments.get("version_id"))
        try:
            return original(*given, **named)
        finally:
            _version.reset(token)

    return _fire_s3_event


def _telling(original):
    def _dispatch_event(event, view=None):
        version = _version.get()
        if version and event.get("Source") == "aws.s3":
            detail = json.loads(event["Detail"])
            detail["object"]["version-id"] = version
            event = {**event, "Detail": json.dumps(detail)}
        return original(event, view)

    return _dispatch_event
