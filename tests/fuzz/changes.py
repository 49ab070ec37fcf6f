"""What a webhook is changed to before it is signed: by senders that are broken, or have another key."""

import json
from collections.abc import Callable, Mapping
from random import Random
from typing import Final

from tests.fuzz.drafts import Draft
from tests.fuzz.odd_words import IDS, TIMESTAMPS
from tests.fuzz.shops import SHOPS

_WORDS: Final[tuple[object, ...]] = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    10**30,
    "",
    "x",
    "\ud800",
    [],
    {},
    [[]],
    {"id": {"id": 1}},
    "stores/",
    "stores/../x",
    "stores/made-up-1",
    "stores/plain1/",
    "STORES/plain1",
    " stores/plain1",
)
_NUMBERS: Final = (b"NaN", b"Infinity", b"-Infinity", b"1e999", b"9" * 4000, b"9" * 5000, b"-0", b"01", b"1.", b"0x1")
_NO_OBJECTS: Final = (b"", b"null", b"[]", b"5", b'"x"', b"{", b"[" * 60_000)
_DEEP: Final = (10, 400, 2_000, 30_000)

type Change = Callable[[Random, Draft], None]


def _set_body(draft: Draft, body: bytes) -> None:
    draft.body = body


def _add(text: bytes) -> Change:
    """One more member of the payload's object."""
    return lambda _, draft: _set_body(draft, draft.body.rstrip()[:-1] + text + b"}")


def _move_timestamp(random: Random, draft: Draft) -> None:
    seconds = random.choice((-1, 1)) * random.choice((300, 660, 172_900, 10**9))
    draft.timestamp = str(int(draft.timestamp) + seconds)


def _insert_number(random: Random, draft: Draft) -> None:
    _add(b', "number": ' + random.choice(_NUMBERS))(random, draft)


def _insert_depth(random: Random, draft: Draft) -> None:
    depth = random.choice(_DEEP)
    left, right = random.choice(((b"[", b"]"), (b'{"a":', b"}")))
    _add(b', "deep": ' + (left * depth + b"1" + right * depth)[:64_000])(random, draft)


def _change_word(random: Random, draft: Draft) -> None:
    name = random.choice(("scope", "data", "hash", "producer", "store_id", "created_at"))
    draft.document[name] = random.choice(_WORDS)
    _set_body(draft, json.dumps(draft.document).encode())


def _make_up_store(random: Random, draft: Draft) -> None:
    draft.document["producer"] = f"stores/{random.getrandbits(48):x}"
    _set_body(draft, json.dumps(draft.document).encode())


def _drop_word(random: Random, draft: Draft) -> None:
    draft.document.pop(random.choice(tuple(draft.document)))
    _set_body(draft, json.dumps(draft.document).encode())


def _encode(random: Random, draft: Draft) -> None:
    coding = random.choice(("utf-16", "utf-16-le", "utf-32", "utf-8-sig", "latin-1"))
    _set_body(draft, json.dumps({**draft.document, "x": "\u00e9"}, ensure_ascii=False).encode(coding, "replace"))
    draft.is_base64 = True


def _make_bytes(random: Random, draft: Draft) -> None:
    _set_body(draft, random.randbytes(random.randrange(200)))
    draft.is_base64 = True


def _fill(random: Random, draft: Draft) -> None:
    _set_body(draft, draft.body + b" " * max(0, random.choice((65_535, 65_536, 65_537, 200_000)) - len(draft.body)))


def _repeat_key(random: Random, draft: Draft) -> None:
    _add(random.choice((b', "producer": "stores/plain1"', b', "scope": 5', b', "data": null')))(random, draft)


# In this order where several are made: the first ones read what the later ones spoil.
CHANGES: Final[Mapping[str, Change]] = {
    "signed with the key before last": lambda _, draft: setattr(
        draft, "secret", draft.shop.secret(int(draft.secret.rpartition("-")[2]) - 2)
    ),
    "signed with another key": lambda random, draft: setattr(draft, "secret", f"invented-{random.random()}"),
    "signed with another store's key": lambda random, draft: setattr(
        draft, "secret", random.choice(list(SHOPS.values())).secret(0)
    ),
    "too old or too early": _move_timestamp,
    "timestamp of another form": lambda random, draft: setattr(draft, "timestamp", random.choice(TIMESTAMPS)),
    "timestamp with zeros before it": lambda _, draft: setattr(draft, "timestamp", f"0{draft.timestamp}"),
    "odd id": lambda random, draft: setattr(draft, "message_id", random.choice(IDS)),
    "number": _insert_number,
    "depth": _insert_depth,
    "word of another type": _change_word,
    "word missing": _drop_word,
    "made-up store": _make_up_store,
    "other encoding": _encode,
    "bytes": _make_bytes,
    "size": _fill,
    "key twice": _repeat_key,
    "lone surrogate": _add(b', "x": "\\ud800", "\\udfff": "\\u0000"'),
    "raw control": _add(b', "x": "\x00"'),
    "not UTF-8": _add(b', "x": "\xff\xfe"'),
    "no object": lambda random, draft: _set_body(draft, random.choice(_NO_OBJECTS)),
}
