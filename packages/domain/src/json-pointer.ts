/** JSON pointers (RFC 6901). */
import { ownMember } from "./own-member.ts";
import type { JsonValue } from "./ports/payload.ts";

/** The pointer to a member or item of what `pointer` points to. */
export const appendPointer = (pointer: string, token: string | number): string =>
  `${pointer}/${String(token).replaceAll("~", "~0").replaceAll("/", "~1")}`;

const ARRAY_INDEX = /^(?:0|[1-9][0-9]*)$/;

/** What the pointer points to in the value; undefined where there is nothing. */
export const resolvePointer = (value: JsonValue, pointer: string): JsonValue | undefined => {
  let current: JsonValue | undefined = value;
  for (const token of pointer.split("/").slice(1)) {
    if (typeof current !== "object" || current === null) return undefined;
    const name = token.replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(current)) current = ARRAY_INDEX.test(name) ? current[Number(name)] : undefined;
    else current = ownMember(current as Readonly<Record<string, JsonValue>>, name);
  }
  return current;
};
