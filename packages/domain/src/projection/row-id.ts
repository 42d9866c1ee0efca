/** Ids of rows, which the databases count in 64 bits. */

const HIGHEST = 2n ** 63n - 1n;

/** The id as the databases have it; null: no row can have this one. */
export const parseRowId = (text: string): bigint | null => {
  if (!/^[1-9]\d{0,18}$/.test(text)) return null;
  const id = BigInt(text);
  return id <= HIGHEST ? id : null;
};
