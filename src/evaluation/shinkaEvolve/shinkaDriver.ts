import * as z from 'zod';
import { raised } from '../pythonDriver/runDriver';

/**
 * Runs an evaluation program of ShinkaEvolve as `python evaluate.py --program_path P --results_dir D` does, and hands over what it wrote as soon as
 * it has ended by itself: a program that ends the process gives no verdict, whatever files it wrote.
 */
export const shinkaDriver = String.raw`
import runpy

MOST_BYTES = 16 * 1024 * 1024


def written(folder, name):
    try:
        with open(os.path.join(folder, name), "rb") as file:
            return file.read(MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return None


def main():
    order = take_order()
    sys.path[0] = order["folder"]
    sys.argv[:] = [order["script"], "--program_path", order["program"], "--results_dir", order["results"]]
    code, error = 0, None
    try:
        runpy.run_path(order["script"], run_name="__main__")
    except SystemExit as exit:
        if exit.code is not None and not isinstance(exit.code, int):
            print(exit.code, file=sys.stderr)
        code = exit.code if isinstance(exit.code, int) else 0 if exit.code is None else 1
    except BaseException as failure:
        error = words_of(failure)
    seal(order, {
        "code": code,
        "error": error,
        "correct": written(order["results"], "correct.json"),
        "metrics": written(order["results"], "metrics.json"),
    })


main()
`;

export const shinkaVerdict = z.object({
  code: z.number(),
  error: raised.nullable(),
  /** Text of the files, or null where they are not there. */
  correct: z.string().nullable(),
  metrics: z.string().nullable(),
});
export type ShinkaVerdict = z.infer<typeof shinkaVerdict>;
