/** The difference of two JSON values, place by place. */
import { appendPointer, canonicalJson } from "@sluice/domain";

export interface JsonChange {
  readonly pointer: string;
  /** Absent: there was nothing. */
  readonly before?: unknown;
  /** Absent: there is nothing any more. */
  readonly after?: unknown;
}

type Members = Readonly<Record<string, unknown>>;

const membersOf = (value: unknown): Members | null => {
  if (typeof value !== "object" || value === null) return null;
  return Array.isArray(value) ? Object.fromEntries(value.entries()) : (value as Members);
};

/** As deep as both have an object, or both a list, in the same place. Items of lists are compared by their index. */
export const jsonDiff = (before: unknown, after: unknown, pointer = ""): readonly JsonChange[] => {
  if (before === undefined && after === undefined) return [];
  if (before === undefined) return [{ pointer, after }];
  if (after === undefined) return [{ pointer, before }];
  const [old, now] = [membersOf(before), membersOf(after)];
  if (old === null || now === null || Array.isArray(before) !== Array.isArray(after)) {
    return canonicalJson(before) === canonicalJson(after) ? [] : [{ pointer, before, after }];
  }
  return [...new Set([...Object.keys(old), ...Object.keys(now)])].flatMap((name) =>
    jsonDiff(
      Object.hasOwn(old, name) ? old[name] : undefined,
      Object.hasOwn(now, name) ? now[name] : undefined,
      appendPointer(pointer, name),
    ),
  );
};
