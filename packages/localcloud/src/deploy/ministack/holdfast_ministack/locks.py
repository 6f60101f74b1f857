"""A multipart upload into a bucket with a default retention ends up without a lock. Here it gets the bucket's, as a single put does."""

from . import replace


def complete(s3):
    replace(s3, "_complete_multipart_upload", lambda original: _locking(s3, original))


def _locking(s3, original):
    def _complete_multipart_upload(bucket_name, key, body, query_params, headers=None):
        answer = original(bucket_name, key, body, query_params, headers)
        status, answered = answer[0], answer[1]
        version = answered.get("x-amz-version-id")
        if status == 200 and version and (bucket_name, key, version) not in s3._object_retention:
            s3._apply_object_lock_from_headers(bucket_name, key, {}, version)
        return answer

    return _complete_multipart_upload
