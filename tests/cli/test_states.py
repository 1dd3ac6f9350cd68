"""A concept that somebody takes out of use, from the command line, to the end of its pictures."""

from conftest import RIGHTS
from processes import PIP


def test_a_version_is_blocked_unblocked_and_deleted(taught):
    draw = ["draw", "--prompt", "<pip> in space", "--steps", 1]
    taught(*draw, "--out", "before")
    drawn = taught("--json", "image-sets", "list").event("image_set")["name"]

    assert "--reason" in taught("embeddings", "block", "pip", code=2).err
    said = taught("embeddings", "block", "pip", "--reason", "a guardian has asked").out
    assert "concepts/pip/embeddings/1: a guardian has asked" in said
    shown = taught("embeddings", "show", "pip").out
    assert "blocked" in shown and "a guardian has asked" in shown
    refused = taught(*draw, "--out", "blocked", code=1).err
    assert "concepts/pip/embeddings/1 is blocked: a guardian has asked" in refused
    assert list((taught.folder / "blocked").glob("*")) == []
    taught("embeddings", "export", "pip", "--out", "blocked.safetensors", code=1)
    assert not (taught.folder / "blocked.safetensors").exists()

    taught("embeddings", "unblock", "pip/1")
    taught(*draw, "--out", "after")

    deleted = taught("--json", "embeddings", "delete", "pip").event("deleted")
    assert deleted["name"] == "concepts/pip/embeddings/1" and drawn in deleted["image_sets"]
    assert "deleted" in taught("embeddings", "show", "pip/1").out
    assert "pip" not in taught("embeddings", "list").out


def test_what_was_taught_from_pictures_is_named_when_they_are_deleted(taught):
    taught("teach", PIP, "--word", "mascot", "--token", "<kip>", "--steps", 1, *RIGHTS)
    name = taught("--json", "references", "list").events("references")[0]["name"]
    deleted = taught("references", "delete", name)
    assert "concepts/kip/embeddings/1" in deleted.out and "embeddings block or delete" in deleted.out
    shown = taught("embeddings", "show", "kip").out
    assert "Apache-2.0" in shown and "Imprint" in shown, "the rights of the pictures outlive them"
