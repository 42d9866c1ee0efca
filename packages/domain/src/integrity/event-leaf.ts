/**
 * What the tree covers of an event: its envelope in canonical JSON (RFC 8785), without the position.
 *
 * A position is how one store counts. The same log in another store, or restored there, has others; what must not
 * change is the order of the events, and that is what the tree covers anyway. This text may never change: every
 * checkpoint that anyone keeps depends on it.
 */
import type { RecordedEvent } from "@sluice/contracts";
import { canonicalJson } from "../message/canonical-json.ts";

/** The members in the order of RFC 8785. */
export const eventEntry = (event: Omit<RecordedEvent, "position">): string =>
  `{"data":${dataText(event)},"id":${JSON.stringify(event.id)},"metadata":${canonicalJson(event.metadata)}` +
  `,"recordedAt":${JSON.stringify(event.recordedAt)},"schemaVersion":${event.schemaVersion}` +
  `,"stream":${JSON.stringify(event.stream)},"type":${JSON.stringify(event.type)},"version":${event.version}}`;

/** How the members of one shape of data are written: their names as they stand in the object, and sorted. */
interface Shape {
  readonly names: readonly string[];
  readonly sorted: readonly { readonly name: string; readonly prefix: string }[];
}

/** The last shape of each type: nearly all events of a type have the same one, and sorting is most of the work. */
const shapes = new Map<string, Shape>();

const shapeOf = (type: string, names: readonly string[]): Shape => {
  const known = shapes.get(type);
  if (known?.names.length === names.length && names.every((name, index) => name === known.names[index])) return known;
  const sorted = names.toSorted().map((name, index) => ({
    name,
    prefix: `${index === 0 ? "{" : ","}${JSON.stringify(name)}:`,
  }));
  const shape = { names, sorted };
  shapes.set(type, shape);
  return shape;
};

const dataText = ({ type, data }: Omit<RecordedEvent, "position">): string => {
  const members = data as Readonly<Record<string, unknown>>;
  const names = Object.keys(members);
  if (names.length === 0) return "{}";
  let text = "";
  for (const { name, prefix } of shapeOf(type, names).sorted) {
    const value = members[name];
    if (value === undefined) return canonicalJson(data);
    text += prefix + (typeof value === "string" ? JSON.stringify(value) : canonicalJson(value));
  }
  return `${text}}`;
};
