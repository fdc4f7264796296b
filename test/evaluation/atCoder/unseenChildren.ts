/** Of a Python program that has `os`, `signal` and `time`: 1.8 s of work in two processes whose end it ignores, so that no account of its own has their time. */
export const unseenChildren = `
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for _ in range(2):
  if os.fork() == 0:
    while time.process_time() < 0.9: pass
    os._exit(0)
  try: os.wait()
  except ChildProcessError: pass
`;
