/** What the benchmarks share: medians, and lines that say a ratio. */

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
};

export const perSecond = (value: number): string => `${Math.round(value).toLocaleString("en")}/s`;

export const ratio = (value: number): string => value.toFixed(2);
