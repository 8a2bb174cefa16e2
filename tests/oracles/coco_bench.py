"""pycocotools' times for what tests/bench/evaluation_bench.cpp times, in the same form.

    python tests/oracles/coco_bench.py DIR

DIR holds truth.json and results.json. One run of each stage: they take about a minute.
"""

import contextlib
import io
import json
import sys
import time

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def timed(what, body):
    wall, cpu = time.perf_counter(), time.process_time()
    with contextlib.redirect_stdout(io.StringIO()):
        result = body()
    print(what, "%.3f" % (time.perf_counter() - wall), "%.3f" % (time.process_time() - cpu), flush=True)
    return result


def evaluate(truth, found, iou_type):
    run = COCOeval(truth, found, iou_type)
    run.evaluate()
    run.accumulate()
    run.summarize()
    return run.stats[0]


def main():
    folder = sys.argv[1]
    truth = timed("truth", lambda: COCO(folder + "/truth.json"))
    found = timed("results", lambda: truth.loadRes(folder + "/results.json"))
    boxes = timed("bbox", lambda: evaluate(truth, found, "bbox"))
    del found
    with open(folder + "/results.json") as file:
        results = json.load(file)
    for result in results:
        del result["bbox"]  # its area would decide the size range
    with contextlib.redirect_stdout(io.StringIO()):
        found = truth.loadRes(results)
    masks = timed("segm", lambda: evaluate(truth, found, "segm"))
    print("AP", repr(float(boxes)), repr(float(masks)))


if __name__ == "__main__":
    main()
