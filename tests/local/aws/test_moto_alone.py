"""What moto does without our seams: when one of these fails, look whether its seam can go.

Others of the kind stand beside the seam that they concern.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, utils
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from moto import mock_aws
from moto.dynamodb.models import dynamodb_backends
from moto.s3 import notifications
from moto.stepfunctions.parser.api import TaskTimedOut
from moto.stepfunctions.parser.utils import TMP_THREADS
from moto.stepfunctions.responses import StepFunctionResponse

from infra.local.aws import LocalAws
from infra.local.aws.account import backend

from .conftest import ROLE
from .test_tables import key


@pytest.fixture
def moto() -> Iterator[LocalAws]:
    """Clients to moto as it is: this system is never started."""
    with mock_aws(config={"lambda": {"use_docker": False}, "stepfunctions": {"execute_state_machine": True}}):
        yield LocalAws({})


def run(moto: LocalAws, states: dict[str, Any]) -> dict[str, Any]:
    """An ended execution of JSONPath states, with the names of those it entered."""
    api = moto.client("stepfunctions")
    definition = json.dumps({"StartAt": next(iter(states)), "States": states})
    machine = api.create_state_machine(name="toy", definition=definition, roleArn=ROLE)["stateMachineArn"]
    execution = api.start_execution(stateMachineArn=machine, name="first")["executionArn"]
    for thread in TMP_THREADS:
        thread.join(10)
    events = api.get_execution_history(executionArn=execution)["events"]
    entered = [
        event["stateEnteredEventDetails"]["name"] for event in events if event["type"].endswith("Entered")
    ]
    return api.describe_execution(executionArn=execution) | {"entered": entered}


def test_a_function_that_is_not_there_succeeds_with_its_input(moto: LocalAws) -> None:
    answer = moto.client("lambda").invoke(FunctionName="nobody", Payload='{"a": 1}')

    assert json.load(answer["Payload"]) == {"a": 1}


def test_a_catcher_that_leads_back_is_left_by_next(moto: LocalAws) -> None:
    broken = {"StartAt": "No", "States": {"No": {"Type": "Fail", "Error": "Broken"}}}
    states = {
        "Try": {
            "Type": "Parallel",
            "Branches": [broken],
            "Next": "Done",
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Try"}],
        },
        "Done": {"Type": "Succeed"},
    }

    assert [name for name in run(moto, states)["entered"] if name != "No"] == ["Try", "Done"]


def test_a_text_that_is_an_output_has_lost_its_quotes(moto: LocalAws) -> None:
    assert run(moto, {"Tell": {"Type": "Pass", "Result": "text", "End": True}})["output"] == "text"


def test_an_error_of_a_late_answer_cannot_be_made() -> None:
    with pytest.raises(TypeError):
        TaskTimedOut()


def test_the_cause_of_a_task_failure_is_dropped() -> None:
    assert "cause" not in inspect.getsource(StepFunctionResponse.send_task_failure)


def test_an_update_that_creates_an_item_makes_two_records(moto: LocalAws) -> None:
    client = moto.client("dynamodb")
    client.create_table(
        TableName="cases",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )

    client.update_item(
        TableName="cases",
        Key=key("a"),
        UpdateExpression="SET n = :n",
        ExpressionAttributeValues={":n": {"N": "1"}},
    )

    shard = backend(dynamodb_backends).tables["cases"].stream_shard
    assert [item.to_json()["eventName"] for item in shard.items] == ["INSERT", "INSERT"]


def test_an_event_of_s3_names_the_digest_otherwise() -> None:
    assert '"eTag"' in inspect.getsource(notifications._send_event_bridge_message)


def test_a_digest_is_hashed_again_when_it_is_signed(moto: LocalAws) -> None:
    """There is no seam: the engine signs with MessageType RAW."""
    kms = moto.client("kms")
    made = kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    digest = hashes.Hash(hashes.SHA256())
    digest.update(b"permit")
    hashed = digest.finalize()

    signature = kms.sign(
        KeyId=made, Message=hashed, MessageType="DIGEST", SigningAlgorithm="RSASSA_PKCS1_V1_5_SHA_256"
    )["Signature"]

    public = load_der_public_key(kms.get_public_key(KeyId=made)["PublicKey"])
    assert isinstance(public, RSAPublicKey)
    with pytest.raises(InvalidSignature):
        public.verify(signature, hashed, padding.PKCS1v15(), utils.Prehashed(hashes.SHA256()))
