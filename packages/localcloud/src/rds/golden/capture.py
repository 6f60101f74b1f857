"""Writes moto.json: what moto answers to each call of calls.json, as its raw XML.

    python3 -m venv /tmp/moto && /tmp/moto/bin/pip install 'moto[rds]==5.2.1' && /tmp/moto/bin/python capture.py

moto (https://github.com/getmoto/moto, Apache-2.0) writes its answers from the AWS API's own model. Its identifiers and times are made up.
"""

import json
import os
from pathlib import Path

os.environ.update(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_DEFAULT_REGION="eu-central-1")

import boto3
from botocore.exceptions import ClientError
from moto import mock_aws

HERE = Path(__file__).parent


@mock_aws
def capture():
    rds = boto3.client("rds")
    subnets = [subnet["SubnetId"] for subnet in boto3.client("ec2").describe_subnets()["Subnets"]]
    answers = []
    rds.meta.events.register("before-parse.rds", lambda response_dict, **_: answers.append(response_dict))
    for action, params in json.loads((HERE / "calls.json").read_text()):
        if "SubnetIds" in params:
            params = {**params, "SubnetIds": subnets[: len(params["SubnetIds"])]}
        try:
            rds._make_api_call(action, params)
        except ClientError:
            pass  # the answer is kept all the same
    return [{"status": one["status_code"], "body": one["body"].decode()} for one in answers]


(HERE / "moto.json").write_text(json.dumps(capture(), indent=1) + "\n")
