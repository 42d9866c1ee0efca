/** The name that was probably meant. */

/** Edits (insert, delete, replace, swap neighbours) from one text to the other: optimal string alignment distance. */
const distance = (a: string, b: string): number => {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current[column] = Math.min(
        (last[column] as number) + 1,
        (current[column - 1] as number) + 1,
        (last[column - 1] as number) + (same ? 0 : 1),
        swapped ? (before[column - 2] as number) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    before = last;
    last = current;
  }
  return last[b.length] as number;
};

/** @returns the nearest of the names and how many edits it is away; undefined when there is none within `most` */
export const nearestName = (
  name: string,
  names: readonly string[],
  most = Number.POSITIVE_INFINITY,
): { readonly name: string; readonly edits: number } | undefined => {
  let nearest: { name: string; edits: number } | undefined;
  for (const candidate of names) {
    if (Math.abs(candidate.length - name.length) > most) continue;
    const edits = distance(name, candidate);
    if (edits <= most && (nearest === undefined || edits < nearest.edits)) nearest = { name: candidate, edits };
  }
  return nearest;
};
