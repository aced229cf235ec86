"""Mean score of scikit-learn's MLP over the folds that bench wrote."""

import csv
import sys
import warnings
from pathlib import Path

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

warnings.filterwarnings("ignore")
folder, label, kind = Path(sys.argv[1]), sys.argv[2], sys.argv[3]


def read(path):
    with open(path, newline="", encoding="utf-8") as f:
        rows = list(csv.reader(f))
    if label == "-1":
        return [str(i) for i in range(len(rows[0]))], rows, len(rows[0]) - 1
    return rows[0], rows[1:], rows[0].index(label)


def number(cell):
    try:
        return float(cell)
    except ValueError:
        return np.nan


def score(k):
    names, train, at = read(folder / f"train-{k}.csv")
    _, test, _ = read(folder / f"test-{k}.csv")
    numbers, words = [], []
    for i, name in enumerate(names):
        values = [r[i] for r in train if r[i] != ""]
        if i == at or len(set(values)) > len(values) / 2 and np.isnan([number(v) for v in values]).any():
            continue  # the label, names and tickets
        if name == "PassengerId":
            continue
        (words if np.isnan([number(v) for v in values]).any() else numbers).append(i)

    def table(rows):
        out = np.empty((len(rows), len(names)), dtype=object)
        for r, row in enumerate(rows):
            for i in numbers:
                out[r, i] = number(row[i])
            for i in words:
                out[r, i] = row[i]
        return out

    columns = ColumnTransformer([
        ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
        ("words", OneHotEncoder(handle_unknown="ignore"), words),
    ])
    targets = [[r[at] for r in rows] for rows in (train, test)]
    if kind == "class":
        model = make_pipeline(columns, MLPClassifier(hidden_layer_sizes=(64, 64), random_state=k))
        return model.fit(table(train), targets[0]).score(table(test), targets[1])
    low, spread = np.mean(np.float64(targets[0])), np.std(np.float64(targets[0]))
    model = make_pipeline(columns, MLPRegressor(hidden_layer_sizes=(64, 64), random_state=k))
    model.fit(table(train), (np.float64(targets[0]) - low) / spread)
    return model.score(table(test), (np.float64(targets[1]) - low) / spread)


print(np.mean([score(k) for k in range(5)]))
