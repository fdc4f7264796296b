import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { warmCommand } from '../../../src/evaluation/warm/warmCommand';

const shell = (script: string): readonly string[] => ['/bin/sh', '-c', script];

describe('a command that a warm Python can run', () => {
  it.each([
    ['python3 evaluate.py', ['evaluate.py']],
    ['python3 evaluate.py 26', ['evaluate.py', '26']],
    ['exec python3 evaluate.py', ['evaluate.py']],
    [
      '  python  tools/evaluate.py --data=data/pbmc.npz -v ',
      ['tools/evaluate.py', '--data=data/pbmc.npz', '-v'],
    ],
  ])('is %s', (script, args) => {
    expect(warmCommand(shell(script))?.args).toEqual(args);
  });

  it('is Python with a file without a shell, whatever its arguments are', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (more) => {
        expect(warmCommand(['python3', 'driver.py', ...more])).toEqual({
          program: 'python3',
          args: ['driver.py', ...more],
        });
      }),
    );
  });

  it.each([
    'python3',
    'python3 -c pass',
    'python3 -O evaluate.py',
    'python3 -m evaluate',
    'python3 evaluate.py; true',
    'python3 evaluate.py && true',
    'python3 evaluate.py > log',
    'python3 evaluate.py $HOME',
    'python3 evaluate.py "a b"',
    'python3 evaluate.py *.txt',
    'python3 evaluate.py ~',
    'PYTHONOPTIMIZE=1 python3 evaluate.py',
    'env/bin/python3 evaluate.py',
    'python3.11 evaluate.py',
    'sh evaluate.py',
    './evaluate.py',
    '',
  ])('is not %j', (script) => {
    expect(warmCommand(shell(script))).toBeUndefined();
  });

  it('has no character for which a shell does more than to pass it on', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const found = warmCommand(shell(`python3 evaluate.py ${text}`));
        if (found !== undefined) expect(found.args.join(' ')).toMatch(/^[\w@%+:,./= -]+$/);
      }),
    );
  });

  it('is not a shell with arguments of its own', () => {
    expect(warmCommand(['/bin/sh', '-c', 'python3 evaluate.py', 'sh', 'x'])).toBeUndefined();
  });
});
