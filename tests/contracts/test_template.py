"""The template and the code say the same, and what the template promises of safety stands in it."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from functions.adapters import dynamodb, eventbridge, guardduty
from functions.runtime.settings import Settings
from infra import package, refusals
from tests.architecture.source import handlers

Template = dict[str, Any]

WORKERS = {
    module.stem: module.name for folder in ("steps", "streams") for module in handlers(f"functions/{folder}")
}
# A secret stands in no template, and the level of logs is chosen where one looks for a fault.
ONLY_LOCAL = {"payment_secret", "session_key", "log_level"}


def properties(template: Template, name: str) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"][name]["Properties"]
    return found


def of_type(template: Template, kind: str) -> dict[str, Any]:
    return {name: one["Properties"] for name, one in template["Resources"].items() if one["Type"] == kind}


def sub(value: Any) -> str:
    return value["Fn::Sub"] if isinstance(value, dict) else value


def test_cfn_lint_finds_no_error(template: Template, build: Path) -> None:
    package.lint(build / "template.yaml")


def test_every_worker_is_a_function_of_its_name(template: Template) -> None:
    found = {
        logical: (function["Handler"], sub(function["FunctionName"]))
        for logical, function in of_type(template, "AWS::Serverless::Function").items()
    }

    assert found == {
        "APIHandler": ("app.app", "${AWS::StackName}-api_handler"),
        "Authorizer": ("functions.api.authorizer.authorizer", "${AWS::StackName}-authorizer"),
    } | {
        package.camel(name): (f"{module}.handler", f"${{AWS::StackName}}-{name}")
        for name, module in WORKERS.items()
    }


def test_every_function_runs_on_arm_on_a_python_that_lambda_supports(template: Template) -> None:
    for function in of_type(template, "AWS::Serverless::Function").values():
        assert function["Architectures"] == ["arm64"]
        assert function["Runtime"] == package.RUNTIME


def test_every_function_has_the_settings_of_its_name(template: Template) -> None:
    stage = json.loads((package.ROOT / "chalice.json").read_text())["stages"][package.STAGE]
    defaults = (stage["lambda_memory_size"], stage["lambda_timeout"])

    for logical, function in of_type(template, "AWS::Serverless::Function").items():
        own = stage["lambda_functions"][sub(function["FunctionName"]).rpartition("-")[2]]
        memory, timeout = (
            own.get(key, default)
            for key, default in zip(("lambda_memory_size", "lambda_timeout"), defaults, strict=True)
        )
        assert (logical, function["MemorySize"], function["Timeout"]) == (logical, memory, timeout)


def test_the_api_answers_before_the_gateway_gives_up(template: Template) -> None:
    assert properties(template, "APIHandler")["Timeout"] < 29


def test_every_function_has_a_role_of_its_own(template: Template) -> None:
    roles = [
        function["Role"]["Fn::GetAtt"][0]
        for function in of_type(template, "AWS::Serverless::Function").values()
    ]

    assert len(set(roles)) == len(roles)
    for role in roles:
        assert "ManagedPolicyArns" not in properties(template, role)


def test_every_function_keeps_its_logs_for_a_while(template: Template) -> None:
    logs = of_type(template, "AWS::Logs::LogGroup")

    names = {sub(log["LogGroupName"]) for log in logs.values() if "LogGroupName" in log}

    assert {
        f"/aws/lambda/${{AWS::StackName}}-{name}" for name in (*WORKERS, "api_handler", "authorizer")
    } <= names
    assert all(log["RetentionInDays"] == 90 for log in logs.values())


def test_the_environment_holds_every_setting(template: Template) -> None:
    settings = {field.name for field in dataclasses.fields(Settings)} - ONLY_LOCAL

    variables = set(template["Globals"]["Function"]["Environment"]["Variables"])
    for function in of_type(template, "AWS::Serverless::Function").values():
        variables |= set(function.get("Environment", {}).get("Variables", {}))

    assert {name.lower() for name in variables} == settings


def test_the_table_has_the_keys_and_indexes_that_the_adapter_uses(template: Template) -> None:
    table = properties(template, "Cases")
    keys = {index["IndexName"]: _keys(index) for index in table["GlobalSecondaryIndexes"]}

    assert _keys(table) == ("pk", "sk")
    assert keys == {name: (partition, sort) for name, partition, sort in dynamodb.INDEXES.values()}
    assert Counter(one["AttributeName"] for one in table["AttributeDefinitions"]) == Counter(
        {name for pair in (*keys.values(), ("pk", "sk")) for name in pair}
    )


def test_the_table_costs_nothing_at_rest_and_loses_nothing(template: Template) -> None:
    table = properties(template, "Cases")

    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["DeletionProtectionEnabled"] is True
    assert table["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}


def test_the_bucket_is_private_versioned_and_speaks_only_tls(template: Template) -> None:
    bucket = properties(template, "Documents")
    denials = properties(template, "DocumentsPolicy")["PolicyDocument"]["Statement"]

    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert {rule["Id"] for rule in bucket["LifecycleConfiguration"]["Rules"]} == {
        "aborted-uploads",
        "noncurrent-versions",
    }
    assert bucket["NotificationConfiguration"]["EventBridgeConfiguration"] == {"EventBridgeEnabled": True}
    assert {"aws:SecureTransport": "false"} in [denial["Condition"].get("Bool") for denial in denials]
    assert all(denial["Effect"] == "Deny" and denial["Principal"] == "*" for denial in denials)


@pytest.mark.parametrize("name", ["Cases", "Documents", "SigningKey", "SealingKey", "People"])
def test_what_cannot_be_made_again_outlives_the_stack(template: Template, name: str) -> None:
    resource = template["Resources"][name]

    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_the_sealing_key_lets_nobody_open_but_by_a_grant_of_one_function(template: Template) -> None:
    statements = properties(template, "SealingKey")["KeyPolicy"]["Statement"]
    allowed = {action for one in statements if one["Effect"] == "Allow" for action in as_list(one["Action"])}
    (close,) = (one for one in statements if "kms:GenerateDataKey" in as_list(one["Action"]))
    (grant,) = (
        one for one in statements if "kms:CreateGrant" in as_list(one["Action"]) and one["Effect"] == "Allow"
    )
    (denial,) = (one for one in statements if one["Effect"] == "Deny")

    assert not {"kms:*", "kms:Decrypt", "kms:ReEncryptFrom"} & allowed
    assert set(close["Condition"]["Null"]) == {
        f"kms:EncryptionContext:{name}" for name in ("case", "parent", "opens_at")
    }
    assert grant["Condition"]["StringEquals"] == {
        "kms:GrantConstraintType": "EncryptionContextSubset",
        "kms:GranteePrincipal": "${aws:PrincipalArn}",
    }
    assert grant["Condition"]["ForAllValues:StringEquals"] == {"kms:GrantOperations": ["Decrypt"]}
    assert denial["Principal"] == "*"
    assert set(denial["Action"]) == {"kms:Decrypt", "kms:ReEncryptFrom", "kms:CreateGrant"}
    assert grant["Condition"]["ArnLike"] == denial["Condition"]["ArnNotLike"]
    assert "role/${AWS::StackName}-OpenSeals*" in str(denial["Condition"]["ArnNotLike"])


def test_no_role_may_decrypt(template: Template) -> None:
    for role in of_type(template, "AWS::IAM::Role").values():
        assert "kms:Decrypt" not in str(role)


def test_nothing_lies_unsealed_where_sealed_files_lie_and_only_the_opener_reads_them(
    template: Template,
) -> None:
    statements = properties(template, "DocumentsPolicy")["PolicyDocument"]["Statement"]
    sealed = {one["Sid"]: one for one in statements if "sealed/*" in str(one["Resource"])}
    scanned = properties(template, "MalwareScan")["ProtectedResource"]["S3Bucket"]["ObjectPrefixes"]

    assert sealed["SealedOrNot"]["Action"] == "s3:PutObject"
    assert sealed["SealedOrNot"]["Condition"]["StringNotEquals"] == {
        "s3:x-amz-server-side-encryption-aws-kms-key-id": {"Fn::GetAtt": ["SealingKey", "Arn"]}
    }
    reading = sealed["OnlyTheOpenerReadsWhatIsSealed"]
    assert {"s3:GetObject", "s3:GetObjectVersion"} <= set(reading["Action"])
    assert "OpenSeals*" in str(reading["Condition"]["ArnNotLike"])
    assert scanned == ["cases/"]


def test_whoever_touches_the_seals_is_told_of(template: Template) -> None:
    for name in ("SealsTouched", "OpenerTouched"):
        rule = properties(template, name)
        assert rule["State"] == "ENABLED"
        assert [target["Arn"] for target in rule["Targets"]] == [{"Ref": "Alarms"}]
    watched = properties(template, "SealsTouched")["EventPattern"]["detail"]
    assert {"PutKeyPolicy", "CreateGrant"} <= set(watched["eventName"])
    assert watched["resources"] == {"ARN": [{"Fn::GetAtt": ["SealingKey", "Arn"]}]}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_the_signing_key_only_signs(template: Template) -> None:
    key = properties(template, "SigningKey")

    assert (key["KeySpec"], key["KeyUsage"]) == ("RSA_2048", "SIGN_VERIFY")


def test_every_process_is_a_state_machine_that_logs_errors_without_data(template: Template) -> None:
    machines = of_type(template, "AWS::Serverless::StateMachine")

    assert {sub(machine["Name"]) for machine in machines.values()} == {
        f"${{AWS::StackName}}-{name}" for name in package.definitions()
    }
    for machine in machines.values():
        assert machine["Type"] == "STANDARD"
        assert machine["Logging"]["Level"] == "ERROR"
        assert machine["Logging"]["IncludeExecutionData"] is False
        assert machine["Tracing"] == {"Enabled": True}


def test_the_relay_finds_every_state_machine_by_its_prefix(template: Template) -> None:
    prefix = sub(template["Globals"]["Function"]["Environment"]["Variables"]["STATE_MACHINES"])

    assert prefix.endswith(":stateMachine:${AWS::StackName}-")


def test_a_state_machine_may_call_the_functions_that_it_names_and_no_other(template: Template) -> None:
    for name, path in package.definitions().items():
        machine = properties(template, f"{package.camel(name)}Process")
        role = properties(template, machine["Role"]["Fn::GetAtt"][0])
        (drive,) = role["Policies"]
        named = package.substitutions(path.read_text())

        callable_by_role = [
            resource["Fn::GetAtt"][0]
            for statement in drive["PolicyDocument"]["Statement"]
            if "lambda:InvokeFunction" in statement["Action"]
            for resource in statement["Resource"]
        ]

        assert sorted(machine["DefinitionSubstitutions"]) == named == sorted(callable_by_role)
        assert set(named) <= {package.camel(step) for step, module in WORKERS.items() if ".steps." in module}


@pytest.mark.parametrize("consumer", ["Relay", "Project"])
def test_a_record_that_cannot_be_taken_in_stops_no_other_and_is_laid_aside(
    template: Template, consumer: str
) -> None:
    stream = properties(template, consumer)["Events"]["Stream"]["Properties"]

    assert stream["Stream"] == {"Fn::GetAtt": ["Cases", "StreamArn"]}
    assert stream["StartingPosition"] == "TRIM_HORIZON"
    assert stream["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert stream["BisectBatchOnFunctionError"] is True
    assert stream["MaximumRetryAttempts"] > 0
    assert stream["DestinationConfig"]["OnFailure"]["Destination"] == {"Fn::GetAtt": ["DeadLetters", "Arn"]}


def test_the_stream_wakes_nobody_for_views_and_claims(template: Template) -> None:
    def prefixes(consumer: str) -> list[str]:
        filters = properties(template, consumer)["Events"]["Stream"]["Properties"]["FilterCriteria"][
            "Filters"
        ]
        return [
            rule["prefix"]
            for one in filters
            for rule in json.loads(one["Pattern"])["dynamodb"]["Keys"]["sk"]["S"]
        ]

    assert prefixes("Relay") == ["#", "@"]
    assert prefixes("Project") == ["#"]


def test_what_an_event_cannot_do_is_laid_aside(template: Template) -> None:
    events = set(WORKERS) - {"relay", "project"}

    for name in events:
        if ".streams." in WORKERS[name]:
            function = properties(template, package.camel(name))
            failed = function["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]
            assert failed["Destination"] == {"Fn::GetAtt": ["DeadLetters", "Arn"]}
            for event in function["Events"].values():
                assert event["Properties"]["RetryPolicy"]["MaximumRetryAttempts"] > 0


def test_rules_ask_for_the_events_that_the_code_reads(template: Template) -> None:
    def pattern(function: str) -> dict[str, Any]:
        (event,) = properties(template, function)["Events"].values()
        found: dict[str, Any] = event["Properties"]["Pattern"]
        return found

    assert pattern("DocumentScanned")["source"] == [guardduty.SOURCE]
    assert pattern("DocumentScanned")["detail-type"] == [guardduty.DETAIL_TYPE]
    assert pattern("DocumentArrived")["detail-type"] == ["Object Created"]
    assert pattern("ExecutionEnded")["detail"]["status"] == ["FAILED", "TIMED_OUT", "ABORTED"]
    for consumer in ("Notices", "Register", "Webhooks"):
        assert pattern(consumer)["source"] == [eventbridge.SOURCE]


def test_clocks_wake_those_who_look_after_what_waits(template: Template) -> None:
    def rate(function: str) -> str:
        (event,) = properties(template, function)["Events"].values()
        assert event["Type"] == "ScheduleV2"
        return str(event["Properties"]["ScheduleExpression"])

    assert rate("ReconcilePayments") == "rate(15 minutes)"
    assert rate("RetryWebhooks") == "rate(15 minutes)"
    assert rate("WakeDue") == "rate(1 hour)"


def test_every_role_of_every_office_is_a_group(template: Template) -> None:
    groups = of_type(template, "AWS::Cognito::UserPoolGroup")

    assert sorted(group["GroupName"] for group in groups.values()) == sorted(package.roles())


def test_nobody_makes_an_employee_of_themselves(template: Template) -> None:
    client = properties(template, "Portal")

    assert "custom:employee_number" in client["ReadAttributes"]
    assert "custom:employee_number" not in client["WriteAttributes"]


def test_the_gateway_answers_by_itself_with_problem_documents(template: Template) -> None:
    answers = properties(template, "RestAPI")["DefinitionBody"]["x-amazon-apigateway-gateway-responses"]

    for name, status in {
        "UNAUTHORIZED": "401",
        "ACCESS_DENIED": "403",
        "MISSING_AUTHENTICATION_TOKEN": "404",
        "REQUEST_TOO_LARGE": "413",
        "THROTTLED": "429",
        "INTEGRATION_TIMEOUT": "504",
    }.items():
        assert answers[name]["statusCode"] == status
    for answer in answers.values():
        problem = json.loads(answer["responseTemplates"]["application/json"])
        content_type = answer["responseParameters"]["gatewayresponse.header.Content-Type"]
        assert content_type == f"'{refusals.CONTENT_TYPE}'"
        assert {"type", "title", "detail"} <= set(problem)
        assert str(problem.get("status", "")) == answer.get("statusCode", "")


def test_the_gateway_logs_neither_address_nor_name(template: Template) -> None:
    log = properties(template, "RestAPI")["AccessLogSetting"]["Format"]

    assert not any(word in log for word in ("identity", "authorizer", "$context.path"))
    json.loads(log)


def test_every_alarm_is_heard(template: Template) -> None:
    alarms = of_type(template, "AWS::CloudWatch::Alarm")

    assert {
        "DeadLettersAlarm",
        "RelayLateAlarm",
        "NeedsAttentionAlarm",
        "ServerErrorsAlarm",
        "ThrottlesAlarm",
    } <= set(alarms)
    assert all(alarm["AlarmActions"] == [{"Ref": "Alarms"}] for alarm in alarms.values())


def test_no_secret_stands_in_the_template(template: Template) -> None:
    variables = set(template["Globals"]["Function"]["Environment"]["Variables"])

    assert variables & {"PAYMENT_SECRET", "SESSION_KEY"} == set()


def _keys(described: dict[str, Any]) -> tuple[str, ...]:
    return tuple(key["AttributeName"] for key in described["KeySchema"])
