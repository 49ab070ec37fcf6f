"""The simulation's stand-ins for AWS do what moto does, for every call and expression that the adapters use."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.dynamodb.models import DynamoDBBackend

from sandbox.cloud.transactions import replace_transactions
from tests.contract.stand_in_world import BUS, TABLE, Aws, code_of, make_stand_ins, moto


@pytest.fixture(params=["moto", "local cloud", "stand-ins"])
def aws(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    if request.param == "stand-ins":
        yield make_stand_ins()
        return
    if request.param == "local cloud":
        monkeypatch.setattr(DynamoDBBackend, "transact_write_items", DynamoDBBackend.transact_write_items)
        replace_transactions()
    with moto() as clients:
        yield clients


def _item(key: str, **values: Any) -> dict[str, Any]:
    kinds = {int: "N", str: "S"}
    encoded = {name: {kinds[type(value)]: str(value)} for name, value in values.items()}
    return {"order_key": {"S": key}} | encoded


def _put(aws: Aws, item: dict[str, Any], condition: str | None = None, **values: Any) -> None:
    request: dict[str, Any] = {"ConditionExpression": condition} if condition else {}
    if values:
        request["ExpressionAttributeValues"] = {f":{name}": value for name, value in values.items()}
    aws.dynamodb.put_item(TableName=TABLE, Item=item, ReturnValuesOnConditionCheckFailure="ALL_OLD", **request)


def _get(aws: Aws, key: str) -> Any:
    return aws.dynamodb.get_item(TableName=TABLE, Key=_item(key), ConsistentRead=True).get("Item")


def test_a_put_whose_condition_does_not_hold_changes_nothing_and_shows_what_is_there(aws: Aws) -> None:
    _put(aws, _item("a#1", version=1), "attribute_not_exists(order_key)")
    with pytest.raises(aws.dynamodb.exceptions.ConditionalCheckFailedException) as refused:
        _put(aws, _item("a#1", version=7), "attribute_not_exists(order_key)")
    assert refused.value.response["Item"] == _item("a#1", version=1)
    assert _get(aws, "a#1") == _item("a#1", version=1)


def test_a_condition_on_an_item_that_is_not_there_shows_none(aws: Aws) -> None:
    with pytest.raises(aws.dynamodb.exceptions.ConditionalCheckFailedException) as refused:
        _put(aws, _item("a#1", version=2), "version = :version", version={"N": "1"})
    assert "Item" not in refused.value.response


@pytest.mark.parametrize(
    ("condition", "value", "holds"),
    [
        ("version = :value", {"N": "2"}, True),
        ("version = :value", {"S": "2"}, False),
        ("version <= :value", {"N": "10"}, True),
        ("version < :value", {"N": "2"}, False),
        ("version >= :value", {"N": "3"}, False),
        ("version <> :value", {"N": "3"}, True),
        ("absent <> :value", {"N": "3"}, True),
        ("absent = :value", {"N": "3"}, False),
        ("absent <= :value", {"N": "3"}, False),
        ("attribute_not_exists(absent) OR version <= :value", {"N": "1"}, True),
        ("attribute_exists(absent) OR version <= :value", {"N": "1"}, False),
        ("attribute_exists(version) AND NOT version = :value", {"N": "3"}, True),
        ("(version = :value OR version = :value) AND attribute_exists(absent)", {"N": "2"}, False),
        ("begins_with(word, :value)", {"S": "pa"}, True),
        ("begins_with(word, :value)", {"S": "id"}, False),
    ],
)
def test_conditions(aws: Aws, condition: str, value: dict[str, str], *, holds: bool) -> None:
    _put(aws, _item("a#1", version=2, word="paid"))
    try:
        _put(aws, _item("a#1", version=3), condition, value=value)
    except aws.dynamodb.exceptions.ConditionalCheckFailedException:
        assert not holds
    else:
        assert holds


def _transact(aws: Aws, *puts: tuple[dict[str, Any], str | None]) -> None:
    operations = [{"TableName": TABLE, "Item": item} | _condition(condition) for item, condition in puts]
    aws.dynamodb.transact_write_items(TransactItems=[{"Put": operation} for operation in operations])


def _condition(condition: str | None) -> dict[str, Any]:
    values = {"ExpressionAttributeValues": {":one": {"N": "1"}}} if condition and ":one" in condition else {}
    return ({"ConditionExpression": condition} if condition else {}) | values


def test_a_transaction_writes_all_of_its_items(aws: Aws) -> None:
    _put(aws, _item("a#1", version=1))
    _transact(
        aws,
        (_item("a#1", version=2), "version = :one"),
        (_item("a#2"), None),
        (_item("a#3"), "attribute_not_exists(version)"),
    )
    assert [_get(aws, key) for key in ("a#1", "a#2", "a#3")] == [_item("a#1", version=2), _item("a#2"), _item("a#3")]


def test_a_transaction_of_which_a_condition_does_not_hold_writes_nothing_and_says_which(aws: Aws) -> None:
    _put(aws, _item("a#1", version=7))
    with pytest.raises(aws.dynamodb.exceptions.TransactionCanceledException) as refused:
        _transact(aws, (_item("a#2"), None), (_item("a#1", version=2), "version = :one"))
    reasons: Any = refused.value.response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["None", "ConditionalCheckFailed"]
    assert (_get(aws, "a#1"), _get(aws, "a#2")) == (_item("a#1", version=7), None)


@pytest.mark.parametrize("keys", [["a#1", "a#1"], [f"a#{number}" for number in range(101)]])
def test_a_transaction_takes_a_hundred_items_each_once(aws: Aws, keys: list[str]) -> None:
    with pytest.raises(ClientError) as refused:
        _transact(aws, *((_item(key), None) for key in keys))
    assert code_of(refused.value) == "ValidationException"
    assert _get(aws, "a#1") is None


def test_batch_get_item_returns_what_is_there_and_leaves_out_what_is_not(aws: Aws) -> None:
    _put(aws, _item("a#1", version=1))
    wanted = {"Keys": [_item("a#1"), _item("a#2")], "ConsistentRead": True}
    answer = aws.dynamodb.batch_get_item(RequestItems={TABLE: wanted})
    assert answer["Responses"] == {TABLE: [_item("a#1", version=1)]}
    assert answer["UnprocessedKeys"] == {}


def test_an_index_is_sparse_sorted_bounded_and_shows_only_its_attributes(aws: Aws) -> None:
    _put(aws, _item("a#1", due_shard="00", sweep_at=30, state="unknown", secret="no"))
    _put(aws, _item("a#2", due_shard="00", sweep_at=5, state="declined"))
    _put(aws, _item("a#3", due_shard="00", sweep_at=31, state="declined"))
    _put(aws, _item("a#4", due_shard="01", sweep_at=1, state="declined"))
    _put(aws, _item("a#5", state="paid"))
    _put(aws, _item("a#6", due_shard="00", sweep_at=2, state="declined"))
    _put(aws, _item("a#6", state="paid"))
    pages = aws.dynamodb.get_paginator("query").paginate(
        TableName=TABLE,
        IndexName="due",
        KeyConditionExpression="due_shard = :shard AND sweep_at <= :now",
        ExpressionAttributeValues={":shard": {"S": "00"}, ":now": {"N": "30"}},
    )
    assert [item for page in pages for item in page["Items"]] == [
        _item("a#2", due_shard="00", sweep_at=5, state="declined"),
        _item("a#1", due_shard="00", sweep_at=30, state="unknown"),
    ]


def test_a_query_can_go_backwards(aws: Aws) -> None:
    for number in range(3):
        _put(aws, _item(f"a#{number}", due_shard="00", sweep_at=number, state="declined"))
    answer = aws.dynamodb.query(
        TableName=TABLE,
        IndexName="due",
        KeyConditionExpression="due_shard = :shard",
        ExpressionAttributeValues={":shard": {"S": "00"}},
        ScanIndexForward=False,
        Limit=1,
    )
    assert [item["order_key"]["S"] for item in answer["Items"]] == ["a#2"]


def test_a_scan_goes_on_behind_any_item_that_is_there(aws: Aws) -> None:
    for number in range(5):
        _put(aws, _item(f"a#{number}", version=1))
    keys = [item["order_key"]["S"] for item in aws.dynamodb.scan(TableName=TABLE)["Items"]]
    for place, key in enumerate(keys):
        rest = aws.dynamodb.scan(TableName=TABLE, ExclusiveStartKey=_item(key))["Items"]
        assert [item["order_key"]["S"] for item in rest] == keys[place + 1 :]


def test_bytes_are_kept_as_they_are(aws: Aws) -> None:
    aws.dynamodb.put_item(TableName=TABLE, Item=_item("a#1") | {"shown": {"B": b"\x00\xff"}})
    assert _get(aws, "a#1")["shown"] == {"B": b"\x00\xff"}


def test_pages_follow_each_other_and_miss_nothing(aws: Aws) -> None:
    for number in range(7):
        _put(aws, _item(f"a#{number}", due_shard="00", sweep_at=number, state="declined"))
    request: dict[str, Any] = {
        "TableName": TABLE,
        "IndexName": "due",
        "KeyConditionExpression": "due_shard = :shard",
        "ExpressionAttributeValues": {":shard": {"S": "00"}},
        "Limit": 3,
    }
    found: list[str] = []
    while True:
        page = aws.dynamodb.query(**request)
        found += [item["sweep_at"]["N"] for item in page["Items"]]
        if "LastEvaluatedKey" not in page:
            break
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]
    assert found == [str(number) for number in range(7)]


def test_a_scan_shows_every_item(aws: Aws) -> None:
    for number in range(3):
        _put(aws, _item(f"a#{number}"))
    pages = aws.dynamodb.get_paginator("scan").paginate(TableName=TABLE, ConsistentRead=True)
    keys = {item["order_key"]["S"] for page in pages for item in page["Items"]}
    assert keys == {"a#0", "a#1", "a#2"}


def test_a_scan_leaves_out_what_its_filter_does_not_want(aws: Aws) -> None:
    for number in range(60):
        _put(aws, _item(f"a#{number}", shown=f"shown {number % 2}", **({"due": 1} if number % 3 else {})))
    values = {":shown": {"S": "shown 1"}}
    pages = aws.dynamodb.get_paginator("scan").paginate(
        TableName=TABLE,
        FilterExpression="shown = :shown AND attribute_not_exists(due)",
        ExpressionAttributeValues=values,
    )
    found = {item["order_key"]["S"] for page in pages for item in page["Items"]}
    assert found == {f"a#{number}" for number in range(60) if number % 2 and not number % 3}


def test_an_update_sets_what_it_names_if_its_condition_holds(aws: Aws) -> None:
    _put(aws, _item("a#1", sweep_at=5, state="declined"))
    request: dict[str, Any] = {
        "TableName": TABLE,
        "Key": _item("a#1"),
        "UpdateExpression": "SET sweep_at = :until",
        "ConditionExpression": "sweep_at = :listed",
        "ExpressionAttributeValues": {":until": {"N": "900"}, ":listed": {"N": "5"}},
    }
    aws.dynamodb.update_item(**request)
    assert _get(aws, "a#1") == _item("a#1", sweep_at=900, state="declined")
    with pytest.raises(aws.dynamodb.exceptions.ConditionalCheckFailedException):
        aws.dynamodb.update_item(**request)


def test_deleting_what_is_not_there_is_no_error(aws: Aws) -> None:
    _put(aws, _item("a#1"))
    aws.dynamodb.delete_item(TableName=TABLE, Key=_item("a#1"))
    aws.dynamodb.delete_item(TableName=TABLE, Key=_item("a#1"))
    assert _get(aws, "a#1") is None


def test_the_stream_has_each_change_with_its_images_in_order(aws: Aws) -> None:
    _put(aws, _item("a#1", version=1))
    _put(aws, _item("a#1", version=2))
    aws.dynamodb.delete_item(TableName=TABLE, Key=_item("a#1"))
    records = aws.read_stream()
    assert [record["eventName"] for record in records] == ["INSERT", "MODIFY", "REMOVE"]
    assert [record["dynamodb"].get("OldImage", {}).get("version") for record in records] == [
        None,
        {"N": "1"},
        {"N": "2"},
    ]
    assert [record["dynamodb"].get("NewImage", {}).get("version") for record in records] == [
        {"N": "1"},
        {"N": "2"},
        None,
    ]
    assert all(record["dynamodb"]["Keys"] == _item("a#1") for record in records)
    numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in records]
    assert numbers == sorted(set(numbers))
    assert len({record["eventID"] for record in records}) == 3


def _receive(aws: Aws, **request: Any) -> list[dict[str, Any]]:
    names = {"MessageSystemAttributeNames": ["All"], "MessageAttributeNames": ["All"]}
    answer = aws.sqs.receive_message(QueueUrl=aws.queue, **names, **request)
    messages: list[dict[str, Any]] = answer.get("Messages", [])
    return messages


def test_a_message_comes_with_its_body_its_group_and_its_receive_count(aws: Aws) -> None:
    aws.sqs.send_message(QueueUrl=aws.queue, MessageBody="hint", MessageGroupId="abc123", DelaySeconds=0)
    [message] = _receive(aws)
    assert message["Body"] == "hint"
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    assert message["Attributes"]["MessageGroupId"] == "abc123"
    [again] = _receive(aws)
    assert again["Attributes"]["ApproximateReceiveCount"] == "2"
    assert again["MD5OfBody"] == message["MD5OfBody"]


def test_a_delayed_message_is_not_there_yet(aws: Aws) -> None:
    aws.sqs.send_message(QueueUrl=aws.queue, MessageBody="later", DelaySeconds=900)
    assert _receive(aws) == []


def test_a_received_message_is_hidden_until_its_visibility_is_over(aws: Aws) -> None:
    aws.sqs.send_message(QueueUrl=aws.queue, MessageBody="hint")
    assert len(_receive(aws, VisibilityTimeout=60)) == 1
    assert _receive(aws) == []


def test_a_deleted_message_does_not_come_again(aws: Aws) -> None:
    aws.sqs.send_message(QueueUrl=aws.queue, MessageBody="hint")
    [message] = _receive(aws)
    aws.sqs.delete_message(QueueUrl=aws.queue, ReceiptHandle=message["ReceiptHandle"])
    assert _receive(aws) == []


def test_a_message_received_too_often_goes_to_the_dead_letters(aws: Aws) -> None:
    aws.sqs.send_message(QueueUrl=aws.queue, MessageBody="poison")
    assert [len(_receive(aws)) for _ in range(3)] == [1, 1, 0]
    [dead] = aws.sqs.receive_message(QueueUrl=aws.dead).get("Messages", [])
    assert dead["Body"] == "poison"


def test_a_batch_is_sent_whole(aws: Aws) -> None:
    entries = [{"Id": str(number), "MessageBody": f"hint {number}", "MessageGroupId": "abc123"} for number in range(3)]
    answer = aws.sqs.send_message_batch(QueueUrl=aws.queue, Entries=entries)
    assert [entry["Id"] for entry in answer["Successful"]] == ["0", "1", "2"]
    assert not answer.get("Failed")
    assert {message["Body"] for message in _receive(aws, MaxNumberOfMessages=10)} == {"hint 0", "hint 1", "hint 2"}


@pytest.mark.parametrize("delay", [901, 100_000])
def test_a_delay_out_of_range_is_refused(aws: Aws, delay: int) -> None:
    with pytest.raises(ClientError) as refused:
        aws.sqs.send_message(QueueUrl=aws.queue, MessageBody="hint", DelaySeconds=delay)
    assert code_of(refused.value) == "InvalidParameterValue"


def test_both_versions_of_a_secret_are_read_and_a_missing_one_is_named_so(aws: Aws) -> None:
    name, missing = "bigcharge/dev/stores/abc123", aws.secrets.exceptions.ResourceNotFoundException
    aws.put_secret(name, "{}")
    with pytest.raises(missing):
        aws.secrets.get_secret_value(SecretId=name, VersionStage="AWSPREVIOUS")
    aws.put_secret(name, "[]")
    for label, text in {"AWSCURRENT": "[]", "AWSPREVIOUS": "{}"}.items():
        assert aws.secrets.get_secret_value(SecretId=name, VersionStage=label)["SecretString"] == text
    with pytest.raises(missing):
        aws.secrets.get_secret_value(SecretId="bigcharge/dev/stores/other", VersionStage="AWSCURRENT")


def test_a_secret_says_when_it_was_stored_and_can_be_deleted_once(aws: Aws) -> None:
    aws.put_secret("kept", "invented")
    assert aws.secrets.get_secret_value(SecretId="kept", VersionStage="AWSCURRENT")["CreatedDate"] <= datetime.now(UTC)
    aws.secrets.delete_secret(SecretId="kept", RecoveryWindowInDays=30)
    with pytest.raises(aws.secrets.exceptions.InvalidRequestException):
        aws.secrets.get_secret_value(SecretId="kept", VersionStage="AWSCURRENT")
    with pytest.raises(aws.secrets.exceptions.InvalidRequestException):
        aws.secrets.delete_secret(SecretId="kept", RecoveryWindowInDays=30)
    with pytest.raises(aws.secrets.exceptions.ResourceNotFoundException):
        aws.secrets.delete_secret(SecretId="missing", RecoveryWindowInDays=30)


def test_a_parameter_is_read_and_a_missing_one_is_named_so(aws: Aws) -> None:
    aws.put_parameter("/bigcharge/dev/stores/abc123/policy", "{}")
    read = aws.parameters.get_parameter(Name="/bigcharge/dev/stores/abc123/policy", WithDecryption=True)
    assert read["Parameter"]["Value"] == "{}"
    with pytest.raises(aws.parameters.exceptions.ParameterNotFound):
        aws.parameters.get_parameter(Name="/bigcharge/dev/stores/other/policy", WithDecryption=True)


def test_the_parameters_below_a_folder_are_listed_page_by_page(aws: Aws) -> None:
    for number in range(12):
        aws.put_parameter(f"/bigcharge/dev/stores/s{number}/policy", "{}")
    aws.put_parameter("/bigcharge/prod/stores/other/policy", "{}")
    pages = aws.parameters.get_paginator("get_parameters_by_path").paginate(
        Path="/bigcharge/dev/stores", Recursive=True
    )
    names = {parameter["Name"] for page in pages for parameter in page["Parameters"]}
    assert names == {f"/bigcharge/dev/stores/s{number}/policy" for number in range(12)}


def test_events_are_taken_and_each_is_answered(aws: Aws) -> None:
    entry = {"EventBusName": BUS, "Source": "bigcharge", "DetailType": "order.charged", "Detail": "{}"}
    answer = aws.events.put_events(Entries=[entry | {"Time": datetime(2026, 1, 1, tzinfo=UTC)}] * 2)
    assert answer["FailedEntryCount"] == 0
    assert [bool(one["EventId"]) for one in answer["Entries"]] == [True, True]


def test_keys_entries_and_events_can_be_left_undone_as_aws_may() -> None:
    """moto never does so; the shapes are those of the services' API references."""
    aws = make_stand_ins()
    _put(aws, _item("a#1"))
    aws.dynamodb.service.undone = 1
    wanted = {"Keys": [_item("a#1")], "ConsistentRead": True}
    assert aws.dynamodb.batch_get_item(RequestItems={TABLE: wanted})["UnprocessedKeys"] == {TABLE: wanted}
    aws.sqs.service.refused = 1
    answer = aws.sqs.send_message_batch(QueueUrl=aws.queue, Entries=[{"Id": "0", "MessageBody": "hint"}])
    assert [entry["Id"] for entry in answer["Failed"]] == ["0"]
    aws.events.service.refused = 1
    entry = {"EventBusName": BUS, "Source": "bigcharge", "DetailType": "order.charged", "Detail": "{}"}
    answer = aws.events.put_events(Entries=[entry, entry])
    assert (answer["FailedEntryCount"], ["ErrorCode" in one for one in answer["Entries"]]) == (1, [True, False])


def test_an_index_may_lag_behind_its_table() -> None:
    aws = make_stand_ins()
    aws.dynamodb.service.index_lag = lambda: 5.0
    _put(aws, _item("a#1", due_shard="00", sweep_at=1))
    request = {
        "TableName": TABLE,
        "IndexName": "due",
        "KeyConditionExpression": "due_shard = :shard",
        "ExpressionAttributeValues": {":shard": {"S": "00"}},
    }
    assert aws.dynamodb.query(**request)["Items"] == []
    aws.dynamodb.service.clock = lambda: 5.0
    assert len(aws.dynamodb.query(**request)["Items"]) == 1


@pytest.mark.parametrize("call", ["dynamodb.query", "sqs.send_message"])
def test_what_the_stand_ins_do_not_know_ends_the_run(call: str) -> None:
    aws, (service, operation) = make_stand_ins(), call.split(".")
    request = (
        {"TableName": TABLE, "FilterExpression": "a"} if service == "dynamodb" else {"QueueUrl": aws.queue, "New": 1}
    )
    with pytest.raises(BaseException, match=r"FilterExpression|New"):
        getattr(getattr(aws, service), operation)(**request)
