import * as z from 'zod';
import { raised } from '../pythonDriver/runDriver';

/**
 * Imports an evaluator of OpenEvolve as OpenEvolve does, and calls the first of `functions` that it has. The evaluator imports the candidate, so
 * what the candidate's code does in this process cannot be told from what the evaluator does.
 */
export const openEvolveDriver = String.raw`
import asyncio
import base64
import importlib.util
import inspect

MOST_TEXT = 1_000_000
MOST_BYTES = 8 * 1024 * 1024


def plain(value):
    """A metric as JSON has it: a number, a truth value, or words."""
    if hasattr(value, "item") and not isinstance(value, (bool, int, float, str)):
        try:
            value = value.item()
        except Exception:
            pass
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value) if abs(value) < 2**53 else float(value)
    if isinstance(value, float):
        return float(value)
    return str(value)[:MOST_TEXT]


def artifact(value):
    if isinstance(value, (bytes, bytearray)):
        if len(value) > MOST_BYTES:
            return {"text": f"<{len(value)} bytes>"}
        try:
            return {"text": bytes(value).decode("utf-8")}
        except UnicodeDecodeError:
            return {"base64": base64.b64encode(value).decode("ascii")}
    return {"text": str(value)[:MOST_TEXT]}


def main():
    order = take_order()
    sys.path[0] = order["folder"]
    try:
        spec = importlib.util.spec_from_file_location("evaluation_module", order["evaluator"])
        module = importlib.util.module_from_spec(spec)
        sys.modules["evaluation_module"] = module
        spec.loader.exec_module(module)
        if not hasattr(module, "evaluate"):
            raise AttributeError("it has no function evaluate(program_path)")
        name = next(name for name in order["functions"] if hasattr(module, name))
    except BaseException as error:
        seal(order, {"kind": "unloadable", "error": words_of(error)})
    try:
        result = getattr(module, name)(order["program"])
        if inspect.iscoroutine(result):
            result = asyncio.run(result)
    except BaseException as error:
        seal(order, {"kind": "raised", "function": name, "error": words_of(error)})
    metrics = result if isinstance(result, dict) else getattr(result, "metrics", None)
    if not isinstance(metrics, dict):
        seal(order, {"kind": "odd", "function": name, "type": type(result).__name__})
    artifacts = {} if isinstance(result, dict) else getattr(result, "artifacts", None)
    seal(order, {
        "kind": "result",
        "function": name,
        "has": [name for name in ("evaluate_stage2", "evaluate_stage3") if hasattr(module, name)],
        "metrics": {str(key): plain(value) for key, value in metrics.items()},
        "artifacts": {str(key): artifact(value) for key, value in (artifacts or {}).items()},
    })


main()
`;

/** Numbers that are not finite come as `notFiniteWord` knows them. */
export const stageVerdict = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('unloadable'), error: raised }),
  z.object({ kind: z.literal('raised'), function: z.string(), error: raised }),
  z.object({ kind: z.literal('odd'), function: z.string(), type: z.string() }),
  z.object({
    kind: z.literal('result'),
    function: z.string(),
    has: z.array(z.string()),
    metrics: z.record(z.string(), z.union([z.number(), z.boolean(), z.string(), z.null()])),
    artifacts: z.record(
      z.string(),
      z.union([z.object({ text: z.string() }), z.object({ base64: z.string() })]),
    ),
  }),
]);
export type StageVerdict = z.infer<typeof stageVerdict>;
export type StageResult = Extract<StageVerdict, { kind: 'result' }>;

/**
 * For folders whose Python has no openevolve: the one class of it that evaluators import, by its interface.
 * The rest of that package is not there, and an import of it says so.
 */
export const openEvolveStandIns = {
  'openevolve/__init__.py': String.raw`"""Stand-in for the openevolve package: EvaluationResult alone."""
from openevolve.evaluation_result import EvaluationResult

__all__ = ["EvaluationResult"]
`,
  'openevolve/evaluation_result.py': String.raw`"""What an evaluator may return in place of a dictionary of metrics."""
from dataclasses import dataclass, field


def _size(value):
    return len(value) if isinstance(value, bytes) else len(str(value).encode("utf-8"))


@dataclass
class EvaluationResult:
    metrics: dict
    artifacts: dict = field(default_factory=dict)

    @classmethod
    def from_dict(cls, metrics):
        return cls(metrics=metrics)

    def to_dict(self):
        return self.metrics

    def has_artifacts(self):
        return len(self.artifacts) > 0

    def get_artifact_keys(self):
        return list(self.artifacts)

    def get_artifact_size(self, key):
        return _size(self.artifacts[key]) if key in self.artifacts else 0

    def get_total_artifact_size(self):
        return sum(_size(value) for value in self.artifacts.values())
`,
} as const;
