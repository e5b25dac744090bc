"""A comparison: methods, data sets, a protocol; its pieces of work, and what they leave behind.

OUT/comparison.json   data, protocol and units; a folder never mixes two
OUT/manifest.json     who was tested by what: the records of all pieces that are done
OUT/predictions/      see `work.py`
OUT/clips/, scratch/  measured clips and what several folds share
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import chain, groupby
from pathlib import Path

import datasets
import numpy as np
from tqdm.auto import tqdm

from dataset_scripts.damaged_files import read_json
from dataset_scripts.labels import ACTION_UNITS
from dataset_scripts.whole_files import write_whole
from modeling_aullm.base_model_aullm import find_base
from training_aullm.clips.clip_set import clips_digest, identities
from training_aullm.comparing.inputs import Inputs
from training_aullm.comparing.sharing import Shard
from training_aullm.comparing.sides import refuse_seen_people, refuse_start, two_sides
from training_aullm.comparing.splits import Split, divide
from training_aullm.comparing.work import PREDICTIONS, SETTINGS_DIGEST, Piece, run_piece, run_pieces
from training_aullm.files import check_record, recorded
from training_aullm.learn.folds_at_once import in_groups
from training_aullm.learn.recipes import with_fresh_units
from training_aullm.loading import load_config, load_model
from training_aullm.peers.aullm import with_layers
from training_aullm.peers.method import Method, Setup
from training_aullm.prepare.sources import Source, default_action_units
from training_aullm.runs.scoring import weights_digest

RECORD, MADE_WITH = "comparison.json", "made_with.json"


@dataclass(frozen=True)
class Comparison:
    """What is compared, on whom, and how.

    Attributes:
        out: folder.
        sources: the data sets.
        methods: name to method, the one that others are held against first.
        protocol: one of `splits.PROTOCOLS`.
        folds: how many, with "kfold".
        seeds: training seeds 0, 1, ...
        action_units: scored everywhere; None: those of each data set's protocol.
        language_model: Hub id, folder or "bundled".
        tries: settings tried for each method on training people.
        start: a finished model, for methods that go on from one: `release`, a folder or a Hub id.
    """

    out: Path
    sources: tuple[Source, ...]
    methods: dict[str, Method]
    protocol: str
    folds: int = 5
    seeds: int = 1
    action_units: tuple[str, ...] | None = None
    language_model: str = "bundled"
    tries: int = 1
    start: str = "release"

    @cached_property
    def tables(self) -> dict[str, datasets.Dataset]:
        """Data set -> its clips.

        Raises:
            ValueError: two sources are of one data set; a table is empty or mixes data sets.
        """
        loaded = [source.load() for source in self.sources]
        names = [identities(table)[2] for table in loaded]
        if len(set(names)) < len(names):
            raise ValueError(f"two sources hold clips of one data set ({', '.join(names)}): give each once")
        return dict(zip(names, loaded, strict=True))

    @cached_property
    def units(self) -> dict[str, tuple[str, ...]]:
        """Data set -> action units it is scored on."""
        chosen = [self.action_units or default_action_units(source) for source in self.sources]
        return dict(zip(self.tables, chosen, strict=True))

    @cached_property
    def inputs(self) -> Inputs:
        """The clips in every form that a method asks for."""
        wanted = set(chain(*self.units.values()))
        names = [name for name in ACTION_UNITS if name in wanted]
        rendered = next((source for source in self.sources if source.domain), Source("casme2-like"))
        how_much = (rendered.subjects, rendered.clips)
        return Inputs(list(self.tables.values()), names, self.out / "clips", self.language_model, how_much)

    @cached_property
    def splits(self) -> list[Split]:
        """All splits of the protocol."""
        data_sets = np.repeat(list(self.tables), [len(table) for table in self.tables.values()])
        return divide(self.protocol, data_sets, self.inputs.clips("labels").subjects, self.units, self.folds)

    @property
    def pieces(self) -> list[Piece]:
        """All pieces of work; the splits of a method follow one another, so that every shard gets some of each."""
        return [
            Piece(name, seed, split) for name in self.methods for seed in range(self.seeds) for split in self.splits
        ]

    @property
    def left(self) -> list[Piece]:
        """Those that are not done."""
        return [piece for piece in self.pieces if not piece.is_done(self.out)]

    def run(self, shard: Shard, at_once: int = 1) -> None:
        """Do this process's share of what is not done.

        Args:
            shard: the share.
            at_once: folds of a method that are fitted in lockstep, where the method can.

        Raises:
            ValueError: the folder holds a comparison of other clips or settings, or somebody is on both sides; or
                settings are to be tried for each of several folds at once.
        """
        if at_once > 1 and self.tries > 1:
            raise ValueError("--folds-at-once trains folds with one setting, and --tries chooses one for each")
        self.check()
        share = [piece for piece in shard.share(self.pieces) if not piece.is_done(self.out)]
        with tqdm(total=len(share), unit="fit") as bar:
            for group in self._groups(share, at_once):
                others = f" and {len(group) - 1} more" if len(group) > 1 else ""
                bar.set_description(f"{group[0].method}, {group[0].split.fold.name}{others}")
                if left := [piece for piece in group if not piece.is_done(self.out)]:  # others may have been faster
                    self._run(left)
                bar.update(len(group))

    def _groups(self, pieces: list[Piece], at_once: int) -> Iterator[list[Piece]]:
        """What is fitted in lockstep: pieces of a method that can, of one seed and of the same units."""
        for (method, _, _), alike in groupby(pieces, lambda each: (each.method, each.seed, each.split.trained_units)):
            yield from in_groups(list(alike), at_once if self.methods[method].run_at_once else 1)

    def check(self) -> None:
        """Refuse what cannot be done, before anything is written, and a folder that holds something else.

        Raises:
            ValueError: too few data sets, people or units for the protocol; somebody would be learnt from and tested;
                a model is missing that a method goes on from; or the folder's record, or that of a method, differs.
        """
        starting = {name: method for name, method in self.methods.items() if method.starts}
        for split in self.splits:
            tested = two_sides(self.inputs.clips("labels"), split)[1]
            if starting:
                refuse_seen_people(self.start, tested, split.group)
            for name, method in starting.items():
                refuse_start(self.start, name, method, split.trained_units)
        check_record(self.out / RECORD, self._settings, "choose another --out")
        for name in self.methods:
            record = self._record(name)
            if record.exists():  # what is done is not done again, so nothing else would find that it was done otherwise
                known = read_json(record, _advice(record))
                check_record(record, known | self._made_with(name), _advice(record))
        self._refuse_others()

    def write_manifest(self) -> dict:
        """Who was tested by what: OUT/manifest.json."""
        records = [piece.path(self.out).with_suffix(".json") for piece in self.pieces if piece.is_done(self.out)]
        content = {"protocol": self.protocol, "data_sets": list(self.tables), "left": len(self.pieces) - len(records)}
        content["done"] = [json.loads(path.read_text("utf-8")) for path in records]
        write_whole(self.out / "manifest.json", json.dumps(content, indent=1) + "\n")
        return content

    @cached_property
    def _settings(self) -> dict:
        """What is compared, on whom."""
        return {
            "protocol": self.protocol,
            "folds": self.folds,
            "units": self.units,
            "sources": [asdict(source) for source in self.sources],
            "clips": self.inputs.digest("labels"),
        }

    def _refuse_others(self) -> None:
        """Refuse fits that were made otherwise and put here: folders of several machines are joined by hand."""
        digests = {name: self._digest(name) for name in self.methods}
        for piece in self.pieces:
            if not piece.is_done(self.out):
                continue
            path = piece.path(self.out)
            digest = read_json(path.with_suffix(".json"), f"delete {path}").get(SETTINGS_DIGEST)
            if digest not in (None, digests[piece.method]):  # earlier versions did not say it
                raise ValueError(
                    f"{path} was made with other clips, labels or settings than this call names: delete it, or put "
                    "together only what calls made that differ in nothing but --shard"
                )

    def _digest(self, name: str) -> str:
        """Of all that decides a fit but where clips lie, and what was measured, which processors round differently."""
        people_and_labels = {key: value for key, value in self._settings.items() if key != "sources"}
        told = json.dumps([people_and_labels, self._made_with(name)], sort_keys=True, default=str)
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    @cached_property
    def _start_digest(self) -> str:
        return weights_digest(load_model(self.start)[0])

    def _record(self, method: str) -> Path:
        return self.out / PREDICTIONS / method / MADE_WITH

    def _made_with(self, name: str) -> dict:
        """What decides a method's predictions, as far as it is known before its clips are measured."""
        method = self.methods[name]
        made_with = method.settings() | {"tries": self.tries, "language_model": self.language_model}
        if method.starts:
            made_with["start"] = self._start_digest
        if self.language_model != "bundled" and with_layers(method, 1) != method:  # it may have been replaced since
            made_with["language_weights"] = find_base(self.language_model).sha256
        return made_with

    def _method_for(self, piece: Piece) -> Method:
        """The method of a piece: what goes on from a finished model learns faster where some units are new to it."""
        method = self.methods[piece.method]
        if not method.starts or method.recipe is None:
            return method
        fresh = set(piece.split.trained_units) - set(load_config(self.start).action_units)
        return replace(method, recipe=with_fresh_units(method.recipe)) if fresh else method

    def _run(self, pieces: list[Piece]) -> None:
        piece = pieces[0]
        method, inputs, record = self._method_for(piece), self.inputs, self._record(piece.method)
        others = inputs.others(method.transfers, method.clips) if method.transfers else None
        measured = {"inputs": inputs.digest(method.clips), "others": others and clips_digest(others)}
        setup = Setup(piece.seed, self.language_model, self.out / "scratch", others, self.start)
        made_with, digest = self._made_with(piece.method) | measured, self._digest(piece.method)
        with recorded(record, made_with, _advice(record)):
            if len(pieces) > 1:
                run_pieces(pieces, method, inputs.clips(method.clips), setup, self.out, digest)
            else:
                run_piece(piece, method, inputs.clips(method.clips), setup, self.tries, self.out, digest)
        check_record(record, made_with, _advice(record))  # a process that broke off meanwhile has taken its record back


def _advice(record: Path) -> str:
    return f"delete {record.parent} or choose another --out"
