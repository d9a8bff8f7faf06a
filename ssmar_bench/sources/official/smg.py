"""SMG: ids as ``finelabels.csv`` writes them (1..17), with counts by the official parts of subjects."""

from __future__ import annotations

from ssmar_bench.sources.official import PublishedFacts

# id, name, train (subjects 1-30), val (31-35), test (36-40)
TABLE = (
    (1, "Turtling neck and shoulder", 40, 3, 13),
    (2, "Rubbing eyes and forehead", 48, 0, 3),
    (3, "Folding arms", 175, 7, 15),
    (4, "Touching or covering suprasternal notch", 9, 0, 2),
    (5, "Moving legs", 720, 384, 49),
    (6, "Touching or scratching neck", 21, 2, 1),
    (7, "Folding arms behind body", 101, 22, 3),
    (8, "Rubbing hands and crossing finger", 249, 6, 191),
    (9, "Arms akimbo", 724, 156, 243),
    (10, "Crossing legs", 11, 5, 34),
    (11, "Scratching some part of body", 14, 2, 8),
    (12, "Scratching or touching facial parts other than eyes", 167, 23, 30),
    (13, "Playing or adjusting hair", 41, 19, 4),
    (14, "Holding arms", 63, 1, 5),
    (15, "Pulling shirt collar", 11, 0, 0),
    (16, "Playing with jewelry, and manipulating other objects", 19, 2, 0),
    (17, "Illustrative hand gestures", 39, 5, 9),
)

SUBJECTS = {"train": range(1, 31), "val": range(31, 36), "test": range(36, 41)}
"""Part -> numbers of the samples, one subject each."""

FACTS = PublishedFacts(
    names={row[0]: row[1] for row in TABLE},
    clips={"train": 2452, "val": 637, "test": 610},
    counts={
        "train": {row[0]: row[2] for row in TABLE},
        "val": {row[0]: row[3] for row in TABLE},
        "test": {row[0]: row[4] for row in TABLE},
    },
    exact=True,
    subjects=40,
    defects=("The paper counts 3,692 clips, the files hold 3,699.",),
)
