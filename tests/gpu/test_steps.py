"""How a GPU is kept at work between steps. Without a GPU it skips, with the reason."""

import numpy as np

from gpu_engine import Taught, draw

GPU = ("--device", "cuda")


def test_the_gpu_is_asked_for_losses_only_now_and_then(tmp_path):
    taught = Taught(tmp_path / "out", *GPU, "--precision", "fp32", "--checkpoint-every", 0)
    assert [s["step"] for s in taught.steps] == [10, 20]
    assert len(taught.losses) == 20


def test_a_graph_computes_what_starting_every_kernel_does(gpu, tmp_path):
    # fp16 looks at every gradient, and records none.
    for name in set(gpu["precisions"]) - {"fp16"}:
        for batch in (1, 3):
            options = (*GPU, "--precision", name, "--batch", batch, "--accumulation", 2)
            plain = Taught(tmp_path / f"{name}-{batch}-plain", *options)
            graph = Taught(tmp_path / f"{name}-{batch}-graph", *options, "--cuda-graph")
            assert np.array_equal(graph.vectors, plain.vectors), (name, batch)
            assert graph.losses == plain.losses
            assert (graph.result["graphs"], plain.result["graphs"]) == (1, 0)


def test_a_graph_draws_what_starting_every_kernel_does(gpu, tmp_path):
    for name in set(gpu["precisions"]) - {"fp16"}:
        for batch in (1, 3, 4):  # of four pictures; batches of three and of one share a drawing
            options = (*GPU, "--precision", name, "--batch", batch)
            plain = draw(tmp_path / f"{name}-{batch}-plain", *options)
            graph = draw(tmp_path / f"{name}-{batch}-graph", *options, "--cuda-graph")
            assert np.array_equal(graph, plain), (name, batch)


def test_gradient_checkpointing_changes_nothing_with_and_without_a_graph(tmp_path):
    plain = Taught(tmp_path / "plain", *GPU)
    for more in ((), ("--cuda-graph",)):
        ours = Taught(tmp_path / f"checkpointing{len(more)}", *GPU, "--gradient-checkpointing", *more)
        assert np.array_equal(ours.vectors, plain.vectors), more
