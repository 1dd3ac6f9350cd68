"""The life of what the registry keeps, and of a job's own fields, through the gateway: made, read, changed
under a mask and an etag, and gone."""

import grpc
import pytest
from google.protobuf import field_mask_pb2

from cluster import api
from processes import MODEL


@pytest.fixture(scope="module")
def cluster(cluster_without_nodes):
    return cluster_without_nodes


def mask(*paths):
    return field_mask_pb2.FieldMask(paths=paths)


def refused(call, request, code, *parts):
    with pytest.raises(grpc.RpcError) as error:
        call(request, timeout=10)
    assert error.value.code() == code, error.value
    for part in parts:
        assert part in error.value.details(), error.value.details()


def test_the_life_of_a_concept(cluster):
    v1, registry = api(), cluster.registry_api
    request = v1.CreateConceptRequest(concept_id="mia", new_concept=dict(
        token="<mia>", class_word="girl", kind=v1.CONCEPT_KIND_OBJECT, description="of class 3b"))
    made = registry.CreateConcept(request, timeout=10)
    assert made.name == "concepts/mia" and made.etag
    assert registry.GetConcept(v1.GetConceptRequest(name=made.name), timeout=10) == made
    assert [c.name for c in registry.ListConcepts(v1.ListConceptsRequest(), timeout=10).concepts] == [
        made.name]
    refused(registry.CreateConcept,
            v1.CreateConceptRequest(concept_id="mia", new_concept=dict(
                token="<other>", class_word="boy", kind=v1.CONCEPT_KIND_OBJECT)),
            grpc.StatusCode.ALREADY_EXISTS, "concept_id: ")

    def update(paths, **fields):
        return v1.UpdateConceptRequest(changed_concept=dict(name=made.name, **fields),
                                       update_mask=mask(*paths))

    changed = registry.UpdateConcept(
        update(["description"], description="of class 4b", class_word="not to be"), timeout=10)
    assert changed.description == "of class 4b"
    assert changed.class_word == "girl", "the mask does not name it"
    assert changed.etag != made.etag
    refused(registry.UpdateConcept, update(["description"], description="late", etag=made.etag),
            grpc.StatusCode.ABORTED, "etag: ")
    refused(registry.UpdateConcept, update(["token"], token="<new>"),
            grpc.StatusCode.INVALID_ARGUMENT, "update_mask: ", "token")
    refused(registry.UpdateConcept, update([], description="all"),
            grpc.StatusCode.INVALID_ARGUMENT, "update_mask: ")

    refused(registry.DeleteConcept, v1.DeleteConceptRequest(name=made.name, etag=made.etag),
            grpc.StatusCode.ABORTED, "etag: ")
    registry.DeleteConcept(v1.DeleteConceptRequest(name=made.name, etag=changed.etag), timeout=10)
    refused(registry.GetConcept, v1.GetConceptRequest(name=made.name),
            grpc.StatusCode.NOT_FOUND, "name: ", "concepts/mia")


def test_a_jobs_mask_changes_what_it_names(cluster):
    v1 = api()
    job = cluster.jobs.CreateTrainingJob(v1.CreateTrainingJobRequest(
        spec=cluster.training(), priority=v1.JOB_PRIORITY_BULK, labels={"class": "3b"}), timeout=10)

    def update(paths, **fields):
        return v1.UpdateJobRequest(job=dict(name=job.name, **fields), update_mask=mask(*paths))

    changed = cluster.jobs.UpdateJob(
        update(["labels"], labels={"class": "4b"}, priority=v1.JOB_PRIORITY_INTERACTIVE), timeout=10)
    assert dict(changed.labels) == {"class": "4b"}
    assert changed.priority == v1.JOB_PRIORITY_BULK, "the mask does not name it"
    changed = cluster.jobs.UpdateJob(update(["priority"], priority=v1.JOB_PRIORITY_NORMAL), timeout=10)
    assert changed.priority == v1.JOB_PRIORITY_NORMAL and dict(changed.labels) == {"class": "4b"}
    refused(cluster.jobs.UpdateJob, update(["labels"], etag=job.etag), grpc.StatusCode.ABORTED, "etag: ")
    refused(cluster.jobs.UpdateJob, update(["spec"]), grpc.StatusCode.INVALID_ARGUMENT, "update_mask: ")
    refused(cluster.jobs.UpdateJob, update([]), grpc.StatusCode.INVALID_ARGUMENT, "update_mask: ")
    cluster.jobs.CancelJob(v1.CancelJobRequest(name=job.name))


def test_a_base_model_is_its_fingerprint(cluster, tmp_path):
    v1 = api()
    (model,) = cluster.registry_api.ListBaseModels(v1.ListBaseModelsRequest(), timeout=10).base_models
    assert len(model.fingerprint) == 64 and model.solver == "ddim" and model.text_layers == 2
    assert cluster.add_model() == model, "the same again is the same"
    elsewhere = tmp_path / "demo"
    elsewhere.symlink_to(MODEL)
    refused(cluster.registry_api.CreateBaseModel,
            v1.CreateBaseModelRequest(base_model_id="demo", folder=str(elsewhere), licence="MIT"),
            grpc.StatusCode.ALREADY_EXISTS, "base_model_id: ", str(MODEL))
    other = cluster.registry_api.CreateBaseModel(v1.CreateBaseModelRequest(
        base_model_id="twin", folder=str(elsewhere), licence="MIT"), timeout=60)
    assert other.fingerprint == model.fingerprint
    cluster.registry_api.DeleteBaseModel(v1.DeleteBaseModelRequest(name=other.name), timeout=10)


def test_a_reference_set_is_read_as_it_was_made(cluster):
    v1 = api()
    read = cluster.registry_api.GetReferenceSet(
        v1.GetReferenceSetRequest(name="referenceSets/pip"), timeout=10)
    assert read.rights.creator == "Imprint" and len(read.pictures) == 5
    assert {(p.width, p.height) for p in read.pictures} != {(0, 0)}
