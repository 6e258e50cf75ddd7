#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Times a study of baselines against scikit-learn, XGBoost and LightGBM in Python on the same features, splits,
parameters and numbers of draws, and prints both test scores.

    benchmarks/compare_baselines.py [EXPERIMENT.yaml] --create-venv build/peers-baselines

KICKDRUM_REFERENCE_DATA must be set where the experiment uses it. The features are in the cache before the clock starts;
permutation importance, reports and saved models are in our time, and have no counterpart in the peer's.
"""
import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGES = ["numpy", "scikit-learn", "xgboost", "lightgbm", "pyyaml"]
UNSET = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")  # a machine may have set them for other programs' sake


def read_features(file):
    import numpy as np

    with open(file, newline="") as text:
        rows = list(csv.reader(text))
    return [row[0] for row in rows[1:]], np.array([row[1:] for row in rows[1:]], float)


class Part:
    """Rows of one run: to train on, to watch, to test on."""

    def __init__(self, values, labels, groups, train, watch, test, clip):
        import numpy as np
        from sklearn.preprocessing import StandardScaler

        scaler = StandardScaler().fit(values[train])
        scaled = scaler.transform(values)
        if clip:
            scaled = np.clip(scaled, -clip, clip)
        self.train, self.watch, self.test = ((scaled[i], labels[i]) for i in (train, watch, test))
        self.groups = groups[train]


def estimator(kind, parameters, threads, stopping):
    from lightgbm import LGBMClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.svm import SVC
    from xgboost import XGBClassifier, XGBRFClassifier

    given = dict(parameters)
    if kind == "svm":
        return OneVsRestClassifier(SVC(C=given.get("c", 1), gamma=given["gamma_value"], class_weight="balanced"))
    if kind == "logistic":
        return LogisticRegression(C=given.get("c", 1), class_weight="balanced", max_iter=1000)
    if kind == "random_forest":
        return XGBRFClassifier(**{"n_estimators": 300, "max_depth": 12, "subsample": 0.63, "colsample_bynode": 0.3,
                                  **given}, tree_method="hist", n_jobs=threads)
    if kind == "xgboost":
        more = {"early_stopping_rounds": stopping} if stopping else {}
        return XGBClassifier(**{"n_estimators": 600, "subsample": 0.9, "colsample_bytree": 0.9, "learning_rate": 0.1,
                                **given}, tree_method="hist", n_jobs=threads, eval_metric="mlogloss", **more)
    defaults = {"n_estimators": 2000, "learning_rate": 0.05, "colsample_bytree": 0.9, "subsample": 0.9,
                "subsample_freq": 5, "random_state": 42}
    names = {"feature_fraction": "colsample_bytree", "bagging_fraction": "subsample", "bagging_freq": "subsample_freq"}
    given = {names.get(name, name): value for name, value in given.items()}
    return LGBMClassifier(**{**defaults, **given}, n_jobs=threads, verbose=-1)


def fit(kind, parameters, x, y, watch, threads, stopping):
    import lightgbm

    if kind == "svm":
        parameters = {**parameters, "gamma_value": parameters.get("gamma", 1) / (x.shape[1] * x.var())}
    model = estimator(kind, parameters, threads, stopping)
    if stopping and kind == "xgboost":
        return model.fit(x, y, eval_set=[watch], verbose=False)
    if stopping and kind == "lightgbm":
        return model.fit(x, y, eval_set=[watch], callbacks=[lightgbm.early_stopping(stopping, verbose=False)])
    return model.fit(x, y)


def search(kind, parameters, spec, part, protocol, stopping):
    """As ours: one thread per fit, all fits side by side."""
    from joblib import Parallel, delayed
    from sklearn.metrics import f1_score
    from sklearn.model_selection import ParameterSampler, StratifiedGroupKFold, StratifiedKFold

    x, y = part.train
    folds = spec.get("folds", 3)
    splitter = (StratifiedKFold if protocol == "published" else StratifiedGroupKFold)(folds, shuffle=True, random_state=42)
    splits = list(splitter.split(x, y, part.groups))

    def score(draw, inside, outside):
        held_out = x[outside], y[outside]
        model = fit(kind, {**parameters, **draw}, x[inside], y[inside], held_out, 1, stopping)
        return f1_score(held_out[1], model.predict(held_out[0]), average="macro")

    draws = list(ParameterSampler(spec["grid"], spec.get("draws", 25), random_state=42))
    scores = Parallel(n_jobs=os.cpu_count())(delayed(score)(d, *s) for d in draws for s in splits)
    means = [sum(scores[i * folds:(i + 1) * folds]) / folds for i in range(len(draws))]
    return {**parameters, **draws[means.index(max(means))]}


def worker(experiment, folder):
    import numpy as np
    import yaml
    from sklearn.metrics import f1_score

    config = yaml.safe_load(Path(experiment).read_text())
    baselines = config["baselines"]
    tables = {name: read_features(folder / f"{name}.csv") for name in ("published", "standard", "rich")
              if (folder / f"{name}.csv").exists()}
    threads = os.cpu_count()
    begin = time.perf_counter()
    for name, spec in baselines.items():
        if spec.get("only_member"):
            continue
        scores = []
        for split in sorted((folder / "study/variants" / name).glob("split*.csv")):
            rows = list(csv.DictReader(open(split, newline="")))
            by_id = {row["sample_id"]: row for row in rows}
            scores.append(one(spec, baselines, config, tables, by_id, threads, f1_score, np))
        print(f"{name}\t{np.mean(scores)}", flush=True)
    print(f"seconds\t{time.perf_counter() - begin}")


def model_of(spec):
    """Its kind and the numbers that it is fitted with."""
    kind, options = next(iter(spec["model"].items())) if isinstance(spec["model"], dict) else (spec["model"], {})
    return kind, {key: value for key, value in options.items() if key not in ("class_weights", "probabilities")}


def one(spec, baselines, config, tables, by_id, threads, f1_score, np):
    kind, parameters = model_of(spec)
    if kind == "vote":
        members = [probabilities(baselines[m], tables, by_id, config, threads, np) for m in parameters["members"]]
        p = sum(w * m[0] for w, m in zip(parameters["weights"], members))
        return f1_score(members[0][1], p.argmax(1), average="weighted")
    p, truth = probabilities(spec, tables, by_id, config, threads, np)
    return f1_score(truth, p.argmax(1), average="weighted")


def probabilities(spec, tables, by_id, config, threads, np):
    protocol = spec.get("protocol", "group")
    kind, parameters = model_of(spec)
    ids, values = tables[spec.get("features", "published")]
    kept = [i for i, clip in enumerate(ids) if clip in by_id]
    if protocol == "published":
        kept.sort(key=lambda i: ids[i].lower())
    rows = [by_id[ids[i]] for i in kept]
    values = values[kept]
    labels = np.array([config["data"]["classes"].index(row["label"]) for row in rows])
    groups = np.array([row["group"] for row in rows])
    places = {part: np.array([i for i, row in enumerate(rows) if row["part"] == part], int)
              for part in ("train", "val", "test")}
    watch = places["val"] if len(places["val"]) else places["test"]
    part = Part(values, labels, groups, places["train"], watch, places["test"], spec.get("clip"))
    stopping = spec.get("early_stopping", {}).get("rounds", 0)
    if "search" in spec:
        parameters = search(kind, parameters, spec["search"], part, protocol, stopping)
    model = fit(kind, parameters, *part.train, part.watch, threads, stopping)
    scores = model.decision_function(part.test[0]) if kind == "svm" else model.predict_proba(part.test[0])
    return scores, part.test[1]


def ours(program, experiment, out):
    begin = time.perf_counter()
    subprocess.run([program, "run", experiment, "--out", out, "--force", "--quiet"], check=True,
                   stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - begin
    rows = list(csv.DictReader(open(out / "runs.csv", newline="")))
    scores = {}
    for row in rows:
        scores.setdefault(row["variant"].removesuffix(" (leaky)"), []).append(float(row["test_weighted_f1"]))
    return seconds, {name: sum(values) / len(values) for name, values in scores.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("experiment", type=Path, nargs="?",
                        default=REPOSITORY / "experiments/configs/hard_techno_baselines.yaml")
    parser.add_argument("--program", type=Path, default=REPOSITORY / "build/cpu/kickdrum")
    parser.add_argument("--python", type=Path, default=Path(sys.executable))
    parser.add_argument("--create-venv", type=Path, metavar="DIR")
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        worker(options.experiment, options.worker)
        return
    if options.create_venv:
        options.python = options.create_venv / "bin/python"
        if not options.python.exists():
            subprocess.run([sys.executable, "-m", "venv", options.create_venv], check=True)
            subprocess.run([options.python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for feature_set in ("published", "standard", "rich"):
            subprocess.run([options.program, "features", options.experiment, "--feature-set", feature_set, "--out",
                            folder / f"{feature_set}.csv", "--quiet"], check=True)
        our_seconds, our_scores = ours(options.program, options.experiment, folder / "study")
        environment = {key: value for key, value in os.environ.items() if key not in UNSET}
        text = subprocess.run([options.python, __file__, options.experiment, "--worker", folder], check=True,
                              stdout=subprocess.PIPE, text=True, env=environment).stdout
    peer = dict(line.split("\t") for line in text.splitlines())
    print(f"{'mean test weighted F1':28}{'Kickdrum':>10}{'Python':>10}")
    for name, score in our_scores.items():
        print(f"{name:28}{score:10.3f}{float(peer[name]):10.3f}")
    print(f"{'seconds':28}{our_seconds:10.1f}{float(peer['seconds']):10.1f}")


if __name__ == "__main__":
    main()
