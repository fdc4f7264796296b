/** The version of the runner; the same as in package.json, which a test checks. */
export const runnerVersion = '0.1.0';
