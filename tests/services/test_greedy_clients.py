"""Clients that send nothing, take nothing, or want more than their share: they are let go with a reason, and
everybody else is served meanwhile."""

import concurrent.futures
import contextlib
import functools
import hashlib
import io
import socket
import struct
import threading
import zlib

import grpc
import numpy
import pytest
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_status import rpc_status
from PIL import Image

from cluster import Cluster, api, picture_pieces, upload_header
from processes import wait_for

# As deploy/k8s limits them.
GATEWAY_LIMIT = 1 << 30
REGISTRY_LIMIT = 3 << 30
FEW_THREADS = ["--max-threads", "48"]
# More than it lets in, and fewer than its threads: a call for which there is no thread is refused by gRPC itself,
# which says RESOURCE_EXHAUSTED, too, but not when to come again.
MANY = 42
SERVING = health_pb2.HealthCheckResponse.SERVING


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Without nodes: what is created waits. Streams are given up on after three seconds."""
    impatient = ["--stream-idle-seconds", "3"]
    with Cluster(tmp_path_factory.mktemp("cluster"), trainers=0, samplers=0,
                 gateway=[*impatient, *FEW_THREADS], registry=impatient) as running:
        running.add_model()
        running.add_references()
        yield running


@contextlib.contextmanager
def channel_to(server, *options):
    options = [("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1),
               ("grpc.max_send_message_length", -1), *options]
    with grpc.insecure_channel(server.address, options=options) as channel:
        yield channel


def others_are_served(cluster):
    """By the gateway, over connections of their own."""
    v1 = api()
    with channel_to(cluster.gateway) as channel:
        answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=30)
        assert answer.status == SERVING
        v1.JobServiceStub(channel).ListJobs(v1.ListJobsRequest(page_size=1), timeout=30)


def retry_delay(error):
    retry = error_details_pb2.RetryInfo()
    assert any(d.Unpack(retry) for d in rpc_status.from_call(error).details if d.Is(retry.DESCRIPTOR)), error
    return retry.retry_delay.ToTimedelta().total_seconds()


def end_of(call):
    """The error of a call; None if it had none."""
    try:
        call()
    except grpc.RpcError as error:
        return error


def open_streams(number, begin):
    """Calls that have begun, each in a thread that waits for its end; gives the futures."""
    pool = concurrent.futures.ThreadPoolExecutor(number)
    futures = [pool.submit(end_of, functools.partial(begin, i)) for i in range(number)]
    pool.shutdown(wait=False)
    return futures


def silence(first, gate):
    yield first
    gate.wait(120)


@pytest.mark.parametrize("through", ["gateway", "registry"])
def test_uploads_that_only_begin_stop_nobody(cluster, through):
    v1, gate, server = api(), threading.Event(), getattr(cluster, through)
    with channel_to(server) as channel:
        stub = v1.RegistryServiceStub(channel)
        ends = open_streams(MANY, lambda i: stub.CreateReferenceSet(
            silence(upload_header(f"silent-{i}", 2), gate), timeout=120))
        wait_for("some are in", lambda: server.metric('imprint_open{what="uploads"}') > 0)
        others_are_served(cluster)
        errors = [end.result(120) for end in ends]
        gate.set()
    codes = [error.code() for error in errors]
    idle = codes.count(grpc.StatusCode.DEADLINE_EXCEEDED)
    # Behind a gateway all callers have one address: a registry's share of one is all there is.
    share = {"gateway": 16, "registry": 32}[through]
    assert idle == share, codes
    refused = [e for e in errors if e.code() == grpc.StatusCode.RESOURCE_EXHAUSTED]
    assert len(refused) + idle == MANY, codes
    assert all(retry_delay(error) > 0 for error in refused)
    assert any(f"uploads: {share}" in e.details() for e in refused), refused[0]
    wait_for("they are let go", lambda: server.metric('imprint_open{what="uploads"}') == 0)
    cluster.add_references(f"after-{through}")


def test_streams_of_reflection_stop_nobody(cluster):
    gate = threading.Event()
    asked = reflection_pb2.ServerReflectionRequest(list_services="")
    with channel_to(cluster.gateway) as channel:
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        ends = open_streams(60, lambda _: list(stub.ServerReflectionInfo(silence(asked, gate), timeout=120)))
        others_are_served(cluster)
        codes = {end.result(120).code() for end in ends}
        gate.set()
    assert codes <= {grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.DEADLINE_EXCEEDED}, codes


def test_watching_stops_nobody(cluster):
    v1 = api()
    job = cluster.jobs.CreateTrainingJob(v1.CreateTrainingJobRequest(spec=cluster.training()))
    with channel_to(cluster.gateway) as channel:
        stub = v1.JobServiceStub(channel)
        ends = open_streams(MANY, lambda _: list(stub.WatchJob(v1.WatchJobRequest(name=job.name), timeout=120)))
        wait_for("most are refused", lambda: sum(end.done() for end in ends) == MANY - 36)
        watching = cluster.gateway.metric('imprint_open{what="streams"}')
        assert watching == cluster.gateway.metric('imprint_open_limit{what="streams"}') == 36
        wait_for("each watches", lambda: cluster.gateway.metric('imprint_open{what="watchers"}') == watching)
        others_are_served(cluster)
        cluster.jobs.CancelJob(v1.CancelJobRequest(name=job.name))
        ended = [end.result(120) for end in ends]
    refused = [error for error in ended if error is not None]
    assert len(refused) == MANY - 36
    assert {error.code() for error in refused} == {grpc.StatusCode.RESOURCE_EXHAUSTED}
    assert all(retry_delay(error) > 0 for error in refused)


def test_a_server_that_is_full_says_so_and_when_to_come_again(cluster):
    """Calls that wait for a registry that stands still."""
    v1 = api()
    request = v1.CreateTrainingJobRequest(spec=cluster.training())
    limit = int(cluster.gateway.metric('imprint_open_limit{what="calls"}'))
    with channel_to(cluster.gateway) as channel:
        stub, health = v1.JobServiceStub(channel), health_pb2_grpc.HealthStub(channel)

        def status():
            return health.Check(health_pb2.HealthCheckRequest(), timeout=30).status

        cluster.registry.pause()
        try:
            ends = open_streams(limit, lambda _: stub.CreateTrainingJob(request, timeout=20))
            wait_for("all are in", lambda: cluster.gateway.metric('imprint_open{what="calls"}') == limit)
            # One after the other: of very many at once, gRPC itself may refuse some, which says no more.
            refused = [end_of(lambda: stub.CreateTrainingJob(request, timeout=20)) for _ in range(20)]
            wait_for("health says that it is full", lambda: status() != SERVING)
        finally:
            cluster.registry.resume()
        for end in ends:
            end.result(60)
        wait_for("health says that it serves", lambda: status() == SERVING)
    assert {error.code() for error in refused} == {grpc.StatusCode.RESOURCE_EXHAUSTED}
    assert all(retry_delay(error) > 0 for error in refused)
    for job in cluster.jobs.ListJobs(v1.ListJobsRequest(page_size=1000)).jobs:
        cluster.jobs.CancelJob(v1.CancelJobRequest(name=job.name))


@pytest.mark.parametrize("algorithm", [grpc.Compression.Gzip, grpc.Compression.Deflate])
def test_what_is_compressed_is_refused_before_it_is_unpacked(cluster, algorithm):
    v1 = api()
    request = v1.CreateImageSetJobRequest(spec=cluster.image_set(prompts=["a" * (64 << 20)]))
    with channel_to(cluster.gateway) as channel:
        stub = v1.JobServiceStub(channel)
        for _ in range(4):
            with pytest.raises(grpc.RpcError) as error:
                stub.CreateImageSetJob(request, timeout=60, compression=algorithm)
            assert error.value.code() == grpc.StatusCode.UNIMPLEMENTED, error.value
    assert cluster.gateway.rss("VmHWM") < GATEWAY_LIMIT / 2
    others_are_served(cluster)


def test_large_requests_at_once_fit_into_the_gateways_memory(cluster):
    """Of 4 MB each; some unfold into many small parts, some are refused for their size."""
    v1 = api()
    small_parts = b"\x0a" + varint(4 << 20) + b"\x1a\x00" * (2 << 20)
    too_large = bytes(64 << 20)
    with channel_to(cluster.gateway) as channel:
        call = channel.unary_unary("/imprint.v1.JobService/CreateImageSetJob",
                                   request_serializer=lambda b: b,
                                   response_deserializer=v1.Job.FromString)
        payloads = [small_parts[:(4 << 20) - 1024], too_large, spec_of_three_megabytes(cluster)]
        ends = open_streams(24, lambda i: call(payloads[i % 3], timeout=120))
        codes = [end.result(120).code() for end in ends if end.result(120) is not None]
    assert set(codes) <= {grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.INVALID_ARGUMENT,
                          grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAVAILABLE}, codes
    assert cluster.gateway.rss("VmHWM") < GATEWAY_LIMIT
    others_are_served(cluster)


def varint(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def spec_of_three_megabytes(cluster):
    prompts = [f"{i} ".ljust(1990, "x") for i in range(1500)]
    return api().CreateImageSetJobRequest(
        spec=cluster.image_set(embeddings=[], prompts=prompts)).SerializeToString()


def test_downloads_that_nobody_reads_are_given_up(cluster):
    """By whoever asked for a picture and takes its first piece alone."""
    v1 = api()
    item = picture_of_megabytes(cluster)
    # Otherwise the client's window grows with the bandwidth that it measures, until a whole picture fits.
    with channel_to(cluster.gateway, ("grpc.http2.bdp_probe", 0)) as channel:
        stub = v1.RegistryServiceStub(channel)
        streams = [stub.DownloadItem(v1.DownloadItemRequest(name=item), timeout=120) for _ in range(8)]
        for stream in streams:
            next(stream)
        wait_for("they are let go", lambda: cluster.gateway.metric('imprint_open{what="downloads"}') == 0)
        for stream in streams:
            with pytest.raises(grpc.RpcError) as error:
                list(stream)
            assert error.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED, error.value
    wait_for("the registry has let go, too",
             lambda: cluster.registry.metric('imprint_open{what="downloads"}') == 0)
    assert len(cluster.download_item(item)) > 20 << 20


def http2_frame(kind, flags, stream, body):
    return len(body).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + body


def calls_without_room_for_an_answer(address, path, number):
    """What opens an HTTP/2 connection (RFC 9113) whose streams may be sent nothing, and calls with an empty message
    on each."""
    def literal(text):
        return bytes([len(text)]) + text.encode()

    fields = {":method": "POST", ":scheme": "http", ":path": path, ":authority": address, "te": "trailers",
              "content-type": "application/grpc"}
    headers = b"".join(b"\0" + literal(name) + literal(value) for name, value in fields.items())
    no_room = struct.pack(">HI", 4, 0)
    yield b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + http2_frame(4, 0, 0, no_room)
    for stream in range(1, 2 * number, 2):
        yield http2_frame(1, 4, stream, headers) + http2_frame(0, 1, stream, bytes(5))


def test_answers_that_nobody_takes_are_given_up(cluster):
    """Each holds a thread of the server until then."""
    host, port = cluster.gateway.address.rsplit(":", 1)
    with socket.create_connection((host, int(port))) as client:
        for piece in calls_without_room_for_an_answer(cluster.gateway.address, "/imprint.v1.JobService/ListNodes", 30):
            client.sendall(piece)
        wait_for("all are in", lambda: cluster.gateway.metric('imprint_open{what="calls"}') >= 30)
        others_are_served(cluster)
        wait_for("they are let go", lambda: cluster.gateway.metric('imprint_open{what="calls"}') == 0)


def picture_of_megabytes(cluster):
    """The name of an item whose file is larger than what a connection holds on its way; put into the registry as
    a sampler does it."""
    v1 = api()
    noise = numpy.random.default_rng(1).integers(0, 256, (2816, 2816, 3), numpy.uint8)
    png = io.BytesIO()
    Image.fromarray(noise).save(png, "PNG")
    with channel_to(cluster.registry) as channel:
        transfer = v1.TransferServiceStub(channel)
        run = v1.RunKey(job="jobs/noise", chunk=0, attempt=1)
        spec = cluster.image_set(image_set="imageSets/noise", embeddings=[], width=2816, height=2816,
                                 picture_width=2816, picture_height=2816, guidance=1, solver="ddim",
                                 format=v1.PICTURE_FORMAT_PNG, precision="fp32", upscale=1)
        transfer.CreateImageSet(v1.CreateImageSetRequest(job="jobs/noise", spec=spec), timeout=30)
        ticket = transfer.IssueTicket(v1.IssueTicketRequest(
            run=run, image_set="imageSets/noise", lifetime_seconds=600), timeout=30).token
        return transfer.UploadItem(item_pieces(ticket, spec, png.getvalue()), timeout=60).name


def item_pieces(ticket, spec, content):
    v1 = api()
    request = v1.ItemRequest(index=0, prompt=spec.prompts[0], seed=spec.seeds[0], width=spec.width,
                             height=spec.height, steps=spec.steps)
    yield v1.UploadItemRequest(header=dict(token=ticket, request=request,
                                           sha256=hashlib.sha256(content).hexdigest()))
    for begin in range(0, len(content), 1 << 20):
        yield v1.UploadItemRequest(chunk=content[begin:begin + (1 << 20)])


def large_png(side, number):
    """Of 16 bits with transparency, in a file of half a megabyte."""
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    row = b"\0" + bytes([number, 0, 128, 0, 255, 255, 128, 0]) * side
    packer = zlib.compressobj(1)
    packed = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 16, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def test_large_pictures_at_once_fit_into_the_registrys_memory(cluster, tmp_path):
    """Decoded all at once, eight would take more than six gigabytes."""
    v1 = api()
    pictures = [tmp_path / f"{i}.png" for i in range(8)]
    for i, picture in enumerate(pictures):
        picture.write_bytes(large_png(8000, i))

    def pieces(i):
        yield upload_header(f"large-{i}", 1)
        yield from picture_pieces(pictures[i])

    with channel_to(cluster.gateway) as channel:
        stub = v1.RegistryServiceStub(channel)
        ends = open_streams(len(pictures), lambda i: stub.CreateReferenceSet(pieces(i), timeout=180))
        wait_for("one is decoded", lambda: cluster.registry.metric('imprint_memory_taken_bytes{what="pictures"}') > 0)
        others_are_served(cluster)
        refused = [error for error in (end.result(180) for end in ends) if error is not None]
    # Others would have been waited for, but not for ever.
    assert all(e.code() == grpc.StatusCode.RESOURCE_EXHAUSTED and retry_delay(e) > 0 for e in refused), refused
    assert len(refused) < len(pictures)
    assert cluster.registry.rss("VmHWM") < REGISTRY_LIMIT / 2
    wait_for("they give back their memory",
             lambda: cluster.registry.metric('imprint_memory_taken_bytes{what="pictures"}') == 0)


@pytest.mark.parametrize("server", ["gateway", "registry"])
def test_metrics_are_answered_beside_clients_that_say_nothing(cluster, server):
    port = getattr(cluster, server).metrics_port
    with contextlib.ExitStack() as silent:
        for said in [b"", b"GET /metrics HTTP/1.1\r\nHost: a\r\n", b"POST /metrics HTTP/1.1\r\n"] * 20:
            client = silent.enter_context(socket.create_connection(("127.0.0.1", port)))
            client.sendall(said)
        assert getattr(cluster, server).metric("process_open_fds") > 0
