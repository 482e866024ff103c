"""Works out, by scikit-learn, SciPy and statsmodels, what shared/evaluation/ must find.

    python3 -m venv out/oracles && out/oracles/bin/pip install -q -r test/oracles/requirements.txt
    out/oracles/bin/python test/oracles/metrics.py
    npx biome check --write test/oracles/metrics.json

Answers of the sample models are kept in predictions/, so that both sides judge the same digits; they
are made where they are missing. metrics.json is written anew.
"""

import csv
import json
from pathlib import Path

import numpy as np
import onnxruntime
from scipy import stats
from sklearn import datasets, linear_model, metrics
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PREDICTIONS = HERE / "predictions"


def read(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def write(name, columns, rows):
    with open(PREDICTIONS / name, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def scores_text(scores):
    """Nine digits are enough for every FP32."""
    return [[f"{score:.9g}" for score in row] for row in scores]


def run(model, feeds, classes, truth, name):
    session = onnxruntime.InferenceSession(ROOT / "models" / model / "model.onnx")
    labels, scores = session.run(["label", "probabilities"], feeds)
    columns = ["truth", "label", *[f"s{index}" for index in range(classes)]]
    texts = scores_text(scores)
    write(name, columns, [[t, l, *s] for t, l, s in zip(truth, labels.ravel(), texts)])


def make_predictions():
    PREDICTIONS.mkdir(exist_ok=True)
    for model, shape, classes, name in [
        ("digits", (-1, 1, 8, 8), 10, "image"),
        ("breast-cancer", (-1, 30), 2, "input"),
    ]:
        if (PREDICTIONS / f"{model}.csv").exists():
            continue
        rows = read(ROOT / "models" / model / "evaluation.csv")
        features = [[float(v) for k, v in row.items() if k != "label"] for row in rows]
        values = np.array(features, np.float32).reshape(shape)
        labels = json.loads((ROOT / "models" / model / "card.json").read_text())["labels"]
        truth = [labels.index(row["label"]) if row["label"] in labels else int(row["label"]) for row in rows]
        run(model, {name: values}, classes, truth, f"{model}.csv")
    if not (PREDICTIONS / "churn.csv").exists():
        rows = read(ROOT / "test/fixtures/churn-test.csv")
        session = onnxruntime.InferenceSession(ROOT / "models/churn/model.onnx")
        feeds = {
            spec.name: np.array(
                [[row[spec.name]] for row in rows],
                object if spec.type == "tensor(string)" else np.float32,
            )
            for spec in session.get_inputs()
        }
        run("churn", feeds, 2, [int(row["label"]) for row in rows], "churn.csv")
    if not (PREDICTIONS / "diabetes.csv").exists():
        x, y = datasets.load_diabetes(return_X_y=True)
        line = linear_model.LinearRegression().fit(x, y).predict(x)
        mean = linear_model.Ridge(alpha=10).fit(x, y).predict(x)
        write("diabetes.csv", ["truth", "line", "ridge"], zip(y, map(repr, map(float, line)), map(repr, map(float, mean))))


def number(value):
    return None if value is None or np.isnan(value) else float(value)


def classification(truth, labels, scores, classes, positive):
    """`labels` of -1 are no class at all: an error, and a column of none."""
    truth, labels = np.array(truth), np.array(labels)
    known = sorted(set(truth) | (set(labels) - {-1}))
    found = {
        "accuracy": metrics.accuracy_score(truth, labels),
        "balancedAccuracy": metrics.recall_score(
            truth, labels, labels=sorted(set(truth)), average="macro", zero_division=0
        ),
        "aboveChance": None,
    }
    if len(set(truth)) > 1 and -1 not in labels:
        found["balancedAccuracy"] = metrics.balanced_accuracy_score(truth, labels)
        found["aboveChance"] = metrics.balanced_accuracy_score(truth, labels, adjusted=True)
    elif len(set(truth)) > 1:
        chance = 1 / len(set(truth))
        found["aboveChance"] = (found["balancedAccuracy"] - chance) / (1 - chance)
    for average in ["macro", "weighted"]:
        precision, recall, f1, _ = metrics.precision_recall_fscore_support(
            truth, labels, labels=known, average=average, zero_division=0
        )
        found |= {f"{average}Precision": precision, f"{average}Recall": recall, f"{average}F1": f1}
    found |= {"rocAuc": None, "logLoss": None}
    if scores is not None:
        scores = np.array(scores)
        if len(set(truth)) > 1:
            found["rocAuc"] = (
                metrics.roc_auc_score(truth == positive, scores[:, positive])
                if classes == 2
                else metrics.roc_auc_score(truth, scores, multi_class="ovr", average="macro")
            )
        found["logLoss"] = metrics.log_loss(truth, scores, labels=list(range(classes)))
    every = list(range(classes))
    per_class = metrics.precision_recall_fscore_support(
        truth, labels, labels=every, zero_division=0
    )
    return {
        "figures": {name: number(value) for name, value in found.items()},
        "perClass": np.array(per_class[:3]).T.tolist(),
        "confusion": metrics.confusion_matrix(truth, labels, labels=every).tolist(),
    }


def regression(truth, values, weights=None):
    truth, values = np.array(truth), np.array(values)
    constant = len(set(truth)) == 1
    return {
        "mae": metrics.mean_absolute_error(truth, values, sample_weight=weights),
        "rmse": metrics.root_mean_squared_error(truth, values, sample_weight=weights),
        "r2": None if constant else metrics.r2_score(truth, values, sample_weight=weights),
    }


def bootstrap(figure, *columns):
    """SciPy's own percentile interval, of the same number of resamples."""
    found = stats.bootstrap(
        columns,
        lambda *rows: figure(*rows),
        n_resamples=2_000,
        paired=True,
        vectorized=False,
        method="percentile",
        rng=np.random.default_rng(1),
    )
    return [float(found.confidence_interval.low), float(found.confidence_interval.high)]


def macro_f1(truth, labels):
    return metrics.f1_score(truth, labels, average="macro", zero_division=0)


def other_labels(labels, classes):
    """Another version, worse in a way that both sides can work out: every 17th row is off by one."""
    return np.array([(l + 1) % classes if row % 17 == 0 else l for row, l in enumerate(labels)])


def sample(name, classes, positive, slices=()):
    rows = read(PREDICTIONS / f"{name}.csv")
    truth = np.array([int(row["truth"]) for row in rows])
    labels = np.array([int(row["label"]) for row in rows])
    scores = np.array([[float(row[f"s{k}"]) for k in range(classes)] for row in rows])
    other = other_labels(labels, classes)
    ours = np.sum((labels == truth) & (other != truth))
    theirs = np.sum((labels != truth) & (other == truth))
    return {
        "name": name,
        "classes": classes,
        "positive": positive,
        **classification(truth, labels, scores, classes, positive),
        "slices": {
            value: {
                "rows": int(np.sum(of == value)),
                "accuracy": metrics.accuracy_score(truth[of == value], labels[of == value]),
                "macroF1": macro_f1(truth[of == value], labels[of == value]),
            }
            for of in slices
            for value in sorted(set(of))
        },
        "otherMacroF1": macro_f1(truth, other),
        "mcnemar": mcnemar_of(int(ours), int(theirs)),
        "intervals": {
            "accuracy": bootstrap(metrics.accuracy_score, truth, labels),
            "macroF1": bootstrap(macro_f1, truth, labels),
            "difference": bootstrap(lambda t, a, b: macro_f1(t, b) - macro_f1(t, a), truth, labels, other),
            **(
                {"rocAuc": bootstrap(metrics.roc_auc_score, truth == positive, scores[:, positive])}
                if classes == 2
                else {}
            ),
        },
    }


def mcnemar_of(first, second):
    exact = first + second < 25
    found = mcnemar([[0, first], [second, 0]], exact=exact, correction=True)
    return {"first": first, "second": second, "exact": exact, "p": float(found.pvalue)}


def case(name, truth, labels=None, scores=None, classes=2, positive=1):
    if labels is None:
        labels = np.argmax(scores, axis=1).tolist()
    return {
        "name": name,
        "truth": truth,
        "labels": labels,
        "scores": scores,
        "classes": classes,
        "positive": positive,
        **classification(truth, labels, scores, classes, positive),
    }


def cases():
    random = np.random.default_rng(7)
    coarse = [[1 - s, s] for s in (random.integers(0, 5, 60) / 4).tolist()]
    three = random.dirichlet([1, 1, 1], 90).tolist()
    rare = [1 if row % 20 == 0 else 0 for row in range(200)]
    return [
        case("a class that is never answered", [0, 0, 1, 1, 2, 2, 2], [0, 1, 1, 1, 0, 0, 1], classes=3),
        case("a class without rows that is answered", [0, 0, 1, 1], [0, 2, 1, 2], classes=3),
        case("a class that nobody names", [0, 0, 1, 1], [0, 1, 1, 1], classes=4),
        case("rows of one class only", [1, 1, 1, 1], [1, 0, 1, 1], scores=[[0.1, 0.9], [0.6, 0.4], [0.2, 0.8], [0.5, 0.5]]),
        case("answers of no class", [0, 0, 1, 1, 2], [0, -1, 1, -1, 2], classes=3),
        case("always the usual class", rare, [0] * 200),
        case("ties in the scores", random.integers(0, 2, 60).tolist(), scores=coarse),
        case("the same score throughout", [0, 1, 1, 0, 1], scores=[[0.5, 0.5]] * 5),
        case("the positive class is the first", random.integers(0, 2, 60).tolist(), scores=coarse, positive=0),
        case("three classes", random.integers(0, 3, 90).tolist(), scores=three, classes=3),
        case("sure and wrong", [0, 1, 1], scores=[[1.0, 0.0], [1.0, 0.0], [0.25, 0.75]]),
    ]


def weighted():
    random = np.random.default_rng(8)
    truth = random.integers(0, 2, 40)
    scores = (random.integers(0, 9, 40) + 3 * truth) / 12
    weights = random.integers(0, 4, 40)
    values = random.normal(size=40)
    answers = values + random.normal(size=40) / 3
    return {
        "truth": truth.tolist(),
        "scores": scores.tolist(),
        "weights": weights.tolist(),
        "rocAuc": metrics.roc_auc_score(truth, scores, sample_weight=weights),
        "values": values.tolist(),
        "answers": answers.tolist(),
        "regression": regression(values, answers, weights),
    }


def regressions():
    rows = read(PREDICTIONS / "diabetes.csv")
    truth = np.array([float(row["truth"]) for row in rows])
    line = np.array([float(row["line"]) for row in rows])
    ridge = np.array([float(row["ridge"]) for row in rows])
    rmse = metrics.root_mean_squared_error
    return {
        "line": regression(truth, line),
        "ridge": regression(truth, ridge),
        "constant": regression([2.0, 2.0, 2.0], [1.0, 2.0, 4.0]),
        "intervals": {
            "rmse": bootstrap(rmse, truth, line),
            "difference": bootstrap(lambda t, a, b: rmse(t, b) - rmse(t, a), truth, line, ridge),
        },
    }


def distributions():
    tables = [(0, 0), (0, 1), (3, 9), (12, 12), (1, 23), (12, 13), (40, 10), (25, 0), (200, 260), (30, 30)]
    return {
        "mcnemar": [mcnemar_of(*table) for table in tables],
        "chiSquared": [[float(x), float(stats.chi2.sf(x, 1))] for x in np.geomspace(1e-6, 700, 60)],
        "wilson": [
            [k, n, *map(float, proportion_confint(k, n, method="wilson"))]
            for k, n in [(0, 1), (0, 10), (3, 10), (10, 10), (441, 450), (1, 3000)]
        ],
        "binomial": [
            [n, p, [float(stats.binom.pmf(k, n, p)) for k in range(n + 1)]]
            for n, p in [(5, 0.3), (30, 0.9), (60, 0.45), (300, 0.1)]
        ],
    }


def main():
    make_predictions()
    plan = np.array([row["international_plan"] for row in read(ROOT / "test/fixtures/churn-test.csv")])
    found = {
        "samples": [
            sample("digits", 10, None),
            sample("breast-cancer", 2, 0),
            sample("churn", 2, 1, [plan]),
        ],
        "cases": cases(),
        "weighted": weighted(),
        "regressions": regressions(),
        **distributions(),
    }
    (HERE / "metrics.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
