"""A plugin of one file that learns from two teachers, which somebody has trained before."""

PLUGIN = '''\
"""Distils from two trained teachers."""

from torch.nn import functional

from ssmar_bench.algorithms.shared.student import Student
from ssmar_bench.core.contract import HyperParameters, Losses, View, Views

METHOD_CONFIG = """
name: two-teachers
label: Two teachers
citation: nobody, nowhere
algorithm: two-teachers
hyperparameters:
  first: {value: "same@none", source: "ours"}
  others: {value: ["micro-tsm-narrow@none"], source: "ours"}
deviations: []
"""


class TwoTeachers(Student):
    class Config(HyperParameters):
        first: str
        others: tuple[str, ...]

    revision = 1

    def __init__(self, context, config):
        super().__init__(context, config)
        self.first = context.network("first teacher", config.first).requires_grad_(False)
        self.second = context.network("second teacher", config.others[0]).requires_grad_(False)

    def further_networks(self):
        return (self.config.first, *self.config.others)

    def views(self):
        return Views({"weak": View("weak")}, {"weak": View("weak")})

    def loss(self, batch, progress):
        x, u = batch.labelled, batch.unlabelled
        clips = u.clips["weak"]
        taught = (self.first(clips).logits.softmax(1) + self.second(clips).logits.softmax(1)) / 2
        labelled = functional.cross_entropy(self.network(x.clips["weak"]).logits, x.label)
        return Losses({"labelled": labelled, "taught": functional.cross_entropy(self.network(clips).logits, taught)})

    def further_predictions(self, clips):
        return {"first": self.first(clips).logits, "second": self.second(clips).logits}
'''
