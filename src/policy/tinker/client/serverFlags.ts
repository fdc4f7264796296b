import * as z from 'zod';

const flag = <T extends z.ZodType>(type: T, value: z.output<T>) =>
  type.nullish().transform((given) => given ?? value);

/** What `POST /client/config` may set; everything is optional, the values here are those of client version 0.25.0. */
export const serverFlags = z.object({
  pjwt_auth_enabled: flag(z.boolean(), false),
  sample_dispatch_bytes_semaphore_size: flag(z.number().positive(), 10 * 1024 * 1024),
  fwdbwd_max_chunk_len: flag(z.number().int().positive(), 1024),
  fwdbwd_max_chunk_bytes_count: flag(z.number().positive(), 5_000_000),
  fwdbwd_dispatch_bytes_semaphore_size: flag(z.number().positive(), 50_000_000),
  billing_exception_max_pause_duration_sec: flag(z.number().nonnegative(), 3600),
  sample_max_concurrent_requests: flag(z.number().int().positive(), 2000),
});

export type ServerFlags = z.output<typeof serverFlags>;

/** The client whose flags we ask for: servers answer by it. */
export const emulatedVersion = '0.25.0';
