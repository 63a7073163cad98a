"""The steps of the chain, each from the files that the one before it left."""

import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from nlp.analyser import WEIGHTS, Analyser
from nlp.backends import onnx_backend, torch_backend
from nlp.calibration import Calibration
from nlp.encode import load_tokenizer
from nlp.forward import Model
from nlp.training import base, data, distill, evaluate, export, train, trainee
from nlp.training.compare import compare
from nlp.training.config import CORPORA, CURVE, LEFT_OUT, STUDENT, TEACHER, TWEETS, Config, Stage
from nlp.training.evaluate import Figures
from nlp.training.losses import collate
from nlp.training.metrics import interval, macro_f1

_YARDSTICK = "rusentitweet"
_HEADS = 12


class Chain:
    """Corpora in ``folder``, checkpoints in ``work``, one folder a stage."""

    def __init__(self, folder: Path, work: Path, wheels: Path | None, config: Config) -> None:
        self.folder, self.work, self.wheels, self.config = folder, work, wheels, config

    @cached_property
    def _base(self) -> Path:
        return base.build(data.all_texts(self.folder), self.work, self.wheels)

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        return load_tokenizer(self._base / "tokenizer.json")

    @cached_property
    def _split(self) -> data.Split:
        return data.load(self.folder, self._tokenizer, self.config)

    def _network(self, stage: Stage) -> Path:
        return self.work / stage.name / "network.pt"

    def _load(self, stage: Stage) -> trainee.Trainee:
        path = self._network(stage)
        network = trainee.load(path, self._base, stage.layers, self.config.dropout)
        return network.to(train.device())

    def _train(self, network: trainee.Trainee, stage: Stage, split: data.Split) -> trainee.Trainee:
        folder = self.work / stage.name
        return train.train(network, split, self._tokenizer, folder, stage, self.config)

    def corpora(self) -> None:
        """Twelve layers of the base through all corpora once."""
        if not self._network(CORPORA).exists():
            start = trainee.from_base(self._base, CORPORA.layers, self.config.dropout)
            self._train(start, CORPORA, self._split)

    def teacher(self) -> None:
        """The same network through the labelled texts, again and again."""
        if not self._network(TEACHER).exists():
            self._train(self._load(CORPORA), TEACHER, self._split)

    @cached_property
    def _lessons(self) -> data.Split:
        """What students read, with what the teacher says of it."""
        split = data.Split(dict(self._split.train), self._split.dev)
        for example in data.unlabelled(self.folder, self._tokenizer, self.config, 10_000):
            split.train.setdefault(example.source, []).append(example)
        split = distill.pool(split, STUDENT.quotas, self.config)
        path = self.work / "student" / "taught.npz"
        return distill.taught(split, self._load(TEACHER), self.config, path)

    def _learn(self, stage: Stage) -> None:
        if not self._network(stage).exists():
            teacher = self._load(TEACHER)
            start = trainee.from_teacher(teacher, self._base, stage.layers, self.config.dropout)
            self._train(start, stage, self._lessons)

    def student(self) -> None:
        """Half the teacher's layers, on labels and on what the teacher says."""
        self._learn(STUDENT)

    def curve(self) -> None:
        """Short students of several depths, to see what a layer is worth."""
        for stage in CURVE:
            self._learn(stage)

    def left_out(self) -> None:
        """A network without the corpus of the public yardstick."""
        if not self._network(LEFT_OUT).exists():
            split = data.load(self.folder, self._tokenizer, self.config, without=(_YARDSTICK,))
            start = trainee.from_base(self._base, LEFT_OUT.layers, self.config.dropout)
            self._train(start, LEFT_OUT, split)

    def _int8(self, stage: Stage, folder: Path) -> tuple[Model, Calibration]:
        """A stage as int8 weights with their calibration, in ``folder``."""
        chance = np.random.default_rng(self.config.seed)
        rows = [row for own in self._split.train.values() for row in own]
        sample = [rows[number].window for number in chance.choice(len(rows), 2000)]
        settings = export.write(self._network(stage), self._base, sample, folder)
        model = Model(self._tokenizer, onnx_backend(folder, None))
        return model, export.calibrate(self._split.dev, settings, model)

    def export(self) -> None:
        """The student as int8 weights with its calibration, into the package."""
        folder = self.work / "export"
        _, settings = self._int8(STUDENT, folder)
        settings.write(folder / "model.json")
        shutil.copytree(folder, WEIGHTS, dirs_exist_ok=True)

    def evaluate(self) -> None:
        """Live figures of the shipped weights, into ``evaluation.json`` and the card."""
        evaluate.write("live", evaluate.live(self.folder))

    def record(self) -> None:
        """What only the training run can show: float32, the teacher, the public yardstick."""
        measured: dict[str, Callable[[], Figures]] = {
            "student, float32": lambda: self._figures(STUDENT),
            "teacher, float32": lambda: self._figures(TEACHER),
            "RuSentiTweet, 5 classes": lambda: {
                "student": self._tweets(STUDENT),
                "teacher": self._tweets(TEACHER),
            },
            "RuSentiTweet left out": self._left_out,
            "curve": self._curve,
        }
        # What was recorded of these very weights is not measured again.
        found = evaluate.recorded()
        for name, measure in measured.items():
            if name not in found:
                found[name] = measure()
                evaluate.write("recorded", found)

    def _figures(self, stage: Stage) -> Figures:
        state = torch.load(self._network(stage), weights_only=True, map_location="cpu")
        whole = {name: value.float().numpy() for name, value in trainee.shipped(state).items()}
        settings = Calibration(layers=stage.layers, heads=_HEADS)
        model = Model(self._tokenizer, torch_backend(whole, settings, None))
        settings = export.calibrate(self._split.dev, settings, model)
        analyser = Analyser(model, settings, stage.name)
        dev = data.read_jsonl(self.folder / "touchpoints_dev.jsonl")
        return {
            "tone": evaluate.tones(self._split.dev, model, settings),
            "targets": evaluate.targets(self._split.dev, model, settings),
            "touchpoints_dev": evaluate.labelled(dev, analyser),
            "demo": evaluate.labelled(data.read_jsonl(evaluate.DEMO), analyser),
        }

    def _curve(self) -> Figures:
        """Depth against quality and speed, all int8: teacher, student, and the short students."""
        self.curve()
        return {stage.name: self._depth(stage) for stage in (TEACHER, STUDENT, *CURVE)}

    def _depth(self, stage: Stage) -> Figures:
        model, settings = self._int8(stage, self.work / stage.name / "int8")
        analyser = Analyser(model, settings, stage.name)
        found: Figures = {"layers": stage.layers, "passes": stage.passes}
        for name, path in (("dev", self.folder / "touchpoints_dev.jsonl"), ("demo", evaluate.DEMO)):
            rows = data.read_jsonl(path)
            started = time.perf_counter()
            figures = compare(rows, analyser)
            found[f"{name}_texts_per_s"] = len(rows) / (time.perf_counter() - started)
            found |= {f"{name}_{key}": figures[key] for key in ("tone_accuracy", "pairs_f1")}
        return found

    def _tweets(self, stage: Stage) -> Figures:
        """Five classes on the official test, also with the encoder refined on its train split."""
        own = replace(TWEETS, name=f"tweets_{stage.name}", layers=stage.layers)
        if not self._network(own).exists():
            split = data.Split(
                {_YARDSTICK: self._split.train[_YARDSTICK]},
                [row for row in self._split.dev if row.source == _YARDSTICK],
            )
            self._train(self._load(stage), own, split)
        return {"as trained": self._five(stage), "refined": self._five(own)}

    @torch.no_grad()
    def _five(self, stage: Stage) -> Figures:
        network = self._load(stage).eval()
        rows = data.read_csv(self.folder / "rusentitweet_test.csv")
        tweets = list(data.examples(rows, self._tokenizer, self.config.max_tokens))
        gold, guess = [], []
        for start in range(0, len(tweets), 64):
            chosen = tweets[start : start + 64]
            batch = collate(chosen, train.device())
            document, _ = network.everything(batch.ids, batch.segment, batch.opinions.shape[1])
            guess += document[:, -len(data.TWEET_CODES) :].argmax(1).tolist()
            gold += batch.tweet.argmax(1).tolist()
        told, said = np.array(gold), np.array(guess)
        ends = interval(lambda sample: macro_f1(told[sample], said[sample]), len(told))
        return {"n": len(told), "macro_f1": macro_f1(told, said), "macro_f1_interval": ends}

    def _left_out(self) -> Figures:
        """Three tones on RuSentiTweet's test by a network that never saw its train split."""
        self.left_out()
        state = torch.load(self._network(LEFT_OUT), weights_only=True, map_location="cpu")
        whole = {name: value.float().numpy() for name, value in trainee.shipped(state).items()}
        settings = Calibration(layers=LEFT_OUT.layers, heads=_HEADS)
        model = Model(self._tokenizer, torch_backend(whole, settings, None))
        settings = export.calibrate(self._split.dev, settings, model)
        rows = data.read_csv(self.folder / "rusentitweet_test.csv")
        return evaluate.yardstick(rows, model, settings)
