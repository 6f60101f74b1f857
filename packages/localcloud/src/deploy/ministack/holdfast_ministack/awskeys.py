"""A key that AWS made for a service says so: its manager is AWS. MiniStack makes none, and calls every key a customer's.

The double of RDS makes alias/aws/rds; whoever asks about it must hear that it cannot be shared.
"""

from . import replace


def complete(kms):
    replace(kms, "_key_metadata", lambda original: _naming_its_manager(kms, original))


def _naming_its_manager(kms, original):
    def _key_metadata(rec):
        metadata = original(rec)
        names = (arn.rsplit(":", 1)[-1] for arn, key in kms._aliases.items() if key == rec["KeyId"])
        return {**metadata, "KeyManager": "AWS"} if any(name.startswith("alias/aws/") for name in names) else metadata

    return _key_metadata
