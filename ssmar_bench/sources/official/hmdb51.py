"""HMDB51: class names in the order of their folders (ids from 0), and the sizes of the three official splits."""

from __future__ import annotations

from ssmar_bench.sources.official import PublishedFacts

NAMES = (
    "brush_hair", "cartwheel", "catch", "chew", "clap", "climb", "climb_stairs", "dive", "draw_sword", "dribble",
    "drink", "eat", "fall_floor", "fencing", "flic_flac", "golf", "handstand", "hit", "hug", "jump", "kick",
    "kick_ball", "kiss", "laugh", "pick", "pour", "pullup", "punch", "push", "pushup", "ride_bike", "ride_horse",
    "run", "shake_hands", "shoot_ball", "shoot_bow", "shoot_gun", "sit", "situp", "smile", "smoke", "somersault",
    "stand", "swing_baseball", "sword", "sword_exercise", "talk", "throw", "turn", "walk", "wave",
)  # fmt: skip
TRAIN, TEST = 70, 30
"""Clips of every class that each split trains and tests on; the others are unused."""

FACTS = PublishedFacts(
    names=dict(enumerate(NAMES)),
    clips={"train": TRAIN * len(NAMES), "test": TEST * len(NAMES)},
    counts={
        "train": dict.fromkeys(range(len(NAMES)), TRAIN),
        "test": dict.fromkeys(range(len(NAMES)), TEST),
    },
    exact=True,
    defects=("Its web page counts 6,849 clips, others 6,766; a split uses 5,100 of them.",),
)
