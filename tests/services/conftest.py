"""The four services as processes, and Python's own gRPC client to talk to them. Run by ctest, which says
in IMPRINT_BIN where the binaries are."""

import pytest

import cluster as services


@pytest.fixture
def cluster(tmp_path):
    with services.Cluster(tmp_path) as running:
        yield running


@pytest.fixture(scope="session")
def api():
    return services.api()


@pytest.fixture(scope="module")
def module_cluster(tmp_path_factory):
    with services.Cluster(tmp_path_factory.mktemp("cluster")) as running:
        yield running


@pytest.fixture(scope="module")
def cluster_without_nodes(tmp_path_factory):
    """With a model and pictures; what is created waits."""
    with services.Cluster(tmp_path_factory.mktemp("cluster"), trainers=0, samplers=0) as running:
        running.add_model()
        running.add_references()
        yield running
