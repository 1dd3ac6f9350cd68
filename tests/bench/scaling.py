"""How long a step takes on some number of ranks: the model of docs/scaling.md.

    step(r) = begin + sample x ceil(samples / r) + sum(r)
    sum(r)  = 2 (r - 1) (latency + bytes / (r x bandwidth))

A step's samples are shared; what every rank does alone (text encoder, optimizer, launching kernels) is not.
The sum is a ring's: each of 2 (r - 1) rounds sends an r-th of the gradient.
"""

import dataclasses
import math


@dataclasses.dataclass
class Step:
    begin: float  # seconds that no sharing shortens
    sample: float  # seconds of a sample
    samples: int  # of a step
    bytes: int  # of the gradient
    latency: float  # seconds of a message
    bandwidth: float  # bytes a second

    def sum_seconds(self, ranks):
        return 2 * (ranks - 1) * (self.latency + self.bytes / (ranks * self.bandwidth))

    def seconds(self, ranks):
        return self.begin + self.sample * math.ceil(self.samples / ranks) + self.sum_seconds(ranks)

    def efficiency(self, ranks):
        """Speed-up by rank: 1 is all that could be."""
        return self.seconds(1) / (ranks * self.seconds(ranks))


def gradient_bytes(vectors, width):
    """The gradient, the loss and whether somebody was told to stop."""
    return 4 * (vectors * width + 2)


if __name__ == "__main__":
    # An assumed GPU: 40 ms a sample at 512 x 512, 15 ms of what is not shared; 30 µs a message.
    print("samples  vectors  ranks  step ms  efficiency")
    for samples, vectors in ((4, 1), (16, 1), (64, 1), (64, 16)):
        step = Step(0.015, 0.040, samples, gradient_bytes(vectors, 768), 30e-6, 10e9)
        for ranks in (1, 2, 4, 8, 16, 32, 64):
            if ranks <= samples:
                print(f"{samples:7d}  {vectors:7d}  {ranks:5d}  {1000 * step.seconds(ranks):7.1f}  "
                      f"{step.efficiency(ranks):10.2f}")
