/** One job of an array as squeue shows it. */
export interface JobRow {
  /** Of the array; the job's own where it is in none. */
  readonly jobId: string;
  /** 0 where the job is in no array. */
  readonly index: number;
  /** It is in no array. */
  readonly isAlone: boolean;
  /** As Slurm writes it out: `PENDING`, `NODE_FAIL`. */
  readonly state: string;
  /** Empty while it has none. */
  readonly nodes: string;
  readonly name: string;
  /** Why it waits, or how it ended. */
  readonly reason: string;
}

/** For `squeue --array --noheader --format`; what may hold anything comes last. */
export const jobRowFormat = '%F|%K|%T|%N|%j|%r';

/** Rows of squeue in `jobRowFormat`. Lines that are none (warnings of a site's own plugins) are left out. */
export function parseJobRows(text: string): readonly JobRow[] {
  return text.split('\n').flatMap((line) => {
    const [jobId = '', place = '', state = '', nodes = '', name = '', ...rest] = line.trim().split('|');
    const index = place === 'N/A' ? 0 : Number(place);
    if (!/^\d+$/.test(jobId) || !Number.isInteger(index) || !/^[A-Z_]+$/.test(state)) return [];
    return [{ jobId, index, isAlone: place === 'N/A', state, nodes, name, reason: rest.join('|') }];
  });
}

/** How Slurm's programs name a job: `12_3` in an array, else `12`; `12_0` would be none of theirs. */
export function jobKey({ jobId, index, isAlone }: Pick<JobRow, 'jobId' | 'index' | 'isAlone'>): string {
  return isAlone ? jobId : `${jobId}_${index}`;
}

/** Of `RunTime`: `00:01:30`, `2-00:00:00`; 0 where it is none. */
export function runTimeMs(text: string | undefined): number {
  const [, days = '0', hours = '0', minutes = '0', seconds = '0'] =
    /^(?:(\d+)-)?(\d+):(\d+):(\d+)$/.exec(text ?? '') ?? [];
  return 1000 * (Number(seconds) + 60 * (Number(minutes) + 60 * (Number(hours) + 24 * Number(days))));
}

/**
 * Records of `scontrol --oneliner show job` or `show config`: `Name=value` after `Name=value`. A value may hold spaces, so a name is a word
 * with `=` that follows one.
 */
export function parseRecord(line: string): ReadonlyMap<string, string> {
  const record = new Map<string, string>();
  const names = [...line.matchAll(/(?:^|\s)([A-Za-z][\w/:]*)\s*=/g)];
  names.forEach((match, position) => {
    const [whole, name = ''] = match;
    const end = names[position + 1]?.index ?? line.length;
    if (!record.has(name)) record.set(name, line.slice(match.index + whole.length, end).trim());
  });
  return record;
}
