"""OpenCV's own FaceDetectorYN, one question a line.

Started as `yn.py MODEL THREADS`. Reads JSON lines with path, size (0 for the
picture's own, else the side of a square it is resized to), confidence and
repeat; answers each with the faces (x, y, w, h, ten landmark numbers, score)
and the milliseconds of every repeat.
"""
import json
import sys
import time

import cv2


def main():
    model, threads = sys.argv[1], int(sys.argv[2])
    cv2.setNumThreads(threads)
    print(json.dumps({"version": cv2.__version__}), flush=True)
    detectors = {}
    for line in sys.stdin:
        ask = json.loads(line)
        picture = cv2.imread(ask["path"])
        if ask["size"]:
            picture = cv2.resize(picture, (ask["size"], ask["size"]), interpolation=cv2.INTER_LINEAR)
        shape = (picture.shape[1], picture.shape[0])
        key = (shape, ask["confidence"])
        if key not in detectors:
            detectors[key] = cv2.FaceDetectorYN.create(model, "", shape, ask["confidence"], 0.3, 5000)
        detector, spent, faces = detectors[key], [], None
        for _ in range(ask["repeat"]):
            begin = time.perf_counter()
            faces = detector.detect(picture)[1]
            spent.append(1e3 * (time.perf_counter() - begin))
        rows = [] if faces is None else [[float(v) for v in row] for row in faces]
        print(json.dumps({"faces": rows, "ms": spent}), flush=True)


main()
