"""Debian's Prometheus scrapes all four, and answers what an operator asks; nothing of it is by job."""

import json
import shutil
import subprocess
import urllib.parse
import urllib.request

import pytest

from cluster import api, free_port
from processes import wait_for

NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@pytest.fixture(scope="module")
def prometheus(module_cluster, tmp_path_factory):
    cluster, v1 = module_cluster, api()
    binary = shutil.which("prometheus")
    assert binary, "Debian's prometheus is in scripts/packages-tests.txt"
    folder = tmp_path_factory.mktemp("prometheus")
    port = free_port()
    scrapes = [{"job_name": p.name, "static_configs": [{"targets": [f"127.0.0.1:{p.metrics_port}"]}]}
               for p in cluster.processes]
    config = folder / "prometheus.yml"
    config.write_text(json.dumps({"global": {"scrape_interval": "1s"}, "scrape_configs": scrapes}))
    process = subprocess.Popen(
        [binary, f"--config.file={config}", f"--storage.tsdb.path={folder}/data",
         f"--web.listen-address=127.0.0.1:{port}"],
        stdout=subprocess.DEVNULL, stderr=(folder / "log").open("w"))

    def query(expression):
        url = f"http://127.0.0.1:{port}/api/v1/query?query={urllib.parse.quote(expression)}"
        try:
            answer = json.load(NO_PROXY.open(url, timeout=5))
        except OSError:
            return []
        return [(r["metric"], float(r["value"][1])) for r in answer["data"]["result"]]

    cluster.add_model()
    cluster.add_references()
    training = cluster.finish(cluster.jobs.CreateTrainingJob(
        v1.CreateTrainingJobRequest(spec=cluster.training())))
    drawn = cluster.finish(cluster.jobs.CreateImageSetJob(
        v1.CreateImageSetJobRequest(spec=cluster.image_set())))
    assert training.state == drawn.state == v1.JOB_STATE_SUCCEEDED, cluster.log_text()
    yield query
    process.terminate()
    process.wait(30)


def test_all_four_are_scraped(prometheus):
    wait_for("all are up", lambda: [v for _, v in prometheus("up")] == [1.0] * 4)


@pytest.mark.parametrize("expression,value", [
    ('imprint_jobs{state="SUCCEEDED"}', 2),
    ('sum(imprint_queue_depth)', 0),
    ('sum(imprint_train_steps_total)', 12),
    ('sum(imprint_sample_images_total)', 4),
    ('sum(imprint_model_loads_total)', 2),
    ('sum(imprint_rpc_handled_total{method="JobService.CreateTrainingJob",code="OK"})', 1),
    ('count(imprint_disk_free_bytes > 0 and imprint_disk_free_bytes <= imprint_disk_size_bytes)', 2),
    ('count(process_resident_memory_bytes > 0)', 4),
    ('count(imprint_open{what="streams"} <= on(job) imprint_open_limit{what="streams"})', 4),
])
def test_queries_are_answered(prometheus, expression, value):
    wait_for(f"{expression} is {value}: {prometheus(expression)}",
             lambda: [v for _, v in prometheus(expression)] == [value], seconds=20)


def test_stores_are_as_large_as_their_files(prometheus, module_cluster):
    data = module_cluster.folder

    def sizes(*files):
        return [file.stat().st_size for file in files if file.is_file()]

    def blobs():
        return sizes(*(data / "registry" / "blobs").rglob("*"))

    assert blobs()
    for expression, value in [
        ("imprint_blobs", lambda: len(blobs())),
        ("imprint_blob_bytes", lambda: sum(blobs())),
        *((f'imprint_database_bytes{{job="{service}"}}', lambda database=data / service / f"{service}.db":
           sum(sizes(database, database.with_name(f"{database.name}-wal")))) for service in ("registry", "gateway")),
    ]:
        wait_for(expression, lambda: [v for _, v in prometheus(expression)] == [value()], seconds=20)


def test_no_metric_is_by_job(prometheus):
    names = wait_for("metrics", lambda: prometheus('{__name__=~"imprint_.*"}'))
    assert not [m for m, _ in names if any("jobs/" in v for v in m.values())]
