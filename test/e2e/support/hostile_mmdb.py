"""Files in MaxMind's format that somebody made to do harm. The unit tests have
many more of them."""

import struct

MARKER = b"\xab\xcd\xefMaxMind.com"
SEPARATOR = b"\0" * 16
STRING, UINT16, UINT32, MAP, UINT64, ARRAY = 2, 5, 6, 7, 9, 11


def value(kind, size):
    """The beginning of a value; what it has in it follows."""
    low = size if size < 29 else 29 if size < 285 else 30
    head = (bytes([low, kind - MAP]) if kind > MAP
            else bytes([kind << 5 | low]))
    if low == 29:
        head += bytes([size - 29])
    elif low == 30:
        head += struct.pack(">H", size - 285)
    return head


def string(text):
    return value(STRING, len(text)) + text


def number(kind, what, size):
    return value(kind, size) + what.to_bytes(size, "big")


def pointer(target):
    return b"\x38" + struct.pack(">I", target)


def country(code):
    return (value(MAP, 1) + string(b"country")
            + value(MAP, 1) + string(b"iso_code") + string(code))


def metadata(nodes=1, languages=None, more=(), ip_version=4,
             built=1700000000):
    """more: pairs of a key and an encoded value that come first."""
    if languages is None:
        languages = value(ARRAY, 1) + string(b"en")
    pairs = [*more,
             (b"node_count", number(UINT32, nodes, 4)),
             (b"record_size", number(UINT16, 32, 2)),
             (b"ip_version", number(UINT16, ip_version, 2)),
             (b"database_type", string(b"hostile")),
             (b"languages", languages),
             (b"binary_format_major_version", number(UINT16, 2, 1)),
             (b"binary_format_minor_version", number(UINT16, 0, 1)),
             (b"build_epoch", number(UINT64, built, 8)),
             (b"description", value(MAP, 0))]
    return value(MAP, len(pairs)) + b"".join(
        string(key) + content for key, content in pairs)


def file(data, nodes=1, low=17, high=17, **options):
    """One node; a record of 17 is the first of the data."""
    return (struct.pack(">II", low, high) + SEPARATOR + data + MARKER
            + metadata(nodes, **options))


def nested():
    """Every lookup would go down ten million levels."""
    deep = value(ARRAY, 1) * 10_000_000 + string(b"end")
    return file(value(MAP, 2) + string(b"a") + deep
                + string(b"country_code") + string(b"SE"))


def overflow():
    """The size of the search tree is 2^32, and its root leads far away."""
    return file(country(b"SE"), nodes=0x20000001, low=0x10000000,
                high=0x10000000)


def fan_out():
    """Pointers in the metadata lead to 2^30 values."""
    more, offset = [], 2
    for level in range(30):
        offset += len(string(b"fan00")) + 2 + 10
        # Behind the next key.
        target = pointer(offset + len(string(b"fan00")))
        more.append((b"fan%02d" % level, value(ARRAY, 2) + target * 2))
    more.append((b"fan30", string(b"end")))
    return file(country(b"SE"), more=more,
                languages=pointer(2 + len(string(b"fan00"))))


def no_metadata():
    """The file ends behind the marker, at the end of a page."""
    whole = file(country(b"SE"))
    return whole + b"\0" * (4096 - len(whole) - len(MARKER)) + MARKER


FILES = {"nested": nested, "overflow": overflow, "fan out": fan_out,
         "no metadata": no_metadata}
