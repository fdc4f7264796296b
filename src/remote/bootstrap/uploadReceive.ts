import { shellQuote } from '../shell/shellQuote';

/** A file to be written on a host. */
export interface UploadTarget {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly executable: boolean;
  /** A folder that is there while one installs; others wait for it to go. Absent: nobody waits for anybody. */
  readonly lock?: string;
  /** Shell that tries the file before it is published, with its temporary path in `$1`. */
  readonly selfTest?: string;
}

const maxWaitSeconds = 300;
/** Without a sign of life for so long, an installer on another machine counts as dead. */
const silentMinutes = 15;

/**
 * One line of shell that receives a file on its standard input, which it reads only after it has printed `ready`. It says
 * what it does, a line each: `have` (the file is there already; nothing is read), `waiting OWNER`, `ready`, and last `done`
 * or `failed STAGE` with what it saw.
 */
export function receiveCommand(target: UploadTarget, nonce: string, compressed: boolean): string {
  const slash = target.path.lastIndexOf('/');
  const folder = target.path.slice(0, slash) || '/';
  const name = target.path.slice(slash + 1);
  return [
    `umask 077`,
    `p=${shellQuote(target.path)}`,
    `d=${shellQuote(folder)}`,
    // A folder of its own, so that the file has its own name while it is tried.
    `t="$d/.partial-${nonce}"`,
    `f="$t"/${shellQuote(name)}`,
    ...(target.lock === undefined ? [`lock=`] : [`lock=${shellQuote(target.lock)}`]),
    `held=`,
    ...digestFunction,
    // A signal may come while it tidies, to its `rm` too: an upload given up ends by its input and by a signal at once.
    `tidy() { trap '' HUP INT TERM PIPE; rm -rf "$t" \${lock:+"$lock.${nonce}"}; ` +
      `if [ -n "$held" ] && grep -q ${nonce} "$lock/owner" 2>/dev/null; then rm -rf "$lock"; fi; }`,
    // The traps keep a cut connection from leaving half a file, or the lock.
    `trap tidy EXIT`,
    `trap 'tidy; exit 129' HUP INT TERM PIPE`,
    `mkdir -p "$d" || { echo failed mkdir; exit 1; }`,
    `[ -n "$(printf x | digest)" ] || { echo failed no-hash-tool; exit 1; }`,
    ...haveAlready(target),
    ...(target.lock === undefined ? [] : [...takeLock(nonce), ...haveAlready(target)]),
    `mkdir "$t" || { echo failed write; exit 1; }`,
    `echo ready`,
    `${compressed ? 'gzip -dc' : 'cat'} >"$f"; r=$?`,
    `if [ "$r" -ne 0 ]; then echo failed write; echo "code $r"; exit 1; fi`,
    `n=$(wc -c <"$f"); n=$((n))`,
    `if [ "$n" -ne ${target.sizeBytes} ]; then echo failed size; echo "size $n"; exit 1; fi`,
    `h=$(digest <"$f")`,
    `if [ "$h" != ${target.sha256} ]; then echo failed hash; echo "hash $h"; exit 1; fi`,
    `chmod ${modeOf(target)} "$f" || { echo failed rename; exit 1; }`,
    ...(target.selfTest === undefined
      ? []
      : [
          `tried=$(set -- "$f"; { ${target.selfTest}; } </dev/null 2>&1); r=$?`,
          `if [ "$r" -ne 0 ]; then echo failed self-test; echo "code $r"; printf '%s\\n' "$tried" >&2; exit 1; fi`,
        ]),
    `mv -f "$f" "$p" || { echo failed rename; exit 1; }`,
    `echo done`,
  ].join('; ');
}

const modeOf = (target: UploadTarget) => (target.executable ? '700' : '600');

/** `digest` prints the SHA-256 of its input; nothing where the host has no tool for it. */
export const digestFunction: readonly string[] = [
  `digest() { if command -v sha256sum >/dev/null 2>&1; then h=$(sha256sum); ` +
    `elif command -v shasum >/dev/null 2>&1; then h=$(shasum -a 256); ` +
    `elif command -v openssl >/dev/null 2>&1; then h=$(openssl dgst -sha256 -r); else h=; fi; ` +
    `printf '%s' "\${h%% *}"; }`,
];

function haveAlready(target: UploadTarget): string[] {
  return [
    `if [ -f "$p" ] && [ "$(digest <"$p")" = ${target.sha256} ]; then chmod ${modeOf(target)} "$p"; echo have; exit 0; fi`,
  ];
}

/**
 * Makes the lock folder, or waits for it. The owner is a process on a machine: its number, start time and boot say whether
 * it lives, so that the lock of a dead one is taken away at once, but never that of a live one. Whose the lock is says the
 * file in it, which only one can make. Two who took the lock both, by a hair's breadth, would still write the same bytes to
 * the same name.
 */
function takeLock(nonce: string): string[] {
  return [
    // Containers may share a machine's id but not its process numbers.
    `host="$(cat /etc/machine-id 2>/dev/null || uname -n):$(readlink /proc/self/ns/pid 2>/dev/null)"`,
    `boot=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)`,
    // Field 22 of proc(5); field 2, the name, may hold spaces.
    `ticks() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 1,20 | grep -v '^[ZX]' | cut -d ' ' -f 2; }`,
    // All is judged from one look at the owner, in $o: from one to the next, it may be another.
    `field() { printf '%s\\n' "$o" | sed -n "s/^$1=//p"; }`,
    `quiet() { [ -n "$(find "$1" -prune -mmin +$2 2>/dev/null)" ]; }`,
    // Whether the owner is gone, as far as can be known from here. Without its last field it is still being written.
    `gone() { ` +
      `if [ -z "$(field stage)" ]; then quiet "$lock" 1; return; fi; ` +
      `if [ "$(field host)" = "$host" ] && [ -n "$boot" ]; then ` +
      `[ "$(field boot)" != "$boot" ] || [ "$(ticks "$(field pid)")" != "$(field ticks)" ]; return; fi; ` +
      `quiet "$lock" ${silentMinutes} && { s=$(field stage); [ ! -e "$s" ] || quiet "$s" ${silentMinutes}; }; }`,
    // Whether the lock at $1 is that of the owner looked at. One without a name is known by its age alone.
    `same() { [ "$(sed -n 's/^nonce=//p' "$1/owner" 2>/dev/null)" = "$(field nonce)" ] && ` +
      `{ [ -n "$(field nonce)" ] || quiet "$1" 1; }; }`,
    `refuse() { printf '%s\\n' "$said" >&2; echo failed lock; exit 1; }`,
    `waited=0`,
    `misses=0`,
    `enter() { until mkdir "$lock" 2>/dev/null; do ` +
      // Away again: its owner has just ended, and another may have come and gone since. Or no folder can be made there.
      `if [ ! -d "$lock" ]; then said=$(mkdir -p "\${lock%/*}" 2>&1 && mkdir "$lock" 2>&1) && break; ` +
      `misses=$((misses + 1)); [ "$misses" -lt 5 ] || refuse; continue; fi; ` +
      `misses=0; ` +
      `o=$(cat "$lock/owner" 2>/dev/null); ` +
      // The rename has one winner; who took away another lock than the dead one puts it back.
      `if gone; then same "$lock" || continue; ` +
      `if mv "$lock" "$lock.${nonce}" 2>/dev/null; then ` +
      `if same "$lock.${nonce}"; then rm -rf "$lock.${nonce}"; else mv "$lock.${nonce}" "$lock"; fi; continue; fi; fi; ` +
      `if [ "$waited" -ge ${maxWaitSeconds} ]; then echo failed locked; echo "owner $(field pid)"; exit 1; fi; ` +
      `echo "waiting $(field pid)"; sleep 1; waited=$((waited + 1)); done; }`,
    `record() { printf 'nonce=%s\\nhost=%s\\nboot=%s\\npid=%s\\nticks=%s\\nstage=%s\\n' ` +
      `${nonce} "$host" "$boot" "$$" "$(ticks $$)" "$f"; }`,
    // Only if it is not there. Written by a program: of a full disk some shells say no more than "I/O error".
    `claim() { said=$(set -C; exec 2>&1; { record | cat || exit 4; } >"$lock/owner"); }`,
    // Another may hold the folder in its hands for a moment, who took it for that of a dead one.
    `own() { tries=0; until claim; do ` +
      `if [ "$?" -eq 4 ]; then rm -rf "$lock"; refuse; fi; ` +
      `[ ! -e "$lock/owner" ] || return 1; ` +
      `if [ "$tries" -ge 2 ]; then rmdir "$lock" 2>/dev/null; refuse; fi; ` +
      `tries=$((tries + 1)); sleep 1; [ -d "$lock" ] || return 1; done; }`,
    `held=1`,
    `until enter; own; do :; done`,
  ];
}

/** Tries the Node at `$1`: it must start, and be of a version that runs the runner. */
export const nodeSelfTest = `"$1" -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 3)'`;
