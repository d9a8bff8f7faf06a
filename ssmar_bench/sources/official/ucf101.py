"""UCF101: class names in the order of ``classInd.txt`` (ids from 1), and the sizes of the three official splits.

How many clips each class has is not written here; each part's total is spread evenly where lists are made up.
"""

from __future__ import annotations

from dataclasses import replace

from ssmar_bench.sources.official import PublishedFacts

NAMES = (
    "ApplyEyeMakeup", "ApplyLipstick", "Archery", "BabyCrawling", "BalanceBeam", "BandMarching", "BaseballPitch",
    "Basketball", "BasketballDunk", "BenchPress", "Biking", "Billiards", "BlowDryHair", "BlowingCandles",
    "BodyWeightSquats", "Bowling", "BoxingPunchingBag", "BoxingSpeedBag", "BreastStroke", "BrushingTeeth",
    "CleanAndJerk", "CliffDiving", "CricketBowling", "CricketShot", "CuttingInKitchen", "Diving", "Drumming",
    "Fencing", "FieldHockeyPenalty", "FloorGymnastics", "FrisbeeCatch", "FrontCrawl", "GolfSwing", "Haircut",
    "Hammering", "HammerThrow", "HandstandPushups", "HandstandWalking", "HeadMassage", "HighJump", "HorseRace",
    "HorseRiding", "HulaHoop", "IceDancing", "JavelinThrow", "JugglingBalls", "JumpingJack", "JumpRope", "Kayaking",
    "Knitting", "LongJump", "Lunges", "MilitaryParade", "Mixing", "MoppingFloor", "Nunchucks", "ParallelBars",
    "PizzaTossing", "PlayingCello", "PlayingDaf", "PlayingDhol", "PlayingFlute", "PlayingGuitar", "PlayingPiano",
    "PlayingSitar", "PlayingTabla", "PlayingViolin", "PoleVault", "PommelHorse", "PullUps", "Punch", "PushUps",
    "Rafting", "RockClimbingIndoor", "RopeClimbing", "Rowing", "SalsaSpin", "ShavingBeard", "Shotput",
    "SkateBoarding", "Skiing", "Skijet", "SkyDiving", "SoccerJuggling", "SoccerPenalty", "StillRings",
    "SumoWrestling", "Surfing", "Swing", "TableTennisShot", "TaiChi", "TennisSwing", "ThrowDiscus",
    "TrampolineJumping", "Typing", "UnevenBars", "VolleyballSpiking", "WalkingWithDog", "WallPushups",
    "WritingOnBoard", "YoYo",
)  # fmt: skip
GROUPS_A_CLASS = 25
"""Every class was cut from 25 source videos, ``g01`` to ``g25``."""

SIZES = {1: (9537, 3783), 2: (9586, 3734), 3: (9624, 3696)}
"""Split -> clips to train and to test on."""

FACTS = PublishedFacts(
    names=dict(enumerate(NAMES, start=1)),
    clips={"train": SIZES[1][0], "test": SIZES[1][1]},
    counts={},
    exact=True,
    subjects=GROUPS_A_CLASS * len(NAMES),
    defects=(
        "The folder HandstandPushups holds files called v_HandStandPushups_*.avi.",
        "Clips of one group (g01 to g25 of a class) are cut from one source video; no official split parts them.",
    ),
)

VARIANTS = {split: replace(FACTS, clips={"train": train, "test": test}) for split, (train, test) in SIZES.items()}
