"""Where servers keep their data: in folders of any name, for nobody else to read, and known to be damaged when
they are."""

import json
import os
import subprocess

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from cluster import Cluster, api
from processes import BIN, MODEL, wait_for

AWKWARD = "class 3b's \"50%\" photos #1 é?x=1&y"


@pytest.fixture(scope="module")
def used(tmp_path_factory):
    """A cluster in a folder of an awkward name, started by somebody whose files everybody may read and write,
    after a training and a set."""
    v1 = api()
    folder = tmp_path_factory.mktemp("cluster") / AWKWARD
    folder.mkdir()
    before = os.umask(0)
    try:
        with Cluster(folder) as cluster:
            cluster.add_model()
            cluster.add_references()
            taught = cluster.finish(cluster.jobs.CreateTrainingJob(
                v1.CreateTrainingJobRequest(spec=cluster.training())))
            drawn = cluster.finish(cluster.jobs.CreateImageSetJob(
                v1.CreateImageSetJobRequest(spec=cluster.image_set())))
            assert taught.state == drawn.state == v1.JOB_STATE_SUCCEEDED, cluster.log_text()
    finally:
        os.umask(before)
    return folder


def fsck(binary, data, code):
    done = subprocess.run([BIN / binary, "--fsck", "--json", "--data", data], capture_output=True, text=True)
    assert done.returncode == code, (done.stdout, done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_all_is_in_its_place_whatever_the_folders_name(used):
    assert sorted(p.name for p in used.parent.iterdir()) == [AWKWARD], "nothing beside it"
    for server in ("registry", "gateway"):
        assert (used / server / f"{server}.db").stat().st_size > 0
        fsck(f"imprint-{server}", used / server, 0)


@pytest.mark.parametrize("server", ["registry", "gateway"])
def test_nobody_else_can_read_it(used, server):
    paths = [used / server, *(used / server).rglob("*")]
    assert len(paths) >= 3
    open_to_others = [str(p) for p in paths if p.stat().st_mode & 0o077]
    assert open_to_others == []


@pytest.mark.parametrize("server", ["registry", "gateway"])
def test_fsck_says_what_others_can_read(used, server):
    data = used / server
    database = data / f"{server}.db"
    database.chmod(0o644)
    try:
        # Nobody gets to it yet.
        fsck(f"imprint-{server}", data, 0)
        data.chmod(0o755)
        (found,) = fsck(f"imprint-{server}", data, 1)
    finally:
        data.chmod(0o700)
        database.chmod(0o600)
    assert found["open_to_others"] == [". (0755)", f"{database.name} (0644)"]
    fsck(f"imprint-{server}", data, 0)


def damage(database):
    """Zeros over all pages but the first."""
    size = database.stat().st_size
    assert size > 3 * 4096
    with database.open("r+b") as file:
        file.seek(4096)
        file.write(bytes(size - 4096))


def health(cluster, server):
    with grpc.insecure_channel(server.address, options=[("grpc.enable_http_proxy", 0)]) as channel:
        return health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=10).status


@pytest.mark.parametrize("damaged", ["registry", "gateway"])
def test_a_damaged_database_takes_no_work_and_says_so(tmp_path, damaged):
    v1 = api()
    with Cluster(tmp_path, trainers=0, samplers=0) as cluster:
        cluster.add_model()
        cluster.add_references()
        for i in range(40):
            cluster.jobs.CreateTrainingJob(v1.CreateTrainingJobRequest(
                spec=cluster.training(token=f"<pip{i}>", concept_name=f"concepts/pip{i}")))
            cluster.registry_api.CreateConcept(v1.CreateConceptRequest(
                concept_id=f"c{i}", new_concept=dict(token=f"<c{i}>", class_word="x" * 150)))
        server = getattr(cluster, damaged)
        server.stop()
        damage(tmp_path / damaged / f"{damaged}.db")
        (report,) = fsck(f"imprint-{damaged}", tmp_path / damaged, 1)
        assert report["database"] and not report["clean"]
        server.start()
        wait_for("it is up", server.ready)
        assert health(cluster, server) == health_pb2.HealthCheckResponse.NOT_SERVING
        with pytest.raises(grpc.RpcError) as error:
            cluster.jobs.CreateTrainingJob(v1.CreateTrainingJobRequest(spec=cluster.training()), timeout=30)
        assert error.value.code() == grpc.StatusCode.DATA_LOSS, error.value
        said = error.value.details()
        assert str(tmp_path) not in said and "select" not in said.lower(), said


@pytest.mark.parametrize("harm", ["missing", "damaged"])
def test_a_blob_that_is_gone_is_named_by_what_needs_it(tmp_path, harm):
    v1 = api()
    with Cluster(tmp_path, trainers=0, samplers=0) as cluster:
        cluster.add_references()
        blobs = [p for p in (tmp_path / "registry" / "blobs").rglob("*") if p.is_file()]
        cluster.registry.stop()
        for blob in blobs:
            if harm == "missing":
                blob.unlink()
            else:
                blob.chmod(0o600)
                blob.write_bytes(blob.read_bytes()[:-1] + b"x")
        (report,) = fsck("imprint-registry", tmp_path / "registry", 1)
        assert report[harm] and all(b["belongs_to"] == ["referenceSets/pip"] for b in report[harm]), report
        cluster.registry.start()
        wait_for("it is up", cluster.registry.ready)
        with grpc.insecure_channel(cluster.registry.address,
                                   options=[("grpc.enable_http_proxy", 0)]) as channel:
            transfer = v1.TransferServiceStub(channel)
            ticket = transfer.IssueTicket(v1.IssueTicketRequest(
                run=v1.RunKey(job="jobs/x", attempt=1), reference_set="referenceSets/pip",
                lifetime_seconds=60), timeout=30).token
            with pytest.raises(grpc.RpcError) as error:
                list(transfer.GetPreparedPictures(v1.GetPreparedPicturesRequest(token=ticket, size=64),
                                                  timeout=30))
        assert error.value.code() == grpc.StatusCode.DATA_LOSS, error.value
        assert "referenceSets/pip" in error.value.details(), error.value
        assert str(tmp_path) not in error.value.details(), error.value


def test_a_model_is_read_from_the_servers_roots_alone(tmp_path):
    v1 = api()
    root = tmp_path / "models"
    root.mkdir()
    (root / "link").symlink_to("/etc")
    (root / "mine").symlink_to(MODEL)
    with Cluster(tmp_path, trainers=0, samplers=0, models_root=root) as cluster:
        for asked in ("/etc", "/etc/passwd", "../../etc", "/nowhere", root / "link", root / ".." / ".." / "x",
                      root / "mine"):
            with pytest.raises(grpc.RpcError) as error:
                cluster.registry_api.CreateBaseModel(v1.CreateBaseModelRequest(
                    base_model_id="x", folder=str(asked), licence="MIT"), timeout=30)
            assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT, error.value
            # The same of what is there and of what is not.
            expected = "--models-root" if str(asked).startswith("/") else "an absolute path"
            assert expected in error.value.details(), error.value
    with Cluster(tmp_path, trainers=0, samplers=0, models_root=MODEL.parent) as cluster:
        assert cluster.add_model().folder == str(MODEL)
