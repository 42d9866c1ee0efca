/** Aligned columns that fit the terminal. */
import { coloured, harmless } from "./output.ts";

export interface Column<T> {
  readonly header: string;
  readonly value: (row: T) => string | number | null;
  readonly align?: "left" | "right";
  /** Gets shorter, with …, when the line is too long; of several the longest first. */
  readonly flexible?: true;
}

const GAP = "  ";
const MIN_FLEXIBLE = 8;

/** Width of the terminal within 80 and 120 columns; 120 where there is none. */
export const lineWidth = (): number => Math.min(Math.max(process.stdout.columns ?? 120, 80), 120);

const cut = (text: string, width: number): string => {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, width - 1).join("")}…`;
};

const length = (text: string): number => [...text].length;

/** Widths such that the line fits, if shortening the flexible columns can make it fit. */
const fit = <T>(columns: readonly Column<T>[], natural: readonly number[], most: number): number[] => {
  const widths = [...natural];
  const total = () => widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1));
  while (total() > most) {
    let longest = -1;
    columns.forEach((column, index) => {
      const width = widths[index] as number;
      if (!column.flexible || width <= Math.max(MIN_FLEXIBLE, column.header.length)) return;
      if (longest === -1 || width > (widths[longest] as number)) longest = index;
    });
    if (longest === -1) break;
    widths[longest] = (widths[longest] as number) - 1;
  }
  return widths;
};

const line = <T>(columns: readonly Column<T>[], widths: readonly number[], cells: readonly string[]): string =>
  columns
    .map(({ align }, index) => {
      const width = widths[index] as number;
      const text = cut(cells[index] as string, width);
      const padding = " ".repeat(width - length(text));
      return align === "right" ? padding + text : text + padding;
    })
    .join(GAP)
    .trimEnd();

/** @returns one line a row, under the headers */
export const table = <T>(columns: readonly Column<T>[], rows: readonly T[], width = lineWidth()): string => {
  const cells = rows.map((row) => columns.map(({ value }) => harmless(`${value(row) ?? "-"}`)));
  const headers = columns.map(({ header }) => header);
  const natural = headers.map((header, index) =>
    cells.reduce((most, row) => Math.max(most, length(row[index] as string)), length(header)),
  );
  const widths = fit(columns, natural, width);
  return [coloured("bold", line(columns, widths, headers)), ...cells.map((row) => line(columns, widths, row))].join(
    "\n",
  );
};
