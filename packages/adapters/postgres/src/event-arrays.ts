/**
 * Arrays as PostgreSQL takes them in binary form: no quoting here, no parsing there.
 *
 * Form: array_recv in src/backend/utils/adt/arrayfuncs.c, big-endian. Dimensions, flags, element type, elements, lower
 * bound; then for each element its length, -1 for NULL, and its bytes.
 */
const HEADER_BYTES = 20;
const LENGTH_BYTES = 4;

const INT8 = 20;
const INT4 = 23;
const TEXT = 25;

/** Room for an array, of which the header is written. */
const allocate = (type: number, length: number, bytes: number): Buffer => {
  const buffer = Buffer.allocUnsafe(HEADER_BYTES + length * LENGTH_BYTES + bytes);
  buffer.writeInt32BE(1, 0);
  buffer.writeInt32BE(1, 4);
  buffer.writeInt32BE(type, 8);
  buffer.writeInt32BE(length, 12);
  buffer.writeInt32BE(1, 16);
  return buffer;
};

/** @param values without NUL and lone surrogates */
export const textArray = (values: readonly (string | null)[]): Buffer => {
  let bytes = 0;
  for (const value of values) if (value !== null) bytes += Buffer.byteLength(value);
  const buffer = allocate(TEXT, values.length, bytes);
  let end = HEADER_BYTES;
  for (const value of values) {
    const start = end + LENGTH_BYTES;
    const written = value === null ? -1 : buffer.write(value, start);
    buffer.writeInt32BE(written, end);
    end = start + Math.max(written, 0);
  }
  return buffer;
};

export const integerArray = (values: readonly number[]): Buffer => {
  const buffer = allocate(INT4, values.length, values.length * 4);
  let end = HEADER_BYTES;
  for (const value of values) {
    end = buffer.writeInt32BE(4, end);
    end = buffer.writeInt32BE(value, end);
  }
  return buffer;
};

export const bigintArray = (values: readonly number[]): Buffer => {
  const buffer = allocate(INT8, values.length, values.length * 8);
  let end = HEADER_BYTES;
  for (const value of values) {
    end = buffer.writeInt32BE(8, end);
    end = buffer.writeBigInt64BE(BigInt(value), end);
  }
  return buffer;
};
