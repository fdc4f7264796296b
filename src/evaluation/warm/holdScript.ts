/** Descriptors of the holder: the first process of a sandbox whose evaluation is forked into it from outside. */
export interface HoldDescriptors {
  /** Between the holder and the runner: when to go on, and with which code to exit. */
  readonly word: number;
  /** Between the runner and the fork, which takes it over from the holder. */
  readonly channel: number;
  /** Where the holder has its standard output once more: the shell moves that one about while it says something. */
  readonly output: number;
}

/**
 * For a shell that is process 1 of a sandbox, in place of its command. It says that it is there, closes the channel when it is told so and says
 * that it did, and exits as it reads that the program did: then the kernel ends everything else in the sandbox.
 */
export function holdScript({ word, channel, output }: HoldDescriptors): string {
  return [
    `exec 2>&1 ${output}>&1`,
    `echo >&${word}`,
    `read -r _ <&${word}`,
    `exec ${channel}>&- ${output}>&-`,
    `echo >&${word}`,
    `read -r how number <&${word}`,
    'if [ "$how" = code ]; then exit "$number"; fi',
    // So the shell says what it says of a command that is ended by a signal.
    `/bin/sh -c 'kill -"$1" "$$"' sh "$number"`,
    'exit $?',
  ].join('; ');
}
