"""The uuid of an event that has none, written from docs/semantic-conventions.md alone.

Reads events as lines of JSON, in the form of the page's vectors, and writes a uuid for each.
"""
import hashlib
import json
import math
import re
import struct
import sys
import uuid

NAMESPACE = uuid.UUID("0f6ae195-efd6-456a-9bd3-bb3a9f0fd7ee")
ATTRIBUTES = [
    "feature_flag.context.id", "feature_flag.key", "optimizely.rule.key", "feature_flag.result.variant",
    "optimizely.experiment.id", "optimizely.campaign.id", "optimizely.variation.id",
    "optimizely.event.key", "optimizely.event.id",
]


def utf8(text):
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


def string(value):
    text = utf8(value) if isinstance(value, str) else b""
    return b"s%d:%s" % (len(text), text)


def number(value):
    try:
        double = float(value)
    except OverflowError:
        return b"n"
    if not math.isfinite(double):
        return b"n"
    return b"d" + struct.pack(">d", double or 0.0).hex().encode()


def canonical(value):
    if value is None:
        return b"n"
    if isinstance(value, bool):
        return b"t" if value else b"f"
    if isinstance(value, str):
        return string(value)
    if isinstance(value, (int, float)):
        return number(value)
    if isinstance(value, list):
        return b"[%s]" % b"".join(map(canonical, value))
    members = sorted((utf8(key), canonical(member)) for key, member in value.items())
    return b"{%s}" % b"".join(string(key.decode()) + form for key, form in members if form != b"n")


def hexadecimal(value, digits):
    is_id = isinstance(value, str) and re.fullmatch("[0-9a-fA-F]{%d}" % digits, value) and value.strip("0")
    return value.lower() if is_id else ""


def derive(event):
    attributes, origin = event["attributes"], event["origin"]
    tags = attributes.get("optimizely.event.tags") if event["name"] == "optimizely.conversion" else None
    trace = hexadecimal(origin.get("traceId"), 32)
    elements = [event["name"], trace, hexadecimal(origin.get("spanId"), 16),
                "" if trace else origin.get("serviceInstanceId"), event["time"]]
    elements += [attributes.get(name) for name in ATTRIBUTES]
    identity = b"".join(map(string, elements)) + canonical(json.loads(tags) if isinstance(tags, str) else tags)
    digest = hashlib.sha1(NAMESPACE.bytes + b"[%s]" % identity).digest()
    return uuid.UUID(bytes=digest[:16], version=5)


for line in sys.stdin.buffer:
    print(derive(json.loads(line)))
