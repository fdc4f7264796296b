"""The picture of a verdict, which the dashboard draws: microseconds a shape, next to what they are compared with."""

# Measured by this evaluator on an H100 (80 GB HBM3), in the order of TIMING; the second ones are the mean of three runs.
MEASURED = {
    "Plain PyTorch in float32, on an H100": [2303.1, 15319.5, 3442.9, 5042.3, 29165.2, 19925.3, 37424.9],
    "The initial program, on an H100": [362.9, 1626.6, 722.2, 725.0, 3068.4, 3212.5, 5880.5],
}


def view_of(cases, times, geomean_us):
    """cases: those that were timed; times: what the clock says of each."""
    rows = []
    for index, (case, taken) in enumerate(zip(cases, times)):
        compared = [measured[index] for measured in MEASURED.values()]
        label = f"{case.batch}×{case.n}×{case.dim}"
        rows.append({"label": label, "values": [taken["us"], *compared, taken["copy_us"]]})
    return {
        "kind": "bars", "title": f"Time of each shape (batch × n × dim), geometric mean {geomean_us:.1f} µs", "unit": "µs",
        "goal": "minimize", "series": ["This program", *MEASURED, "Copying its input alone, here"], "rows": rows,
    }
