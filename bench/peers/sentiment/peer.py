"""Speed of vaderSentiment and SnowNLP, and SnowNLP's verdicts on given texts.

Arguments: the tweets file, a file of Chinese reviews (gzipped CSV), a file of
pairs, a positive and a negative text a line, and one of Chinese reviews of other
kinds, kind, polarity and text a line. Prints one JSON object.
"""

import csv
import gzip
import io
import json
import sys
import time

from snownlp import SnowNLP
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer


def rate(texts, score):
    score(texts[0])
    start = time.perf_counter()
    for text in texts:
        score(text)
    return len(texts) / (time.perf_counter() - start)


def chinese(text):
    return any("\u4e00" <= c <= "\u9fff" for c in text)


def main(tweets, reviews, pairs, kinds):
    with open(tweets, encoding="utf-8") as f:
        english = [line.rstrip("\r\n").split("\t", 2)[2] for line in f]
    with io.TextIOWrapper(gzip.open(reviews), encoding="utf-8", newline="") as f:
        rows = [row[2] for row in csv.reader(f)][1:]
    with open(pairs, encoding="utf-8") as f:
        both = [line.rstrip("\n").split("\t") for line in f]
    right = total = 0
    for good, bad in both:
        if chinese(good):
            total += 2
            right += (SnowNLP(good).sentiments > 0.5) + (SnowNLP(bad).sentiments <= 0.5)
    with open(kinds, encoding="utf-8") as f:
        others = [line.rstrip("\n").split("\t") for line in f]
    analyzer = SentimentIntensityAnalyzer()
    print(json.dumps({
        "vader_per_second": rate(english, analyzer.polarity_scores),
        "snownlp_per_second": rate(rows[::400], lambda t: SnowNLP(t).sentiments if t else 0),
        "snownlp_right": int(right),
        "snownlp_texts": total,
        "snownlp_kinds": int(sum((SnowNLP(t).sentiments > 0.5) == (p == "1") for _, p, t in others)),
    }))


main(*sys.argv[1:])
