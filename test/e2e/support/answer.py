"""What a client was told when it logged in."""

import typing


class Answer(typing.NamedTuple):
    ok: bool
    text: str
