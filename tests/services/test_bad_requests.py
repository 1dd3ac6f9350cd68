"""Every method of every server, called with empty, unknown, random and oversized requests: an error that
names the field, and the server goes on."""

import os
import pathlib
import random
import re
import subprocess
import tempfile

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from cluster import THREADS, api
from processes import BIN, wait_for

# INTERNAL and UNKNOWN would mean that nobody thought of it.
GOOD_CODES = {
    grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND, grpc.StatusCode.ALREADY_EXISTS,
    grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.ABORTED,
}
SERVERS = {
    "gateway": ["JobService", "RegistryService"],
    "registry": ["RegistryService", "TransferService"],
    "trainer": ["TrainerService", "NodeService"],
    "sampler": ["SamplerService", "NodeService"],
    "rank": ["RankService"],
}
# What may well answer an empty request.
NEEDS_NOTHING = {"ListJobs", "ListNodes", "ListBaseModels", "ListReferenceSets", "ListConcepts",
                 "ListImageSets", "Watch"}


def methods():
    from imprint.v1 import job_pb2, node_pb2, rank_pb2, registry_pb2, sampler_pb2, trainer_pb2, transfer_pb2
    modules = (job_pb2, node_pb2, rank_pb2, registry_pb2, sampler_pb2, trainer_pb2, transfer_pb2)
    services = {name: service for module in modules
                for name, service in module.DESCRIPTOR.services_by_name.items()}
    assert set(services) == {name for names in SERVERS.values() for name in names}
    for server, names in SERVERS.items():
        for name in names:
            for method in services[name].methods:
                yield server, method


def key(method):
    return f"{method.containing_service.name}.{method.name}"


v1 = api()
METHODS = list(methods())
TRAIN = next(method for _, method in METHODS if key(method) == "RankService.Train")
# Streams of one answer to a bad request.
ENDS_AT_ONCE = {key(TRAIN)}
# All but the one that answers whatever it is with an event.
ANSWER_AT_ONCE = [(server, method) for server, method in METHODS if method != TRAIN]


def call(channel, method, payload):
    """Calls a method with raw bytes; gives the error, or None, and the first bytes of the answer."""
    path = f"/{method.containing_service.full_name}/{method.name}"
    as_is = {"request_serializer": lambda b: b, "response_deserializer": lambda b: b}
    # A socket's file is there a moment before somebody listens; a busy machine takes its time.
    patiently = {"timeout": 60, "wait_for_ready": True}
    try:
        if method.client_streaming:
            return None, channel.stream_unary(path, **as_is)(iter([payload]), **patiently)
        if method.server_streaming:
            stream = channel.unary_stream(path, **as_is)(payload, **patiently)
            answers = iter(stream)
            first = next(answers, None)
            if key(method) in ENDS_AT_ONCE:
                # Or its server would be busy with it when it is called again.
                assert next(answers, None) is None
            else:
                stream.cancel()
            return None, first
        return None, channel.unary_unary(path, **as_is)(payload, **patiently)
    except grpc.RpcError as error:
        return error, None


class Servers:
    """A channel to each server, and whether all of them are still there."""

    def __init__(self, cluster, rank, rank_socket):
        addresses = {name: getattr(cluster, name).address for name in SERVERS if name != "rank"}
        addresses["rank"] = f"unix:{rank_socket}"
        self.channels = {name: grpc.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)])
                         for name, address in addresses.items()}
        self.cluster = cluster
        self.rank = rank

    def call(self, server, method, payload):
        return call(self.channels[server], method, payload)

    def assert_alive(self):
        for process in self.cluster.processes:
            assert process.process.poll() is None, process.log.read_text()
        assert self.rank.poll() is None


@pytest.fixture(scope="module")
def servers(module_cluster):
    """The cluster, and an imprint-rank of our own: a trainer would quietly start another when it dies."""
    module_cluster.add_model()
    module_cluster.add_references()
    with tempfile.TemporaryDirectory() as folder:
        socket = pathlib.Path(folder) / "rank.sock"
        rank = subprocess.Popen([BIN / "imprint-rank", "--socket", socket, "--device", "cpu", "--threads", THREADS,
                                 "--parent", str(os.getpid())])
        try:
            wait_for("the rank listens", socket.exists)
            yield Servers(module_cluster, rank, socket)
        finally:
            rank.kill()
            rank.wait()


def identify(value):
    return value if isinstance(value, str) else key(value)


def assert_names_its_field(error):
    """AIP-193: what is INVALID_ARGUMENT says in a BadRequest which field, and its message begins with it, as
    does that of what is not there."""
    if error.code() == grpc.StatusCode.NOT_FOUND:
        assert re.match(r"[a-z_]+([.\[][a-z_0-9.\[\]]+)?: ", error.details()), error
    if error.code() != grpc.StatusCode.INVALID_ARGUMENT:
        return
    bad = error_details_pb2.BadRequest()
    assert any(d.Unpack(bad) for d in rpc_status.from_call(error).details if d.Is(bad.DESCRIPTOR)), error
    field = bad.field_violations[0].field
    assert field and error.details().startswith(f"{field}: "), error


@pytest.mark.parametrize("server,method", ANSWER_AT_ONCE, ids=identify)
def test_an_empty_request_names_what_is_missing(servers, server, method):
    error, _ = servers.call(server, method, b"")
    if method.name in NEEDS_NOTHING:
        assert error is None, error
    elif key(method) == "RankService.Stop":
        assert error.code() == grpc.StatusCode.FAILED_PRECONDITION, error
    else:
        assert error is not None and error.code() == grpc.StatusCode.INVALID_ARGUMENT, error
        assert_names_its_field(error)


# What a field `name` is given: well-formed, and the name of nothing. By the resource that a message is, or
# that a request is about.
NOBODY = {
    "Job": "jobs/nobody", "BaseModel": "baseModels/nobody", "ModelLocation": "baseModels/nobody",
    "ReferenceSet": "referenceSets/nobody", "Concept": "concepts/nobody",
    "Embedding": "concepts/nobody/embeddings/1", "EmbeddingFile": "concepts/nobody/embeddings/1",
    "Alias": "concepts/nobody/aliases/x", "ImageSet": "imageSets/nobody",
    "Item": "imageSets/nobody/items/1",
}
PARENTS = {"Embedding": "concepts/nobody", "Embeddings": "concepts/nobody", "Aliases": "concepts/nobody",
           "Item": "imageSets/nobody", "Items": "imageSets/nobody"}
# Other fields where "nobody" would not do, so that it is the names that are refused.
VALUES = {
    "job": "jobs/nobody", "base_model": "baseModels/nobody", "reference_set": "referenceSets/nobody",
    "concept_name": "concepts/nobody", "concept_id": "No Concept", "image_set": "", "solver": "ddim",
    "embedding": "concepts/nobody/embeddings/1", "embeddings": "concepts/nobody/embeddings/1",
    "folder": "/nowhere", "templates": "a photo of {}", "sha256": "0" * 64, "seeds": 1, "attempt": 1,
    "chunk": 7, "size": 64, "lifetime_seconds": 60, "page_token": "", "people": v1.PEOPLE_SHOWN_NONE,
    "state": v1.IMAGE_SET_STATE_PARTIAL, "precision": "fp32", "plan": "", "extends": "",
}
# Messages that are left out: beside prompts nothing is drawn again.
LEFT_OUT = {"Redraw"}
MASKS = {"UpdateJobRequest": "labels", "UpdateConceptRequest": "description"}


def value_for(field):
    """What `unknown` sets a field to; None leaves it as it is."""
    message = field.containing_type.name
    about = re.sub(r"^[A-Z][a-z]+(\w+)Request$", r"\1", message)
    if field.name == "name":
        return NOBODY[about]
    if field.name == "parent":
        return PARENTS[about]
    return VALUES.get(field.name, "nobody" if field.type == field.TYPE_STRING else None)


def is_map(field):
    return field.message_type.GetOptions().map_entry


def unknown(message):
    """The message with every name set to something well-formed that does not exist; of a stream, its first
    piece."""
    for field in message.DESCRIPTOR.fields:
        if field.containing_oneof and field != field.containing_oneof.fields[0]:
            continue
        if field.message_type:
            if field.message_type.full_name == "google.protobuf.FieldMask":
                message.update_mask.paths.append(MASKS[message.DESCRIPTOR.name])
            elif (field.message_type.file.package == "imprint.v1" and not is_map(field) and
                  field.message_type.name not in LEFT_OUT):
                inner = getattr(message, field.name)
                unknown(inner.add() if field.is_repeated else inner)
        elif (value := value_for(field)) is not None:
            if field.is_repeated:
                getattr(message, field.name).append(value)
            else:
                setattr(message, field.name, value)
    return message


# What is not NOT_FOUND: these name nothing that must be there, or are refused for something else.
ANOTHER_CODE = {
    "RegistryService.CreateReferenceSet": grpc.StatusCode.INVALID_ARGUMENT,
    "RegistryService.CreateConcept": grpc.StatusCode.INVALID_ARGUMENT,
    "RegistryService.ImportEmbedding": grpc.StatusCode.INVALID_ARGUMENT,
    "TransferService.CommitEmbedding": grpc.StatusCode.INVALID_ARGUMENT,
    "TrainerService.Start": grpc.StatusCode.INVALID_ARGUMENT,
    "SamplerService.Start": grpc.StatusCode.INVALID_ARGUMENT,
    # Whoever comes without a good ticket is not told more.
    "TransferService.GetPreparedPictures": grpc.StatusCode.PERMISSION_DENIED,
    "TransferService.UploadItem": grpc.StatusCode.PERMISSION_DENIED,
    "TransferService.AdoptItems": grpc.StatusCode.PERMISSION_DENIED,
    # A set of prompts is no plan.
    "JobService.CheckPlan": grpc.StatusCode.INVALID_ARGUMENT,
    "RankService.Stop": grpc.StatusCode.FAILED_PRECONDITION,
    # Revoking nothing is nothing.
    "TransferService.RevokeTickets": None,
    # So is ending what has ended.
    "TransferService.EndTicket": None,
}


REFUSALS = {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND, grpc.StatusCode.PERMISSION_DENIED,
            grpc.StatusCode.FAILED_PRECONDITION}
TAKES_ANY_TEXT = set()


@pytest.mark.parametrize("server,method", ANSWER_AT_ONCE, ids=identify)
def test_unknown_names_are_refused(servers, server, method):
    if method.name in NEEDS_NOTHING:
        pytest.skip("takes no name")
    message = unknown(getattr(v1, method.input_type.name)())
    error, answer = servers.call(server, method, message.SerializeToString())
    wanted = ANOTHER_CODE.get(key(method), grpc.StatusCode.NOT_FOUND)
    if wanted is None:
        assert error is None, error
        return
    assert error is not None, (message, answer)
    assert error.code() == wanted, (message, error)
    assert_names_its_field(error)


@pytest.mark.parametrize("server,method", ANSWER_AT_ONCE, ids=identify)
def test_a_text_of_a_megabyte_is_refused_by_its_field(servers, server, method):
    """Each text of the request in turn, beside names that do not exist."""
    def texts(message):
        return [f.name for f in message.DESCRIPTOR.fields
                if f.type == f.TYPE_STRING and not f.is_repeated and not f.containing_oneof]

    for field in texts(getattr(v1, method.input_type.name)()):
        message = unknown(getattr(v1, method.input_type.name)())
        setattr(message, field, "x" * (1 << 20))
        error, answer = servers.call(server, method, message.SerializeToString())
        if error is None:
            assert field in TAKES_ANY_TEXT, (field, answer)
            continue
        assert error.code() in REFUSALS, (field, error)
        assert_names_its_field(error)
        assert len(error.details()) < 4096, "it is not sent back"
    servers.assert_alive()


def test_a_rank_says_what_is_wrong_in_its_only_event(servers):
    """It is asked by its agent alone, to which a failure is an event like others."""
    def failure(request):
        error, answer = servers.call("rank", TRAIN, request.SerializeToString())
        assert error is None, error
        return v1.RunEvent.FromString(answer).failure

    empty = failure(v1.TrainRequest())
    assert empty.reason == "BAD_INPUT" and empty.message.startswith("spec.token: ")
    alone = unknown(v1.TrainRequest())
    assert "gang" in failure(alone).message
    alone.ClearField("gang")
    nowhere = failure(alone)
    assert nowhere.reason == "MODEL_NOT_FOUND" and "/nowhere" in nowhere.message


def test_a_run_of_a_model_that_is_not_there_ends_in_a_failure(servers):
    stub = v1.TrainerServiceStub(servers.channels["trainer"])
    request = unknown(v1.StartTrainingRequest())
    request.run.chunk = 0
    request.ClearField("gang")
    stub.Start(request, timeout=60)
    *_, last = stub.Attach(v1.AttachTrainingRequest(run=request.run), timeout=60)
    assert last.failure.reason == "MODEL_NOT_FOUND" and not last.failure.retryable


@pytest.mark.parametrize("server,method", METHODS, ids=identify)
def test_random_bytes_and_oversized_requests_do_not_upset_it(servers, server, method):
    rng = random.Random(method.full_name)
    for _ in range(20):
        error, _ = servers.call(server, method, rng.randbytes(rng.randrange(1, 300)))
        if error is not None:
            # Bytes that are no message are INTERNAL by gRPC itself, before any handler.
            assert error.code() in GOOD_CODES | {grpc.StatusCode.INTERNAL}, error
            assert_names_its_field(error)
    error, _ = servers.call(server, method, b"\x0a" + b"\xff\xff\xff\x7f" + b"x" * (20 << 20))
    assert error is not None and error.code() in GOOD_CODES | {grpc.StatusCode.INTERNAL,
                                                               grpc.StatusCode.UNAVAILABLE}, error
    servers.assert_alive()
