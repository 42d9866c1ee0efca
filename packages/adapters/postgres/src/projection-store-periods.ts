/** Periods of time that a partition is for. Times are text `YYYY-MM-DD HH:MM:SS`, days `YYYY-MM-DD`, UTC. */

export type PeriodLength = "day" | "month";

export interface Period {
  readonly from: string;
  /** Exclusive. */
  readonly to: string;
}

const firstDay = (day: string, by: PeriodLength): string => (by === "month" ? `${day.slice(0, 7)}-01` : day);

/** The first day of the period after this day's. */
export const nextPeriod = (day: string, by: PeriodLength): string => {
  const first = new Date(firstDay(day, by));
  if (by === "month") first.setUTCMonth(first.getUTCMonth() + 1);
  else first.setUTCDate(first.getUTCDate() + 1);
  return first.toISOString().slice(0, 10);
};

export const periodOf = (day: string, by: PeriodLength): Period => ({
  from: `${firstDay(day, by)} 00:00:00`,
  to: `${nextPeriod(day, by)} 00:00:00`,
});

/** As much of a period around a time as no other has taken. */
export const freePeriod = (period: Period, time: string, taken: readonly Period[]): Period => ({
  from: taken.reduce((from, other) => (other.to <= time && other.to > from ? other.to : from), period.from),
  to: taken.reduce((to, other) => (other.from > time && other.from < to ? other.from : to), period.to),
});
