import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  base,
  failureOf,
  initialText,
  prepared,
  valueOf,
  type Contest,
  type ContestOptions,
} from './contest';

afterAll(() => rmSync(base, { recursive: true, force: true }));

async function valueAs(options: ContestOptions, text: string): Promise<number> {
  const contest = await prepared('batch', options);
  try {
    return valueOf((await contest.evaluate(text)).report);
  } finally {
    await contest.evaluator.dispose();
  }
}

const rust = (prologue = '', off = '2'): string => `${prologue}
use std::io::Read;
fn main() {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).unwrap();
    let sum: i64 = text.split_whitespace().skip(1).map(|word| word.parse::<i64>().unwrap()).sum();
    println!("{}", sum + ${off});
}`;

describe('a program', () => {
  it('in C++ is compiled as AtCoder does', async () => {
    const text = `#include <bits/stdc++.h>
#if !defined(ONLINE_JUDGE) || __cplusplus < 202002L
#error
#endif
int main() { int n, x, s = 0; std::cin >> n; while (std::cin >> x) s += x; std::cout << s + 1; }`;
    expect(await valueAs({ candidate: 'main.cpp' }, text)).toBe(999);
  });

  it('may use a stack as large as the contest allows', async () => {
    const text = `#include <iostream>
int deep(int n) { volatile char room[1 << 16]; room[0] = n; return n == 0 ? 0 : deep(n - 1) + room[0] * 0; }
int main() { int n, x, s = 0; std::cin >> n; while (std::cin >> x) s += x; std::cout << s + deep(1000); }`;
    expect(await valueAs({ candidate: 'main.cpp' }, text)).toBe(1000);
  });

  it('in C++ is compiled as pahcer_config.toml says, where that is the own choice of the user', async () => {
    const change = (folder: string): void => {
      const text = initialText('batch', 'pahcer_config.toml')
        .replace('"main.cpp",', '"-DOFF=7", "-o", "solver", "main.cpp",')
        .replace('"./a.out"', '"./solver"');
      writeFileSync(join(folder, 'pahcer_config.toml'), text);
    };
    const text = initialText('batch', 'main.cpp').replace('= 5', '= OFF');
    expect(await valueAs({ candidate: 'main.cpp', change }, text)).toBe(993);
  });

  it('in Rust is compiled alone where there is no package', async () => {
    expect(await valueAs({ candidate: 'main.rs' }, rust())).toBe(998);
  });

  it('in Rust is built with its package and the crates that it uses', async () => {
    const change = (folder: string): void => {
      const write = (path: string, text: string): void => {
        mkdirSync(join(folder, path, '..'), { recursive: true });
        writeFileSync(join(folder, path), text);
      };
      write(
        'Cargo.toml',
        '[package]\nname = "ahc900"\nedition = "2021"\n[dependencies]\nhelp = { path = "help" }\n',
      );
      write('src/main.rs', rust('use help::OFF;', 'OFF'));
      write('help/Cargo.toml', '[package]\nname = "help"\nedition = "2021"\n');
      write('help/src/lib.rs', 'pub const OFF: i64 = 4;');
    };
    const contest = await prepared('batch', { candidate: 'src/main.rs', change });
    expect(contest.progress).toContain('Building the crates that the program uses…');
    expect(valueOf((await contest.evaluate(rust('use help::OFF;', 'OFF * 2'))).report)).toBe(992);
    const broken = failureOf((await contest.evaluate('fn main() { x }')).report);
    expect(broken).toMatchObject({
      reason: 'invalid',
      message: expect.stringMatching(/does not compile[\s\S]*cannot find value `x`/) as unknown,
    });
    await contest.evaluator.dispose();
  });

  it('in Python that cannot be parsed is told so once', async () => {
    const contest: Contest = await prepared('batch', { candidate: 'main.py' });
    const { report } = await contest.evaluate('def f(:\n  pass');
    expect(failureOf(report).message).toMatch(/^The program does not compile:[\s\S]*SyntaxError/);
    expect(report.cases).toBeUndefined();
    await contest.evaluator.dispose();
  });

  it('of another kind wants to be described by pahcer_config.toml', async () => {
    const shell =
      '[test]\n[[test.test_steps]]\nprogram = "sh"\nargs = ["./main.sh"]\nstdin = "./tools/in/{SEED04}.txt"\n';
    const change = (folder: string): void => writeFileSync(join(folder, 'pahcer_config.toml'), shell);
    const text = 'read n; read line; s=3; for x in $line; do s=$((s+x)); done; echo $s';
    expect(await valueAs({ candidate: 'main.sh', change }, text)).toBe(997);
    const without = (folder: string): void => rmSync(join(folder, 'pahcer_config.toml'));
    await expect(prepared('batch', { candidate: 'main.sh', change: without })).rejects.toThrow(
      /main\.sh are run as pahcer/,
    );
  });
});
