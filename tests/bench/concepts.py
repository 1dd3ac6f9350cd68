"""concepts: how well, how long and how large the six example characters are learned, against PyTorch.

Peer: lean PyTorch (see teach-step) with the recipe that the demo model was measured with: one vector from
"mascot", AdamW, learning rate 1e-2, batch 4, 200 steps, mirrored pictures. Ours: imprint-engine's
defaults, but for captions. Both get the same captions, and both are drawn by imprint-engine with the
same prompts and seeds, so that only what was learned differs. A training's CLIP-I moves by some .03
with its seed, so a single character's goal is .95 of the peer's; that of all six is 1. CLIP-I is the mean similarity with the picture that was held
back; every figure is a mean over SEEDS trainings.
"""

import statistics
import tempfile

from harness import CAPTIONS, CONCEPTS, NAMES, RESULTS, Row, captions, engine, report, \
    result_of, seconds
from trainers import CLASS_WORD, LeanPyTorch

import torch
from safetensors.torch import load_file, save_file

SEEDS = 3
STEPS = 200
PROMPTS = ("a photo of {}", "{} in the snow", "{} in space", "{} at sunset", "{} in a classroom",
           "{} on a red background", "a picture of {}", "{} at the beach")
DRAWN = ("--seeds", "1-2", "--guidance", "4", "--no-safety-check", "--no-sheet")


def prompts(word):
    return [part for prompt in PROMPTS for part in ("--prompt", prompt.format(word))]


def clip_i(name, word, folder, *embedding):
    """CLIP-I of pictures with `word` against the held-back picture of the concept."""
    engine("draw", *prompts(word), *DRAWN, *embedding, "--out", f"{folder}/pictures")
    scored = engine("score", f"{folder}/pictures", "--against", CONCEPTS / name / "validation")
    return result_of(scored)["clip_i"]


def judge(name, folder):
    rows = load_file(f"{folder}/learned_embeds.safetensors")[f"<{name}>"]
    return {"clip_i": clip_i(name, f"<{name}>", folder, "--embedding", folder),
            "norm": rows.norm(dim=-1).mean().item()}


def ours(name, seed):
    with tempfile.TemporaryDirectory() as folder:
        taught = result_of(engine(
            "teach", CONCEPTS / name / "images", "--class", CLASS_WORD, "--token", f"<{name}>",
            "--templates", CAPTIONS, "--steps", STEPS, "--seed", seed, "--out", folder))
        return {**judge(name, folder), "seconds": taught["seconds_per_step"] * STEPS}


def peer(name, seed):
    torch.manual_seed(seed)
    trainer = LeanPyTorch(CONCEPTS / name / "images", captions())
    spent = seconds(lambda: [trainer.step() for _ in range(STEPS)])
    with tempfile.TemporaryDirectory() as folder:
        save_file({f"<{name}>": trainer.row.detach()[None]},
                  f"{folder}/learned_embeds.safetensors")
        return {**judge(name, folder), "seconds": spent}


def class_word(name):
    with tempfile.TemporaryDirectory() as folder:
        return clip_i(name, CLASS_WORD, folder)


def mean(runs, field):
    return statistics.mean(run[field] for run in runs)


def plot(baseline, theirs, mine):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 3.6), layout="constrained")
    for i, (label, color, runs) in enumerate((
            ('"mascot", before teaching', "#b8bec6", baseline),
            ("plain PyTorch", "#e0a458", theirs), ("Imprint", "#2a6f97", mine))):
        values = [runs[name] if label.startswith('"') else mean(runs[name], "clip_i")
                  for name in NAMES]
        places = [k + (i - 1) * 0.27 for k in range(len(NAMES))]
        axes.bar(places, values, 0.26, label=label, color=color)
        if i > 0:
            for place, name in zip(places, NAMES):
                axes.plot([place] * SEEDS, [run["clip_i"] for run in runs[name]], ".", ms=4,
                          color="#00000090")
    axes.axhline(0, color="#404040", lw=0.8)
    axes.set_xticks(range(len(NAMES)), NAMES)
    axes.set_ylabel("CLIP-I, held-back picture")
    axes.set_title(f"Six characters, {SEEDS} trainings each (dots: each training)", fontsize=10)
    axes.legend(ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.1), frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(RESULTS / "concepts.png", dpi=110)


if __name__ == "__main__":
    baseline = {name: class_word(name) for name in NAMES}
    mine = {name: [] for name in NAMES}
    theirs = {name: [] for name in NAMES}
    for name in NAMES:
        for seed in range(1, SEEDS + 1):
            mine[name].append(ours(name, seed))
            theirs[name].append(peer(name, seed))
        print(f"{name}: {mean(mine[name], 'clip_i'):.3f}, plain PyTorch "
              f"{mean(theirs[name], 'clip_i'):.3f}, {CLASS_WORD} {baseline[name]:.3f}", flush=True)
    all_mine, all_theirs = sum(mine.values(), []), sum(theirs.values(), [])
    rows = [Row(f"{name}: CLIP-I", "cosine", mean(mine[name], "clip_i"),
                mean(theirs[name], "clip_i"), 0.95, less_is_better=False) for name in NAMES]
    rows += [
        Row("all six: CLIP-I", "cosine", mean(all_mine, "clip_i"), mean(all_theirs, "clip_i"), 1.0,
            less_is_better=False),
        Row("length of the vector", "norm", mean(all_mine, "norm"), mean(all_theirs, "norm"), 1.0),
        Row("teaching, 200 steps", "s", mean(all_mine, "seconds"), mean(all_theirs, "seconds"), 1.0),
    ]
    report("concepts", rows)
    plot(baseline, theirs, mine)
    print(f"plot: {RESULTS / 'concepts.png'}")
