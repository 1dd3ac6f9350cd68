"""Pictures that a GPU draws again from their record. Without a GPU it skips, with the reason."""

from gpu_engine import attempt, draw, run


def test_each_picture_alone_is_what_it_was_among_others(gpu, tmp_path):
    """At the place that its position gives it: at another one kernels may round differently."""
    for name in gpu["precisions"]:
        for how in [()] if name == "fp16" else [(), ("--cuda-graph",)]:
            folder = tmp_path / f"{name}{len(how)}"
            # Four pictures in batches of three: the last one has two empty places beside it.
            draw(folder, "--device", "cuda", "--precision", name, "--batch", 3, "--exact", *how)
            pictures = sorted(folder.glob("*.png"))
            assert len(pictures) == 4
            for picture in pictures:
                (alone,) = attempt("redraw", folder, "--picture", picture.name).events("picture")
                assert alone["same"], (name, how, picture.name, alone["comparison"])
            assert run("redraw", folder).event("result")["same"] == 4
