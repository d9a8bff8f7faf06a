"""iMiGUE: ids as its label files write them (1..31, and 99 for illustrative body language).

The totals follow from percentages that the owners publish, rounded; the counts of the MiGA challenge's train and
validation parts are counted. Official parts are by subject (``TRAIN_SUBJECTS``, ``TEST_SUBJECTS``).
"""

from __future__ import annotations

from ssmar_bench.sources.official import PublishedFacts

# id, name, total (approximate), MiGA train + validation, MiGA validation
TABLE = (
    (1, "Turtle neck", 15, 10, 0),
    (2, "Bulging face, deep breath", 514, 418, 25),
    (3, "Touching hat", 44, 39, 1),
    (4, "Touching or scratching head", 272, 207, 8),
    (5, "Touching or scratching forehead", 91, 80, 0),
    (6, "Covering face", 31, 23, 0),
    (7, "Rubbing eyes", 91, 64, 7),
    (8, "Touching or scratching facial parts", 1134, 858, 34),
    (9, "Touching ears", 131, 87, 7),
    (10, "Biting nails", 6, 3, 0),
    (11, "Touching jaw", 453, 302, 18),
    (12, "Touching or scratching neck", 198, 154, 17),
    (13, "Playing or adjusting hair", 141, 97, 0),
    (14, "Buckle button, pulling shirt collar, adjusting tie", 70, 41, 0),
    (15, "Touching or covering suprasternal notch", 44, 28, 2),
    (16, "Scratching back", 30, 27, 3),
    (17, "Folding arms", 405, 322, 18),
    (18, "Dustoffing clothes", 131, 83, 1),
    (19, "Putting arms behind body", 2, 2, 1),
    (20, "Moving torso", 1217, 942, 55),
    (21, "Sitting straightly", 228, 170, 13),
    (22, "Scratching or touching arms", 527, 373, 13),
    (23, "Rubbing or holding hands", 1036, 657, 1),
    (24, "Crossing fingers", 888, 700, 10),
    (25, "Minaret gesture", 20, 11, 0),
    (26, "Playing or manipulating objects", 429, 287, 7),
    (27, "Hold back arms", 100, 87, 3),
    (28, "Head up", 100, 60, 0),
    (29, "Pressing lips", 1547, 1237, 82),
    (30, "Arms akimbo", 7, 6, 0),
    (31, "Shaking shoulders", 2880, 2272, 193),
    (99, "Illustrative body language", 5716, 4023, 258),
)

GROUPS = {
    "body": (20, 21, 31), "head": (1, 2, 28, 29), "hand": (22, 23, 24, 25, 26, 27, 30), "body-hand": range(12, 20),
    "head-hand": range(3, 12), "illustrative": (99,),
}  # fmt: skip

TRAIN_SUBJECTS = frozenset({
    2, 4, 5, 6, 9, 10, 12, 13, 14, 15, 17, 18, 20, 21, 22, 23, 25, 28, 29, 30, 31, 35, 36, 38, 39, 41, 42, 43, 44, 46,
    47, 48, 52, 53, 59, 61, 62,
})  # fmt: skip
TEST_SUBJECTS = frozenset(range(1, 73)) - TRAIN_SUBJECTS

MIGA_VALIDATION = (1, 2, 3, 4, 6, 7, 8, 9, 10, 11)
"""The videos of the MiGA challenge's validation part."""

OUTSIDE_MIGA = (218, 319, 347, 348)
"""Videos of the full release that no part of the MiGA challenge holds."""

RATE = 25.0
"""Frames a second of every video."""

_TEST_CLIPS, _CLIPS = 4563, 18499


def _cross_subject() -> dict[str, dict[int, int]]:
    """Official parts: totals minus MiGA's train and validation, brought to the size of the official test part."""
    rest = {row[0]: row[2] - row[3] for row in TABLE}
    exact = {label: count * _TEST_CLIPS / sum(rest.values()) for label, count in rest.items()}
    test = {label: int(count) for label, count in exact.items()}
    for label in sorted(exact, key=lambda k: (test[k] - exact[k], k))[: _TEST_CLIPS - sum(test.values())]:
        test[label] += 1
    return {"train": {row[0]: row[2] - test[row[0]] for row in TABLE}, "test": test}


FACTS = PublishedFacts(
    names={row[0]: row[1] for row in TABLE},
    clips={"train": _CLIPS - _TEST_CLIPS, "test": _TEST_CLIPS},
    counts=_cross_subject(),
    exact=False,
    subjects=72,
    groups={label: group for group, labels in GROUPS.items() for label in labels},
    defects=(
        "Video 85 (a training subject) is in MiGA's test part and video 86 (a test subject) in its train part.",
        "The videos 218, 319, 347 and 348 are in no part of the MiGA challenge; 347 and 348 have empty skeletons.",
        "MiGA's validation part shares its five subjects with its train part.",
        "The labels of MiGA's test part are hidden.",
    ),
)

MIGA_FACTS = PublishedFacts(
    names=FACTS.names,
    clips={"miga-train": 12893, "miga-val": 777, "miga-test": 4562},
    counts={"miga-train": {row[0]: row[3] - row[4] for row in TABLE}, "miga-val": {row[0]: row[4] for row in TABLE}},
    exact=True,
    subjects=72,
    groups=FACTS.groups,
    defects=FACTS.defects,
)
"""The same for the MiGA challenge's release."""

VARIANTS = {"miga": MIGA_FACTS, "miga-2025": MIGA_FACTS}
