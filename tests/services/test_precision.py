"""What a job computes in is known once a node has it, and is the best that this node has."""

from cluster import Cluster, api
from processes import wait_for


def test_a_set_from_before_any_sampler_is_drawn_in_what_the_first_one_prefers(tmp_path):
    v1 = api()

    def samplers():
        return cluster.jobs.ListNodes(v1.ListNodesRequest(), timeout=10).nodes

    with Cluster(tmp_path, trainers=0) as cluster:
        cluster.add_model()
        wait_for("the sampler is known", samplers)
        preferred = samplers()[0].precisions[0]
        cluster.sampler.kill()
        wait_for("it is missed", lambda: not any(node.alive for node in samplers()))

        job = cluster.jobs.CreateImageSetJob(v1.CreateImageSetJobRequest(
            spec=cluster.image_set(embeddings=[], prompts=["a mascot"], seeds=[1], steps=2)), timeout=30)
        assert job.image_set.precision == "auto"
        cluster.sampler.start()
        done = cluster.finish(job)
        assert done.state == v1.JOB_STATE_SUCCEEDED, (done, cluster.log_text())
        assert done.image_set.precision == preferred
