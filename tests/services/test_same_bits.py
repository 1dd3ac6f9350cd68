"""Every program that computes runs MKL in its reproducible mode (engine/torch/same_bits.h): MKL_VERBOSE shows the
mode of each call, and whether MKL may change the number of threads."""

import os
import re
import subprocess

import pytest

from cluster import Cluster, api
from processes import BIN, MODEL, PIP


@pytest.fixture
def mkl_log(tmp_path, monkeypatch):
    monkeypatch.setenv("MKL_VERBOSE", "1")
    monkeypatch.setenv("MKL_VERBOSE_OUTPUT_FILE", str(tmp_path / "mkl.log"))
    monkeypatch.delenv("MKL_CBWR", raising=False)
    return tmp_path / "mkl.log"


# MKL's threads write into one file without waiting for each other: a line in a thousand lacks or doubles letters.
WHOLE_LINE = re.compile(r"^MKL_VERBOSE SGEMM\([^)]*\) [\d.]+[a-z]+ CNR:(\w+) Dyn:(\d) FastMM:\d TID:\d+ +NThr:\d+$",
                        re.MULTILINE)


def modes(log):
    text = log.read_text()
    lines = re.findall(r"SGEMM\(", text)
    assert lines, "fp32 matrices are no longer multiplied by MKL"
    whole = WHOLE_LINE.findall(text)
    assert len(whole) >= 0.95 * len(lines), "MKL writes its lines in another form"
    return set(whole)


@pytest.mark.parametrize("asked,mode", [(None, "AUTO"), ("COMPATIBLE", "COMPATIBLE")])
def test_the_engine(mkl_log, tmp_path, asked, mode):
    subprocess.run([BIN / "imprint-engine", "teach", PIP, "--model", MODEL, "--class", "mascot", "--steps", "1",
                    "--out", tmp_path / "out"], check=True, capture_output=True,
                   env={**os.environ, "IMPRINT_THREADS": "2", **({"MKL_CBWR": asked} if asked else {})})
    assert modes(mkl_log) == {(mode, "0")}


def test_ranks(mkl_log, tmp_path):
    with Cluster(tmp_path, samplers=0) as cluster:
        cluster.add_model()
        cluster.add_references()
        job = cluster.jobs.CreateTrainingJob(api().CreateTrainingJobRequest(spec=cluster.training(steps=1)))
        assert cluster.finish(job).state == api().JOB_STATE_SUCCEEDED, cluster.log_text()
    assert modes(mkl_log) == {("AUTO", "0")}


def test_samplers(mkl_log, tmp_path):
    with Cluster(tmp_path, trainers=0) as cluster:
        cluster.add_model()
        spec = cluster.image_set(embeddings=[], prompts=["a mascot"], seeds=[1], steps=1)
        job = cluster.jobs.CreateImageSetJob(api().CreateImageSetJobRequest(spec=spec))
        assert cluster.finish(job).state == api().JOB_STATE_SUCCEEDED, cluster.log_text()
    assert modes(mkl_log) == {("AUTO", "0")}
