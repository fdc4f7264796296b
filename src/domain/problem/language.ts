/** A programming language, as far as candidates need it. */
export interface Language {
  /** The editor's language id; also the name of a fenced code block. */
  readonly id: string;
  readonly label: string;
  /** What begins a comment that ends with the line; absent where the language has none. */
  readonly lineComment?: string;
}

const languages: readonly (readonly [id: string, label: string, lineComment: string, endings: string])[] = [
  ['python', 'Python', '#', 'py pyi pyw'],
  ['cpp', 'C++', '//', 'cpp cc cxx c++ hpp hh hxx h++ ipp inl'],
  ['cuda-cpp', 'CUDA C++', '//', 'cu cuh'],
  ['c', 'C', '//', 'c h'],
  ['hip-cpp', 'HIP C++', '//', 'hip'],
  ['metal', 'Metal', '//', 'metal'],
  ['opencl', 'OpenCL C', '//', 'cl'],
  ['ptx', 'PTX', '//', 'ptx'],
  ['wgsl', 'WGSL', '//', 'wgsl'],
  ['glsl', 'GLSL', '//', 'glsl comp'],
  ['rust', 'Rust', '//', 'rs'],
  ['go', 'Go', '//', 'go'],
  ['java', 'Java', '//', 'java'],
  ['kotlin', 'Kotlin', '//', 'kt kts'],
  ['scala', 'Scala', '//', 'scala'],
  ['csharp', 'C#', '//', 'cs'],
  ['fsharp', 'F#', '//', 'fs fsx'],
  ['swift', 'Swift', '//', 'swift'],
  ['javascript', 'JavaScript', '//', 'js mjs cjs'],
  ['typescript', 'TypeScript', '//', 'ts mts cts'],
  ['zig', 'Zig', '//', 'zig'],
  ['d', 'D', '//', 'd'],
  ['dart', 'Dart', '//', 'dart'],
  ['php', 'PHP', '//', 'php'],
  ['mojo', 'Mojo', '#', 'mojo 🔥'],
  ['nim', 'Nim', '#', 'nim'],
  ['julia', 'Julia', '#', 'jl'],
  ['ruby', 'Ruby', '#', 'rb'],
  ['perl', 'Perl', '#', 'pl pm'],
  ['r', 'R', '#', 'r'],
  ['shellscript', 'Shell', '#', 'sh bash zsh'],
  ['yaml', 'YAML', '#', 'yaml yml'],
  ['toml', 'TOML', '#', 'toml'],
  ['haskell', 'Haskell', '--', 'hs'],
  ['lua', 'Lua', '--', 'lua'],
  ['sql', 'SQL', '--', 'sql'],
  ['ada', 'Ada', '--', 'adb ads'],
  ['lean4', 'Lean', '--', 'lean'],
  ['clojure', 'Clojure', ';', 'clj'],
  ['lisp', 'Lisp', ';', 'lisp lsp'],
  ['scheme', 'Scheme', ';', 'scm rkt'],
  ['erlang', 'Erlang', '%', 'erl'],
  ['prolog', 'Prolog', '%', 'pro'],
  ['latex', 'LaTeX', '%', 'tex'],
  ['matlab', 'MATLAB', '%', 'm'],
  ['fortran', 'Fortran', '!', 'f90 f95 f03 f08'],
  ['ocaml', 'OCaml', '', 'ml mli'],
  ['json', 'JSON', '', 'json'],
];

const byEnding: ReadonlyMap<string, Language> = new Map(
  languages.flatMap(([id, label, lineComment, endings]) =>
    endings.split(' ').map((ending) => [ending, { id, label, ...(lineComment && { lineComment }) }] as const),
  ),
);

const plainText: Language = { id: 'plaintext', label: 'Text', lineComment: '#' };

/** The language of a program by the ending of its file name; plain text with `#` comments if the ending is not known. */
export function languageOf(path: string): Language {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  return (dot < 0 ? undefined : byEnding.get(name.slice(dot + 1).toLowerCase())) ?? plainText;
}
