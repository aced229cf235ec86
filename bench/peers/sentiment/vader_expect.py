"""Writes what the Python reference, vaderSentiment 3.3.2, scores.

Arguments: the folder of the test data and the folder to write to. The test
data's texts are not written, only their scores: one line a text, neg, neu and
pos in thousandths, compound in ten-thousandths. The stress sentences are made
here, from a seed.
"""

import gzip
import random
import sys

from vaderSentiment.vaderSentiment import BOOSTER_DICT, NEGATE, SPECIAL_CASES, SentimentIntensityAnalyzer

FILES = ["amazonReviewSnippets_GroundTruth.txt", "tweets_GroundTruth.txt"]
FILL = "the a an movie phone it this that so is was at very or nor of and of course kind sort just enough at least to with doubt without never".split()
MARKS = ["", "", "", "", "!", "!!", "!!!!!", "?", "??", "????", ".", ",", "...", ";", "?!", "\"", ")", "'"]
EMOTICONS = [":)", ":(", ":D", ":-)", ";)", "XD", "<3", ":'(", "</3", "xoxo", "lol", "LMAO", "b4", "o_o", "8)"]
ODD = ["\u00a0", "\u3000", "\x1c", "\u2028", "\u200b", "İs", "K", "ǅungla", "ⅧX", "Ⓐ", "ª", "ß", "ΣΑΣ", "很好", "naïve", "\x00", "\ufeff", "n't", "DON'T", "'", "''", "a", "I", "OK", "#FAIL", "(good)", "«good»", "good—bad", "GOOD-bad"]


def sentence(rng, words, emojis):
    parts = []
    for _ in range(rng.randint(1, 14)):
        kind = rng.random()
        if kind < 0.30:
            word = rng.choice(words)
        elif kind < 0.42:
            word = rng.choice(list(BOOSTER_DICT))
        elif kind < 0.54:
            word = rng.choice(NEGATE)
        elif kind < 0.62:
            word = rng.choice(list(SPECIAL_CASES))
        elif kind < 0.68:
            word = rng.choice(["but", "but", "no", "no", "least", "least", "at least", "very least", "never so", "never this", "without doubt", "without a doubt", "kind of", "sort of", "just enough", "no good or", "no good nor"])
        elif kind < 0.73:
            word = rng.choice(EMOTICONS)
        elif kind < 0.78:
            word = rng.choice(emojis)
        elif kind < 0.81:
            word = rng.choice(ODD)
        else:
            word = rng.choice(FILL)
        if rng.random() < 0.18:
            word = word.upper()
        elif rng.random() < 0.1:
            word = word.capitalize()
        if rng.random() < 0.05:
            word = rng.choice(MARKS) + word
        parts.append(word + rng.choice(MARKS))
    text = parts[0]
    for part in parts[1:]:
        text += ("" if rng.random() < 0.04 else " ") + part
    return text.replace("\t", " ").replace("\n", " ").replace("\r", " ")


def line(analyzer, text):
    s = analyzer.polarity_scores(text)
    return f"{s['neg'] * 1000:.0f} {s['neu'] * 1000:.0f} {s['pos'] * 1000:.0f} {s['compound'] * 10000:.0f}\n"


def write(path, text):
    with open(path, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as f:
        f.write(text.encode())


def main(root, out):
    analyzer = SentimentIntensityAnalyzer()
    for name in FILES:
        with open(f"{root}/en-sentiment/vader/{name}", encoding="utf-8", newline="") as f:
            rows = f.read().split("\n")
        rows = [r.rstrip("\r").split("\t", 2)[2] for r in rows if r]
        write(f"{out}/vader_{name.split('_')[0]}.gz", "".join(line(analyzer, r) for r in rows))
    rng = random.Random(7)
    words = sorted(analyzer.lexicon)
    emojis = sorted(e for e in analyzer.emojis)
    texts = ["", " ", "!", "?!?!", "😀", "😀😀", "a😀b", "but", "but but", "good but good but bad", "THE SHIT", "the bomb the bomb the bomb"]
    texts += [sentence(rng, words, emojis) for _ in range(3000)]
    write(f"{out}/vader_stress.tsv.gz", "".join(line(analyzer, t).rstrip("\n") + "\t" + t + "\n" for t in texts))


main(*sys.argv[1:])
