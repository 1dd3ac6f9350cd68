"""Pictures on their way in: cut off, too many at once, and while the servers stop."""

import concurrent.futures
import re
import threading
import time
import urllib.request

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status

from cluster import Cluster, api, picture_pieces, upload_header
from processes import PIP, wait_for

PICTURES = sorted(PIP.iterdir())
# Uploads that one address may have open.
SHARE = 16


def pieces(reference_set_id, gate):
    """An upload that waits in its middle until `gate` lets it go on; `gate.reached` tells."""
    yield upload_header(reference_set_id, 2)
    yield from picture_pieces(PICTURES[0])
    gate.reached.release()
    if gate.open.wait(30):
        yield from picture_pieces(PICTURES[1])


class Gate:
    def __init__(self):
        self.reached = threading.Semaphore(0)
        self.open = threading.Event()


@pytest.mark.parametrize("through", ["gateway", "registry"])
def test_an_upload_that_is_cut_off_leaves_nothing(cluster, through):
    """A caller that goes between two pictures has not sent a set of one picture."""
    v1 = api()
    with grpc.insecure_channel(getattr(cluster, through).address,
                               options=[("grpc.enable_http_proxy", 0)]) as channel:
        stub = v1.RegistryServiceStub(channel)
        gates = []
        for attempt in range(20):
            gates.append(Gate())
            call = stub.CreateReferenceSet.future(pieces(f"cut-{attempt}", gates[-1]))
            gates[-1].reached.acquire()
            time.sleep(0.02 * (attempt % 3))
            call.cancel()
    for server in (cluster.gateway, cluster.registry):
        wait_for(f"{server.name} has let go of them", lambda: in_flight(server) == 0)
    for gate in gates:
        gate.open.set()
    blobs = cluster.folder / "registry" / "blobs"
    wait_for("no blob is left", lambda: not any(p.is_file() for p in blobs.rglob("*")))
    listed = cluster.registry_api.ListReferenceSets(v1.ListReferenceSetsRequest(), timeout=10)
    assert [s.name for s in listed.reference_sets] == []
    cluster.add_references("cut-0")


@pytest.mark.parametrize("through", ["gateway", "registry"])
def test_an_upload_with_a_message_over_the_limit_leaves_nothing(cluster, through):
    """gRPC ends such a stream as if the caller had said all; whether it broke is known a moment later."""
    v1 = api()

    def broken(number):
        yield upload_header(f"broken-{number}", 4)
        for picture in PICTURES[:3]:
            yield from picture_pieces(picture)
        yield v1.CreateReferenceSetRequest(picture=dict(file_name="large.png", bytes=1, sha256="0" * 64))
        yield v1.CreateReferenceSetRequest(chunk=bytes(17 << 20))

    with grpc.insecure_channel(getattr(cluster, through).address, options=[
            ("grpc.enable_http_proxy", 0), ("grpc.max_send_message_length", -1)]) as channel:
        stub = v1.RegistryServiceStub(channel)
        for number in range(20):
            with pytest.raises(grpc.RpcError) as error:
                stub.CreateReferenceSet(broken(number), timeout=30)
            assert error.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED, error.value
    for server in (cluster.gateway, cluster.registry):
        wait_for(f"{server.name} has let go of them", lambda: in_flight(server) == 0)
    listed = cluster.registry_api.ListReferenceSets(v1.ListReferenceSetsRequest(), timeout=10)
    assert not any("broken" in s.name for s in listed.reference_sets), listed
    blobs = cluster.folder / "registry" / "blobs"
    wait_for("no blob is left", lambda: not any(p.is_file() for p in blobs.rglob("*")))


def test_a_flood_of_uploads_is_told_when_to_come_again(cluster):
    """As many as one address may have wait in their middle; whoever comes then is refused, and memory stays flat."""
    v1 = api()
    gate = Gate()
    open_calls = [cluster.registry_api.CreateReferenceSet.future(pieces(f"slow-{i}", gate))
                  for i in range(SHARE)]
    # That the client has sent them is not enough: all must be in before anybody else comes.
    wait_for("the registry reads all of them", lambda: in_flight(cluster.registry) == SHARE)
    before = cluster.registry.rss(), cluster.gateway.rss()
    refused = []

    def flood(number):
        try:
            cluster.add_references(f"flood-{number}")
        except grpc.RpcError as error:
            refused.append(error)

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(flood, range(200)))
    assert len(refused) == 200
    assert {e.code() for e in refused} == {grpc.StatusCode.RESOURCE_EXHAUSTED}
    retry = error_details_pb2.RetryInfo()
    assert any(d.Unpack(retry) for d in rpc_status.from_call(refused[0]).details
               if d.Is(retry.DESCRIPTOR)) and retry.retry_delay.seconds > 0
    after = cluster.registry.rss(), cluster.gateway.rss()
    assert all(b < 1.5 * a + (16 << 20) for a, b in zip(before, after)), (before, after)
    gate.open.set()
    assert [len(call.result(30).pictures) for call in open_calls] == [2] * SHARE
    cluster.add_references("now")


def in_flight(server):
    """Uploads that a server is answering."""
    metrics = urllib.request.urlopen(f"http://127.0.0.1:{server.metrics_port}/metrics").read().decode()
    found = re.search(r'imprint_rpc_in_flight\{method="RegistryService.CreateReferenceSet"\} (\d+)', metrics)
    return int(found[1]) if found else 0


@pytest.mark.parametrize("stopped", ["gateway", "registry"])
def test_an_upload_that_runs_when_a_server_stops_is_finished(tmp_path, stopped):
    with Cluster(tmp_path, trainers=0, samplers=0) as cluster:
        gate = Gate()
        call = cluster.registry_api.CreateReferenceSet.future(pieces("slow", gate))
        gate.reached.acquire()
        server = getattr(cluster, stopped)
        wait_for("the upload is there", lambda: in_flight(server) == 1)
        server.process.terminate()
        wait_for("it drains", lambda: "draining" in server.log.read_text())
        with grpc.insecure_channel(server.address, options=[("grpc.enable_http_proxy", 0)]) as channel:
            health = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=10)
        assert health.status == health_pb2.HealthCheckResponse.NOT_SERVING
        time.sleep(2)
        gate.open.set()
        assert len(call.result(30).pictures) == 2
        assert server.process.wait(30) == 0
