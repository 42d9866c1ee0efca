/** Progress of long work, on stderr and only where that is a terminal. */

export interface ProgressBar {
  add(count: number): void;
  /** Takes the bar away. */
  end(): void;
}

const WIDTH = 30;
const REDRAW_MS = 100;

/** @param what is counted, in the plural */
export const progressBar = (total: number, what: string): ProgressBar => {
  const { stderr } = process;
  if (!stderr.isTTY) return { add: () => {}, end: () => {} };
  const started = performance.now();
  let done = 0;
  let drawn = Number.NEGATIVE_INFINITY;
  const draw = (now: number): void => {
    drawn = now;
    const part = total === 0 ? 1 : Math.min(done / total, 1);
    const filled = Math.round(part * WIDTH);
    const rate = Math.round(done / Math.max((now - started) / 1_000, 0.001));
    const figures = `${Math.floor(part * 100)} %  ${done.toLocaleString("en")} ${what}, ${rate.toLocaleString("en")}/s`;
    stderr.write(`\r\u001b[K[${"=".repeat(filled)}${" ".repeat(WIDTH - filled)}] ${figures}`);
  };
  draw(started);
  return {
    add: (count) => {
      done += count;
      const now = performance.now();
      if (now - drawn > REDRAW_MS) draw(now);
    },
    end: () => {
      stderr.write("\r\u001b[K");
    },
  };
};
