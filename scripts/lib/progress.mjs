// What the scripts print: one line a piece of work, with the time it took.

const green = colour(32);
const red = colour(31);
const dim = colour(2);

function colour(code) {
  const wanted = process.stdout.isTTY && !process.env.NO_COLOR;
  return (text) => (wanted ? `\u001b[${code}m${text}\u001b[0m` : text);
}

export function seconds(sinceMs) {
  return `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;
}

/**
 * Runs `work` and prints `name` with its duration when it is done, also when it fails. Work that lasts says every
 * 20 s that it is still going on, so that nobody has to guess; `work` gets a function that changes what is said.
 *
 * @template T
 * @param {string} name
 * @param {(say: (what: string) => void) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function timed(name, work) {
  const startMs = performance.now();
  let doing = '';
  const still = setInterval(() => {
    console.log(dim(`… ${name}${doing && `: ${doing}`} (${seconds(startMs)})`));
  }, 20_000);
  try {
    const result = await work((what) => {
      doing = what;
    });
    const note = typeof result === 'string' && result !== '' ? `  ${result}` : '';
    console.log(`${green('✓')} ${name} ${dim(`(${seconds(startMs)})`)}${note}`);
    return result;
  } catch (error) {
    console.log(`${red('✗')} ${name} ${dim(`(${seconds(startMs)})`)}`);
    throw error;
  } finally {
    clearInterval(still);
  }
}

/** Prints a failure for the person at the terminal: the message, and the output of the program that failed. */
export function printFailure(error) {
  console.error(red(error.message));
  if (typeof error.output === 'string' && error.output.trim() !== '') console.error(error.output.trimEnd());
  else if (error.name === 'Error' || error.name === 'TypeError') console.error(error.stack);
}
