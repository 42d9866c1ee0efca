/**
 * How long a delivery waits before it is tried again.
 *
 * The wait doubles from 1 s to a ceiling of 60 s. Of that, the first half is always waited and the second half by
 * chance, so that deliveries which failed together do not come back together. What the endpoint asks for
 * (`Retry-After`, RFC 9110 section 10.2.3) is kept to where it is longer, up to an hour.
 */
const FIRST_MS = 1_000;
const CEILING_MS = 60_000;
const LONGEST_RETRY_AFTER_MS = 3_600_000;

export interface RetryOptions {
  /** From 0 to 1, by chance: 0 waits half, 1 the whole. */
  readonly random: number;
  /** What the endpoint asked for. */
  readonly retryAfterMs?: number;
}

/**
 * @param attempt number of the attempt that has just failed, from 1
 * @returns whole milliseconds
 */
export const retryDelayMs = (attempt: number, { random, retryAfterMs = 0 }: RetryOptions): number => {
  const whole = Math.min(FIRST_MS * 2 ** Math.max(attempt - 1, 0), CEILING_MS);
  const jittered = Math.round(whole * (0.5 + random / 2));
  const asked = retryAfterMs > 0 ? Math.min(Math.ceil(retryAfterMs), LONGEST_RETRY_AFTER_MS) : 0;
  return Math.max(jittered, asked);
};
