"""Decodes and resizes every picture below a folder with OpenCV, and no more."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2

root, side, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
cv2.setNumThreads(1)


def one(path):
    picture = cv2.imread(str(path))
    return cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)


start = time.perf_counter()
with ThreadPoolExecutor(threads) as pool:
    total = sum(p.size for p in pool.map(one, sorted(Path(root).rglob("*.jpg"))))
# Python's own start and the imports are not counted.
print(time.perf_counter() - start, total)
