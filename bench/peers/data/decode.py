"""Decodes and resizes every picture below a folder with OpenCV, and no more."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2

root, side, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
cv2.setNumThreads(1)


def one(path):
    picture = cv2.imread(str(path))
    return cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)


with ThreadPoolExecutor(threads) as pool:
    print(sum(p.size for p in pool.map(one, sorted(Path(root).rglob("*.jpg")))))
