import { appendPointer } from "@sluice/domain";

/** Longest pointer that is recorded: member names come from devices, and a hundred errors may repeat one. */
const MAX_POINTER_LENGTH = 512;

/** Cuts a pointer that is too long to be recorded; the ellipsis says that it was cut. */
export const boundedPointer = (pointer: string): string =>
  pointer.length <= MAX_POINTER_LENGTH ? pointer : `${pointer.slice(0, MAX_POINTER_LENGTH)}…`.toWellFormed();

/** @param path names and indexes from the root */
export const pointerTo = (path: readonly (string | number)[]): string =>
  boundedPointer(path.reduce<string>(appendPointer, ""));
