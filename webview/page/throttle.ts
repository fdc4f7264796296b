/** Runs `action` at once, then at most once every `intervalMs`; the last call in an interval is made up for at its end. */
export function throttle<Input>(intervalMs: number, action: (input: Input) => void): (input: Input) => void {
  let waiting: { readonly input: Input } | undefined;
  let resting = false;
  const run = (input: Input): void => {
    resting = true;
    setTimeout(() => {
      resting = false;
      const next = waiting;
      waiting = undefined;
      if (next !== undefined) run(next.input);
    }, intervalMs);
    action(input);
  };
  return (input) => {
    if (resting) waiting = { input };
    else run(input);
  };
}
