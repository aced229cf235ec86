"""Sums the WordPiece ids of the reference tokenizer over the test texts.

Its output stands in inference/text/vocabfile_test.go. Arguments: the folder of
the test data, and optionally the number of a line to print.
"""

import sys

from tokenizers import BertWordPieceTokenizer

SETS = [
    ("bert-base-uncased.vocab.txt", "en-sentiment/vader/tweets_GroundTruth.txt", True),
    ("bert-base-chinese.vocab.txt", "zh-sentiment/ChnSentiCorp_htl_all.csv", True),
]


def fnv1a(state, data):
    for byte in data:
        state = ((state ^ byte) * 1099511628211) & (2**64 - 1)
    return state


def main(root):
    for vocab, path, lower in SETS:
        tokenizer = BertWordPieceTokenizer(f"{root}/tokenizers/{vocab}", lowercase=lower)
        state = 14695981039346656037
        with open(f"{root}/{path}", encoding="utf-8", newline="") as f:
            for line in f.read().split("\n"):
                for token in tokenizer.encode(line).ids:
                    state = fnv1a(state, bytes([token & 255, token >> 8]))
        print(path, hex(state))


main(sys.argv[1])
