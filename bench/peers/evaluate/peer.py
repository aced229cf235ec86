"""Random predictions and what scikit-learn and SciPy say about them, as JSON.

    peer.py SAMPLES [ROUND]

The scores are float32, rounded to ROUND digits so that there are ties."""
import json
import sys
import warnings

import numpy as np
from scipy import stats
from sklearn import metrics

warnings.simplefilter("ignore")  # classes without samples warn on purpose


def classification(rng, n, classes, digits, skew):
    logits = rng.normal(size=(n, classes)) * 1.5
    weights = np.arange(1, classes + 1, dtype=float) ** skew
    labels = rng.choice(classes, size=n, p=weights / weights.sum())
    logits[np.arange(n), labels] += 1.2
    scores = np.exp(logits - logits.max(axis=1, keepdims=True))
    scores = (scores / scores.sum(axis=1, keepdims=True)).round(digits)
    scores = (scores / scores.sum(axis=1, keepdims=True)).astype(np.float32)
    return scores, labels, expect(scores, labels, classes)


def expect(scores, labels, classes):
    predicted = scores.argmax(axis=1)
    known = list(range(classes))
    p, r, f, s = metrics.precision_recall_fscore_support(labels, predicted, labels=known, zero_division=0)
    one = [(labels == k).astype(int) for k in known]
    rated = [k for k in known if 0 < one[k].sum() < len(labels)]
    auc = {k: metrics.roc_auc_score(one[k], scores[:, k]) for k in rated}
    ap = {k: metrics.average_precision_score(one[k], scores[:, k]) for k in rated}
    right = int((predicted == labels).sum())
    interval = stats.binomtest(right, len(labels)).proportion_ci(method="wilson")
    weight = np.array([s[k] for k in rated], dtype=float)
    out = {
        "accuracy": metrics.accuracy_score(labels, predicted),
        "low": interval.low, "high": interval.high,
        "balanced": metrics.balanced_accuracy_score(labels, predicted),
        "precision": p.tolist(), "recall": r.tolist(), "f1": f.tolist(), "support": s.tolist(),
        "macro_f1": metrics.f1_score(labels, predicted, labels=known, average="macro", zero_division=0),
        "weighted_f1": metrics.f1_score(labels, predicted, average="weighted", zero_division=0),
        "macro_precision": p.mean(), "macro_recall": r.mean(),
        "weighted_precision": metrics.precision_score(labels, predicted, average="weighted", zero_division=0),
        "weighted_recall": metrics.recall_score(labels, predicted, average="weighted", zero_division=0),
        "kappa": metrics.cohen_kappa_score(labels, predicted),
        "matthews": metrics.matthews_corrcoef(labels, predicted),
        "log_loss": metrics.log_loss(labels, scores, labels=known),
        "brier": float(((scores.astype(float) - np.eye(classes)[labels]) ** 2).sum(axis=1).mean()),
        "confusion": metrics.confusion_matrix(labels, predicted, labels=known).tolist(),
        "auc": {str(k): v for k, v in auc.items()}, "ap": {str(k): v for k, v in ap.items()},
        "auc_macro": float(np.mean(list(auc.values()))), "ap_macro": float(np.mean(list(ap.values()))),
        "auc_weighted": float((np.array(list(auc.values())) * weight).sum() / weight.sum()),
        "top_k": {str(k): metrics.top_k_accuracy_score(labels, scores, k=k, labels=known) for k in (2, 3, 5) if 2 < classes > k},
    }
    return out


def regression(rng, n):
    actual = (rng.normal(size=n) * 40 + 10).astype(np.float32)
    predicted = (actual + rng.normal(size=n) * 9 + 2).astype(np.float32)
    a, p = actual.astype(float), predicted.astype(float)
    return {"predicted": predicted.tolist(), "actual": actual.tolist(), "expect": {
        "mae": metrics.mean_absolute_error(a, p), "rmse": metrics.root_mean_squared_error(a, p), "r2": metrics.r2_score(a, p),
        "median": metrics.median_absolute_error(a, p), "max": metrics.max_error(a, p),
        "explained": metrics.explained_variance_score(a, p), "mape": metrics.mean_absolute_percentage_error(a, p)}}


def mcnemar(b, c):
    n = b + c
    if n < 25:
        return stats.binomtest(min(b, c), n, 0.5).pvalue if n else 1.0
    return stats.chi2.sf(max(abs(b - c) - 1, 0) ** 2 / n, 1)


def main():
    n = int(sys.argv[1])
    digits = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    rng = np.random.default_rng(8)
    cases = []
    for classes, skew in ((2, 0), (3, 1), (10, 0), (7, 3)):
        scores, labels, want = classification(rng, n, classes, digits, skew)
        cases.append({"classes": classes, "scores": scores.ravel().tolist(), "labels": labels.tolist(), "expect": want})
    pairs = [(0, 0), (1, 0), (3, 9), (12, 12), (10, 40), (25, 25), (200, 150)]
    out = {"classification": cases, "regression": regression(rng, n),
           "mcnemar": [{"b": b, "c": c, "p": mcnemar(b, c)} for b, c in pairs]}
    json.dump(out, sys.stdout)


if __name__ == "__main__":
    main()
