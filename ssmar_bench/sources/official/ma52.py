"""MA-52: ids as ``label_name.txt`` writes them, with the counts of the official train and validation lists.

The test labels are hidden; the last column is what the owners' totals leave for them.
"""

from __future__ import annotations

from ssmar_bench.sources.official import PublishedFacts

# id, name, train, val, test (derived)
TABLE = (
    (0, "shaking body", 309, 153, 153),
    (1, "sitting straightly", 150, 74, 74),
    (2, "shrugging", 20, 9, 9),
    (3, "turning around", 9, 3, 3),
    (4, "rising up", 156, 76, 76),
    (5, "bowing head", 337, 168, 168),
    (6, "head up", 242, 121, 121),
    (7, "tilting head", 456, 228, 228),
    (8, "turning head", 962, 480, 480),
    (9, "nodding", 1283, 641, 641),
    (10, "shaking head", 1193, 595, 595),
    (11, "scratching arms", 227, 112, 112),
    (12, "playing objects", 112, 56, 56),
    (13, "putting hands together", 95, 47, 47),
    (14, "rubbing hands", 42, 21, 21),
    (15, "pointing oneself", 82, 41, 41),
    (16, "clenching fist", 76, 37, 37),
    (17, "stretching arms", 355, 176, 176),
    (18, "retracting arms", 87, 43, 43),
    (19, "waving", 277, 138, 138),
    (20, "spreading hands", 147, 73, 73),
    (21, "hands touching fingers", 356, 177, 177),
    (22, "other finger movements", 373, 186, 186),
    (23, "illustrative gestures", 397, 197, 197),
    (24, "shaking legs", 238, 119, 119),
    (25, "curling legs", 66, 33, 33),
    (26, "spread legs", 92, 46, 46),
    (27, "closing legs", 97, 48, 48),
    (28, "crossing legs", 60, 30, 30),
    (29, "stretching feet", 231, 115, 115),
    (30, "retracting feet", 259, 128, 128),
    (31, "tiptoe", 398, 198, 198),
    (32, "scratching or touching neck", 63, 30, 30),
    (33, "scratching or touching chest", 82, 40, 40),
    (34, "scratching or touching back", 53, 25, 25),
    (35, "scratching or touching shoulder", 33, 16, 16),
    (36, "arms akimbo", 43, 21, 21),
    (37, "crossing arms", 43, 20, 20),
    (38, "playing or tidying hair", 89, 44, 44),
    (39, "scratching or touching hindbrain", 82, 40, 40),
    (40, "scratching or touching forehead", 58, 28, 28),
    (41, "scratching or touching face", 126, 63, 63),
    (42, "rubbing eyes", 66, 33, 33),
    (43, "touching nose", 147, 72, 72),
    (44, "touching ears", 52, 25, 25),
    (45, "covering face", 6, 2, 2),
    (46, "covering mouth", 25, 12, 12),
    (47, "pushing glasses", 68, 34, 34),
    (48, "patting legs", 421, 209, 209),
    (49, "touching legs", 497, 248, 248),
    (50, "scratching legs", 92, 45, 45),
    (51, "scratching feet", 20, 10, 10),
)

GROUPS = {
    "body": range(5), "head": range(5, 11), "upper limb": range(11, 24), "lower limb": range(24, 32),
    "body-hand": range(32, 38), "head-hand": range(38, 48), "leg-hand": range(48, 52),
}  # fmt: skip

HIDDEN_COUNTS = {row[0]: row[4] for row in TABLE}
"""Class id -> test clips, as the totals leave them; no list says which ones they are."""

FACTS = PublishedFacts(
    names={row[0]: row[1] for row in TABLE},
    clips={"train": 11250, "val": 5586, "test": 5586},
    counts={"train": {row[0]: row[2] for row in TABLE}, "val": {row[0]: row[3] for row in TABLE}},
    exact=True,
    subjects=205,
    groups={label: group for group, labels in GROUPS.items() for label in labels},
    defects=(
        (
            "The names of ids 3 (turning around) and 4 (rising up) are swapped either in label_name.txt or in the "
            "owners' figure: the lists hold 12 and 232 clips of them, the figure counts 308 and 15."
        ),
        "The train and validation parts share all their subjects (186 of the 205).",
        "The labels of the test part are hidden: its list says 0 for every clip.",
    ),
)
