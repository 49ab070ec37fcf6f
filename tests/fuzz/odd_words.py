"""Words that are no number, id or signature, though some decoder may take them for one."""

from typing import Final

TIMESTAMPS: Final = (
    "",
    "0",
    "-1",
    "1e9",
    "1_7",
    "nan",
    "inf",
    "1795168800.0",
    "\u0661\u0662\u0663",
    "\uff11\uff12",
    "9" * 11,
    "9" * 400,
    "1" * 5000,
    "0x6b",
    "\ud800",
    "1795168800,1795168800",
    "253402300800",
    "99999999999",
    "\x00",
    "1795168800\n",
)
IDS: Final = ("", " ", "a b", "a.b", "\u00e9", "\ud800", "x" * 257, "x" * 9000, "\x00", "msg_1,msg_1", "\r\nx: y")
SIGNATURES: Final = (
    "",
    " ",
    "v1",
    "v1,",
    ",",
    "v1,=",
    "v1,!!!!",
    "v1,\u00e9",
    "\ud800",
    "v1,AAAA,AAAA",
    "v1a,AAAA",
    "v1 AAAA",
    " ".join("v1," * 999),
    "v1," + "A" * 9000,
    "v1,AAAA",
    "\x00",
    "v1,\uff21\uff21\uff21\uff21",
    "whsec_AAAA",
)
