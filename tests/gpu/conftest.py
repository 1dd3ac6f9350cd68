import pytest

import gpu_engine


@pytest.fixture(scope="module", autouse=True)
def gpu():
    """What the first GPU is. Without one, every test is skipped."""
    found = gpu_engine.gpus()
    if not found:
        pytest.skip("this machine has no GPU")
    assert found[0]["usable"], found[0]["reason"]
    return found[0]
