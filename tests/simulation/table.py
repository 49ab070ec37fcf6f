"""One table of DynamoDB: its items, its stream, and its sparse indexes, which may lag."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.expressions import Item

type Key = tuple[str, str]
type Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Index:
    """A global secondary index.

    Attributes:
        keys: of the index: its partition key, then its sort key.
        attributes: what it shows beside all keys; None: everything.
    """

    keys: tuple[str, ...]
    attributes: frozenset[str] | None = None


@dataclass(slots=True)
class Table:
    """A table.

    Attributes:
        keys: its partition key, then its sort key where it has one.
        indexes: by name.
        items: what it holds, by key.
        records: its stream, oldest first.
        views: what each index shows.
        lagging: changes that the indexes do not show yet: since when they do, and the change.
    """

    keys: tuple[str, ...]
    indexes: Mapping[str, Index] = field(default_factory=dict)
    items: dict[Key, Item] = field(default_factory=dict)
    records: list[Json] = field(default_factory=list)
    views: dict[str, dict[Key, Item]] = field(default_factory=dict)
    lagging: list[tuple[float, Key, Item | None]] = field(default_factory=list)

    def key_of(self, item: Mapping[str, Any]) -> Key:
        """The primary key of an item."""
        first, second = item[self.keys[0]], item[self.keys[1]] if len(self.keys) > 1 else {"S": ""}
        return str(*first.values()), str(*second.values())

    def record(self, old: Item | None, new: Item | None, now: float) -> Json:
        """A new record of the stream: an item as it was and as it is (`now`: seconds since 1970)."""
        number = len(self.records) + 1
        item: Item = new or old or {}
        images = {"OldImage": old, "NewImage": new}
        record = {
            "eventID": f"{self.keys[0]}-{number:08}",
            "eventName": "INSERT" if old is None else "REMOVE" if new is None else "MODIFY",
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": "us-east-1",
            "dynamodb": {
                "ApproximateCreationDateTime": int(now),
                "Keys": {key: item[key] for key in self.keys},
                "SequenceNumber": f"{number:021}",
                "SizeBytes": 1,
                "StreamViewType": "NEW_AND_OLD_IMAGES",
                **{kind: image for kind, image in images.items() if image is not None},
            },
        }
        self.records.append(record)
        return record

    def view(self, index: str | None, now: float) -> tuple[tuple[str, ...], Iterable[Item]]:
        """The keys and the items of the table or of one of its indexes, as far as it has come."""
        if index is None:
            return self.keys, self.items.values()
        waiting: list[tuple[float, Key, Item | None]] = []
        for change in self.lagging:
            if change[0] > now or change[1] in {key for _, key, _ in waiting}:
                waiting.append(change)  # the changes of one item show in their order
                continue
            self._show(change[1], change[2])
        self.lagging = waiting
        return self.indexes[index].keys, self.views.get(index, {}).values()

    def _show(self, key: Key, item: Item | None) -> None:
        for name, index in self.indexes.items():
            view = self.views.setdefault(name, {})
            view.pop(key, None)
            if item is not None and all(attribute in item for attribute in index.keys):
                shown = None if index.attributes is None else {*index.attributes, *index.keys, *self.keys}
                view[key] = item if shown is None else {name: item[name] for name in item if name in shown}
