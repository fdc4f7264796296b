"""The picture of a verdict, which the dashboard draws: microseconds a shape, next to what they are compared with."""

# Measured by this evaluator on an H100 (80 GB HBM3), in the order of TIMING; the third ones are the mean of two runs.
MEASURED = {
    "Plain PyTorch in float32, on an H100": [8482.6, 11824.4],
    "PyTorch with bfloat16 products, on an H100": [4766.8, 7121.2],
    "The initial program, on an H100": [1386.7, 1847.5],
}


def view_of(cases, times, geomean_us):
    """cases: those that were timed; times: what the clock says of each."""
    rows = []
    for index, (case, taken) in enumerate(zip(cases, times)):
        compared = [measured[index] for measured in MEASURED.values()]
        label = f"{case.prefill} rows before"
        rows.append({"label": label, "values": [taken["us"], *compared, taken["copy_us"]]})
    return {
        "kind": "bars", "title": f"Time of each length of the cache, geometric mean {geomean_us:.1f} µs", "unit": "µs",
        "goal": "minimize", "series": ["This program", *MEASURED, "Copying what must be read, here"], "rows": rows,
    }
