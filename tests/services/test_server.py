"""What every server has of services/server: reflection, health, traces, deadlines, metrics; and what nodes
say of themselves."""

import os
import pathlib
import re
import signal
import subprocess
import urllib.request

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from cluster import api
from processes import BIN, REPOSITORY, wait_for

OPERATING = REPOSITORY / "docs" / "operating.md"
COMMON = {"grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"}
SERVICES = {
    "gateway": {"imprint.v1.JobService", "imprint.v1.RegistryService"},
    "registry": {"imprint.v1.RegistryService", "imprint.v1.TransferService"},
    "trainer": {"imprint.v1.TrainerService", "imprint.v1.NodeService"},
    "sampler": {"imprint.v1.SamplerService", "imprint.v1.NodeService"},
}
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture(scope="module")
def cluster(module_cluster):
    """After one training and one image set whose callers had a trace."""
    v1 = api()
    module_cluster.add_model()
    module_cluster.add_references()
    traced = {"metadata": [("traceparent", f"00-{TRACE}-00f067aa0ba902b7-01")], "timeout": 10}
    for create, request in (
            (module_cluster.jobs.CreateTrainingJob,
             v1.CreateTrainingJobRequest(spec=module_cluster.training())),
            (module_cluster.jobs.CreateImageSetJob,
             v1.CreateImageSetJobRequest(spec=module_cluster.image_set()))):
        job = module_cluster.finish(create(request, **traced))
        assert job.state == v1.JOB_STATE_SUCCEEDED, module_cluster.log_text()
    return module_cluster


def channel_to(server):
    return grpc.insecure_channel(server.address, options=[("grpc.enable_http_proxy", 0)])


def test_a_closed_terminal_is_the_trainers_to_hear_of(tmp_path):
    """Not its ranks': it stops them after the step that is being computed."""
    socket = tmp_path / "rank.sock"
    rank = subprocess.Popen([BIN / "imprint-rank", "--socket", socket, "--device", "cpu", "--threads", "1",
                             "--parent", str(os.getpid())])
    try:
        wait_for("the rank listens", socket.exists)
        rank.send_signal(signal.SIGHUP)
        with grpc.insecure_channel(f"unix:{socket}") as channel:
            grpc.channel_ready_future(channel).result(timeout=60)
        assert rank.poll() is None
    finally:
        rank.kill()
        rank.wait()


@pytest.mark.parametrize("name", SERVICES)
def test_reflection_lists_the_services(cluster, name):
    with channel_to(getattr(cluster, name)) as channel:
        listed = set(ProtoReflectionDescriptorDatabase(channel).get_services())
    assert SERVICES[name] <= listed <= SERVICES[name] | COMMON


@pytest.mark.parametrize("name", SERVICES)
def test_health_says_that_it_serves(cluster, name):
    with channel_to(getattr(cluster, name)) as channel:
        answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=10)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


@pytest.mark.parametrize("name", ["gateway", "trainer", "sampler"])
def test_a_callers_trace_is_in_the_logs(cluster, name):
    assert TRACE in getattr(cluster, name).log.read_text()


@pytest.mark.parametrize("name", SERVICES)
def test_every_documented_metric_is_there(cluster, name):
    """The table of docs/operating.md, and each name a metric with its type."""
    table = re.findall(r"^\| (all|gateway|registry|trainer|sampler) \| (`imprint.*) \|$",
                       OPERATING.read_text(), re.MULTILINE)
    documented = {metric for row, cells in table if row in ("all", name)
                  for metric in re.findall(r"`(imprint_\w+)", cells)}
    assert len(documented) > 4
    url = f"http://127.0.0.1:{getattr(cluster, name).metrics_port}/metrics"
    types = set(re.findall(r"^# TYPE (\w+)", urllib.request.urlopen(url).read().decode(), re.MULTILINE))
    assert documented <= types, documented - types


@pytest.mark.parametrize("name", ["trainer", "sampler"])
def test_a_node_tells_its_devices_and_memory(cluster, name):
    v1 = api()
    with channel_to(getattr(cluster, name)) as channel:
        stream = v1.NodeServiceStub(channel).Watch(v1.WatchNodeRequest(), timeout=10)
        status = next(stream)
        stream.cancel()
    assert [d.name for d in status.devices] == ["cpu"]
    assert status.devices[0].threads >= 1
    assert status.devices[0].memory_bytes > 1 << 30
    assert status.memory_bytes > 1 << 20
    assert status.slots >= 1 and not status.draining


def test_a_deadline_goes_through_and_leaves_no_job(cluster):
    """The gateway asks the registry while it admits; nobody waits for the answer any more."""
    v1 = api()
    before = cluster.jobs.ListJobs(v1.ListJobsRequest(page_size=1000), timeout=10).jobs
    cluster.registry.pause()
    try:
        with pytest.raises(grpc.RpcError) as late:
            cluster.jobs.CreateTrainingJob(v1.CreateTrainingJobRequest(spec=cluster.training()),
                                           timeout=1)
    finally:
        cluster.registry.resume()
    assert late.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    # A call that is answered says that the registry's turn has come again.
    cluster.patiently(cluster.registry_api.ListBaseModels, v1.ListBaseModelsRequest())
    after = cluster.jobs.ListJobs(v1.ListJobsRequest(page_size=1000), timeout=10).jobs
    assert [j.name for j in after] == [j.name for j in before]


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_server_does_not_expect_is_listed_as_it_was_written(name):
    data = {"gateway": ["--data", "none", "--registry", "none"], "registry": ["--data", "none"]}.get(name, [])
    done = subprocess.run([BIN / f"imprint-{name}", "--first", *data, "--second"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"imprint-{name}: error: not expected: --first --second; --help says what can be given\n"


@pytest.mark.parametrize("binary", ["imprint-gateway", "imprint-registry", "imprint-trainer", "imprint"])
def test_what_needs_no_libtorch_links_none(binary):
    libraries = subprocess.run(["ldd", BIN / binary], capture_output=True, text=True, check=True).stdout
    assert "libgrpc++" in libraries
    assert not re.search(r"libtorch|libc10", libraries)
