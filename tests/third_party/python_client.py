#!/usr/bin/env python3
"""Calls every RPC of a running server as a stranger would: grpcio, reflection, no generated code.

    python_client.py 127.0.0.1:50051

POLICY_ECHO_TEST_CA, _CERT and _CERT_KEY name PEM files for TLS, POLICY_ECHO_TEST_KEY is a key to show. Needs grpcio,
grpcio-reflection, grpcio-health-checking, grpcio-status and protobuf. Exits with 0 when every check holds.
"""
import os
import sys

import grpc
from google.protobuf import json_format, message_factory
from google.protobuf.descriptor_pool import DescriptorPool
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_status import rpc_status

LEFT = "省委常委会主持会议。\n坚定不移举全省之力强力推进粤港澳大湾区建设。\n"
RIGHT = "全会由市委常委会主持。\n坚定不移举全市之力推动粤港澳大湾区建设向纵深发展。😀\n"
COMPARISON = "policyecho.v1.ComparisonService"
TRACE = "policyecho.v1.TraceService/TraceDirective"
Code = grpc.StatusCode

passed = failed = 0


def check(what, holds, seen=""):
    """Counts one check and prints it."""
    global passed, failed
    if holds:
        passed += 1
        print(f"ok      {what}")
    else:
        failed += 1
        print(f"FAILED  {what} {seen}")


class Client:
    """Methods by name, messages as JSON values, types by reflection."""

    def __init__(self, channel):
        self.channel = channel
        self.database = ProtoReflectionDescriptorDatabase(channel)
        self.pool = DescriptorPool(self.database)

    def method(self, path):
        service, name = path.rsplit("/", 1)
        method = self.pool.FindServiceByName(service).FindMethodByName(name)
        return method, *(message_factory.GetMessageClass(kind) for kind in (method.input_type, method.output_type))

    def call(self, path, value, compression=None, timeout=60):
        _, request, response = self.method(path)
        stub = self.channel.unary_unary(f"/{path}", request.SerializeToString, response.FromString)
        return json(stub(json_format.ParseDict(value, request()), timeout=timeout, compression=compression))

    def stream(self, path, values, timeout=60):
        _, request, response = self.method(path)
        stub = self.channel.stream_stream(f"/{path}", request.SerializeToString, response.FromString)
        for reply in stub((json_format.ParseDict(value, request()) for value in values), timeout=timeout):
            yield json(reply)

    def raw(self, path, payload):
        return self.channel.unary_unary(f"/{path}")(payload, timeout=60)


def json(message):
    return json_format.MessageToDict(message)


def refused(what, code, call, fields=None):
    """Checks that a call fails with a code and, where given, with exactly these fields in its violations."""
    try:
        call()
    except grpc.RpcError as error:
        seen = [error.code(), error.details()]
        holds = error.code() == code
        if fields is not None:
            named = []
            for detail in (rpc_status.from_call(error) or error_status()).details:
                bad = error_details_pb2.BadRequest()
                if detail.Is(bad.DESCRIPTOR) and detail.Unpack(bad):
                    named += [violation.field for violation in bad.field_violations]
            holds, seen = holds and named == fields, seen + [named]
        check(what, holds, seen)
    else:
        check(what, False, "was answered")


def error_status():
    """A status without details, for errors that carry none."""
    from google.rpc import status_pb2

    return status_pb2.Status()


def pair(left=LEFT, right=RIGHT, **more):
    return {"left": {"id": "left", "text": left}, "right": {"id": "right", "text": right}, **more}


def check_trace(client):
    """A directive through three resolutions, the second of them blank."""
    start = {"start": {"directive": {"text": LEFT, "adopted": {"year": 2019}}, "offset_unit": "OFFSET_UNIT_CODE_POINTS", "expected_resolutions": 3}}
    cities = [{"resolution": {"id": str(at), "text": text, "adopted": {"year": 2020 - at}}} for at, text in enumerate((RIGHT, " ", RIGHT))]
    replies = list(client.stream(TRACE, [start, *cities]))
    order = [next(iter(reply)) for reply in replies]
    check("TraceDirective, order of replies", order == ["progress"] + ["finding", "progress"] * 3 + ["summary"], order)
    findings = [reply["finding"] for reply in replies if "finding" in reply]
    check("findings in order, one error in place", [(f["resolution"], "error" in f) for f in findings] == [(0, False), (1, True), (2, False)], findings)
    check("its code and field", findings[1]["error"]["code"] == 3 and findings[1]["error"]["violations"][0]["field"] == "resolution.text")
    passages = findings[0]["trace"]["comparison"]["passages"]
    quoted = [RIGHT[passage["right"]["start"] : passage["right"]["end"]] for passage in passages]
    check("evidence cuts Python strings", any("大湾区建设" in words for words in quoted), quoted)
    orders = [f["trace"]["chronology"]["order"] for f in findings if "trace" in f]
    check("chronology", orders == ["CHRONOLOGICAL_ORDER_FOLLOWING", "CHRONOLOGICAL_ORDER_PRECEDING"], orders)
    summary = replies[-1]["summary"]
    check("the matrix has a cell a resolution", all(len(row["cells"]) == 2 for row in summary["rows"]) and summary["rows"], summary)
    check("names come back", [r["id"] for r in summary["resolutions"]] == ["0", "2"], summary["resolutions"])
    refused("a resolution before start", Code.INVALID_ARGUMENT, lambda: list(client.stream(TRACE, cities)), ["resolution"])
    refused("two starts", Code.INVALID_ARGUMENT, lambda: list(client.stream(TRACE, [start, start])), ["start"])
    refused("a wrong directive", Code.INVALID_ARGUMENT, lambda: list(client.stream(TRACE, [{"start": {}}])), ["start.directive"])


class ShowKey(
    grpc.UnaryUnaryClientInterceptor,
    grpc.UnaryStreamClientInterceptor,
    grpc.StreamUnaryClientInterceptor,
    grpc.StreamStreamClientInterceptor,
):
    """Adds a key to every call, over plaintext too, where call credentials may not go."""

    def __init__(self, key):
        self.key = key

    def shown(self, continuation, details, request):
        metadata = list(details.metadata or []) + [("authorization", f"Bearer {self.key}")]
        return continuation(details._replace(metadata=metadata), request)

    intercept_unary_unary = intercept_unary_stream = intercept_stream_unary = intercept_stream_stream = shown


def connect(address, key):
    """A channel as the environment says."""
    options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]

    def read(name):
        path = os.environ.get(f"POLICY_ECHO_TEST_{name}")
        return open(path, "rb").read() if path else None

    if authority := read("CA"):
        credentials = grpc.ssl_channel_credentials(authority, read("CERT_KEY"), read("CERT"))
        channel = grpc.secure_channel(address, credentials, options)
    else:
        channel = grpc.insecure_channel(address, options)
    return grpc.intercept_channel(channel, ShowKey(key)) if key else channel


def main(address):
    key = os.environ.get("POLICY_ECHO_TEST_KEY")
    channel = connect(address, key)
    client = Client(channel)
    if key:
        get_info = "policyecho.v1.InfoService/GetInfo"
        for what, shown in (("no key", None), ("a wrong key", "pe_wrong")):
            refused(what, Code.UNAUTHENTICATED, lambda: connect(address, shown).unary_unary(f"/{get_info}")(b"", timeout=60))

    services = set(client.database.get_services())
    check("lists the services", {COMPARISON, "policyecho.v1.TraceService", "policyecho.v1.InfoService", "grpc.health.v1.Health"} <= services, services)
    health = health_pb2_grpc.HealthStub(channel)
    for name in ("", COMPARISON):
        status = health.Check(health_pb2.HealthCheckRequest(service=name), timeout=5).status
        check(f"health of {name or 'the whole'}", status == health_pb2.HealthCheckResponse.SERVING, status)
    refused("health of a stranger", Code.NOT_FOUND, lambda: health.Check(health_pb2.HealthCheckRequest(service="no.Such"), timeout=5))

    info = client.call("policyecho.v1.InfoService/GetInfo", {})
    check("GetInfo", info["limits"]["maxDocumentTextBytes"] > 0 and info["versions"]["engine"], info)

    for compression in (None, grpc.Compression.Gzip):
        value = pair(offset_unit="OFFSET_UNIT_CODE_POINTS", options={"include_text": True})
        answer = client.call(f"{COMPARISON}/Compare", value, compression)
        spans = [(text, paragraph) for side, text in (("left", LEFT), ("right", RIGHT)) for paragraph in answer[side]["paragraphs"]]
        quoted = all(text[p["span"]["start"] : p["span"]["end"]] == p["text"] for text, p in spans)
        check(f"Compare, spans cut Python strings ({compression})", quoted and answer.get("beads"), answer)
    check("AlignParagraphs", client.call(f"{COMPARISON}/AlignParagraphs", pair()).get("beads"))
    check("DiffWords", client.call(f"{COMPARISON}/DiffWords", pair()).get("edits"))
    check("FindSharedPhrases", client.call(f"{COMPARISON}/FindSharedPhrases", pair(left=RIGHT)).get("phrases"))

    pairs = [{"pair_id": str(index), "request": pair(right="" if index == 7 else RIGHT)} for index in range(20)]
    answers = list(client.stream(f"{COMPARISON}/CompareStream", pairs))
    check("CompareStream answers all in order", [answer["pairId"] for answer in answers] == [str(index) for index in range(20)])
    check("CompareStream, one error in place", [index for index, answer in enumerate(answers) if "error" in answer] == [7])
    check("its code and field", answers[7]["error"]["code"] == 3 and answers[7]["error"]["violations"][0]["field"] == "request.right.text")

    check_trace(client)

    compare = f"{COMPARISON}/Compare"
    refused("missing document", Code.INVALID_ARGUMENT, lambda: client.call(compare, {"left": {"text": LEFT}}), ["right"])
    refused("empty text", Code.INVALID_ARGUMENT, lambda: client.call(compare, pair(left="")), ["left.text"])
    refused("unknown enum number", Code.INVALID_ARGUMENT, lambda: client.call(compare, pair(offset_unit=77)), ["offset_unit"])
    limit = info["limits"]["maxDocumentTextBytes"]
    refused("text over the limit", Code.INVALID_ARGUMENT, lambda: client.call(compare, pair(right="a" * (limit + 1))), ["right.text"])
    refused("two at once", Code.INVALID_ARGUMENT, lambda: client.call(compare, pair("", " ")), ["left.text", "right.text"])
    refused("invalid UTF-8", Code.INVALID_ARGUMENT, lambda: client.raw(compare, b"\x0a\x04\x4a\x02\xff\xfe"))
    refused("broken protobuf", Code.INVALID_ARGUMENT, lambda: client.raw(compare, b"\x0a\x7f\x01"))
    message = info["limits"]["maxMessageBytes"]
    refused("message over the transport limit", Code.RESOURCE_EXHAUSTED, lambda: client.call(compare, pair(right="a" * (message + 1))))
    refused("method that does not exist", Code.UNIMPLEMENTED, lambda: client.raw(f"{COMPARISON}/Guess", b""))
    refused("service that does not exist", Code.UNIMPLEMENTED, lambda: client.raw("no.Such/Method", b""))
    check("the server still answers", client.call(compare, pair()).get("beads"))

    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
