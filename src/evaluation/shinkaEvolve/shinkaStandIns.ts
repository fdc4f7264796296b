const runShinkaEval = String.raw`"""Runs an experiment several times and writes correct.json and metrics.json.

A stand-in for the function of the same name: the runs go one after the other, early stopping is left out (all runs are made), and
nothing is pickled or drawn.
"""
import importlib.util
import json
import math
import os
import statistics
import time

DEFAULT_METRICS_ON_ERROR = {
    "combined_score": 0.0,
    "execution_time_mean": 0.0,
    "execution_time_std": 0.0,
    "num_successful_runs": 0,
    "num_valid_runs": 0,
    "num_invalid_runs": 0,
    "all_validation_errors": [],
}


def load_program(program_path):
    spec = importlib.util.spec_from_file_location("program", program_path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{program_path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def save_json_results(results_dir, metrics, correct, error=None, verbose=True):
    os.makedirs(results_dir, exist_ok=True)
    for name, value in (("correct", {"correct": correct, "error": error}), ("metrics", metrics)):
        with open(os.path.join(results_dir, name + ".json"), "w") as file:
            json.dump(value, file, indent=4)


def run_shinka_eval(
    program_path,
    results_dir,
    experiment_fn_name,
    num_runs,
    get_experiment_kwargs=None,
    aggregate_metrics_fn=None,
    validate_fn=None,
    plotting_fn=None,
    default_metrics_on_error=None,
    early_stop_method=None,
    early_stop_threshold=None,
    early_stop_score_fn=None,
    early_stop_kwargs=None,
    run_workers=1,
    max_workers_cap=None,
    verbose=None,
):
    if run_workers < 1:
        raise ValueError("run_workers must be >= 1")
    results, times, errors = [], [], []
    valid = invalid = 0
    first_error = None
    try:
        experiment = getattr(load_program(program_path), experiment_fn_name, None)
        if experiment is None:
            raise AttributeError(f"Experiment function '{experiment_fn_name}' not found in the program")
        for index in range(num_runs):
            kwargs = get_experiment_kwargs(index) if get_experiment_kwargs else {"seed": index + 1}
            began = time.perf_counter()
            result = experiment(**kwargs)
            times.append(time.perf_counter() - began)
            results.append(result)
            if validate_fn is None:
                continue
            good, message = validate_fn(result)
            if good:
                valid += 1
                continue
            invalid += 1
            if message and message not in errors:
                errors.append(message)
            first_error = first_error or f"Validation failed: {message or 'no reason was given'}"
        if aggregate_metrics_fn:
            metrics = aggregate_metrics_fn(results)
        else:
            metrics = {"num_successful_runs": len(results)}
        metrics["execution_time_mean"] = statistics.fmean(times) if times else 0.0
        metrics["execution_time_std"] = statistics.pstdev(times) if times else 0.0
        if validate_fn:
            metrics.update(num_valid_runs=valid, num_invalid_runs=invalid, all_validation_errors=errors)
        metrics.pop("extra_data", None)
        correct = invalid == 0
        score = metrics.get("combined_score")
        if score is not None and not math.isfinite(score):
            correct, first_error = False, first_error or f"combined_score is {score}"
    except Exception as error:
        print(f"Evaluation error: {error}")
        defaults = default_metrics_on_error or {}
        metrics = {name: defaults.get(name, value) for name, value in DEFAULT_METRICS_ON_ERROR.items()}
        correct, first_error = False, f"{type(error).__name__}: {error}"
    save_json_results(results_dir, metrics, correct, first_error)
    return metrics, correct, first_error
`;

/** For folders whose Python has no shinka: the one function of it that evaluation programs import. The rest is not there. */
export const shinkaStandIns = {
  'shinka/__init__.py': '"""Stand-in for the shinka package: run_shinka_eval alone."""\n',
  'shinka/core/__init__.py':
    'from shinka.core.wrap_eval import run_shinka_eval\n\n__all__ = ["run_shinka_eval"]\n',
  'shinka/core/wrap_eval.py': runShinkaEval,
} as const;
