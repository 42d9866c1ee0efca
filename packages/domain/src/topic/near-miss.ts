/** How little keeps a topic from matching a filter: for people who ask why a flow did not take a message. */
import { isHiddenFromWildcards, matchesFilter, type TopicFilter } from "./filter.ts";
import { hasFormat } from "./level-formats.ts";

/**
 * `match`: nothing does. `level`: one level alone is another, or lacks the format asked for. `length`: the topic has
 * fewer or more levels, and those that both have agree, at least one of them word by word. `hidden`: wildcards at the
 * start do not see topics that begin with $ [MQTT-4.7.2-1].
 */
export type TopicDifference =
  | { readonly kind: "match" }
  | { readonly kind: "hidden" }
  | {
      readonly kind: "level";
      /** From 1. */
      readonly level: number;
      readonly expected: string;
      readonly found: string;
    }
  | { readonly kind: "length"; readonly expected: number; readonly atLeast: boolean; readonly found: number };

/** Null: they differ in more than that. */
export const topicDifference = (filter: TopicFilter, topic: string): TopicDifference | null => {
  if (matchesFilter(filter, topic)) return { kind: "match" };
  const found = topic.split("/");
  const multi = filter.levels.at(-1) === "#";
  const wanted = multi ? filter.levels.slice(0, -1) : filter.levels;
  const both = Math.min(wanted.length, found.length);
  let different = -1;
  for (let index = 0; index < both; index++) {
    if (levelMatches(filter, index, found[index] as string)) continue;
    if (different >= 0) return null;
    different = index;
  }
  if (multi ? found.length < wanted.length : found.length !== wanted.length) {
    const agree = different < 0 && wanted.slice(0, both).some((level) => level !== "+");
    return agree ? { kind: "length", expected: wanted.length, atLeast: multi, found: found.length } : null;
  }
  if (different < 0) return isHiddenFromWildcards(topic) ? { kind: "hidden" } : null;
  if (wanted.length < 2) return null;
  return {
    kind: "level",
    level: different + 1,
    expected: writtenLevel(filter, different),
    found: found[different] as string,
  };
};

const levelMatches = (filter: TopicFilter, index: number, found: string): boolean => {
  const level = filter.levels[index];
  if (level !== "+") return level === found;
  const format = filter.hasFormats
    ? (filter.captures.find((capture) => capture.level === index)?.format ?? null)
    : null;
  return format === null || hasFormat(found, format);
};

/** As the filter has it, named levels included. */
const writtenLevel = ({ text, shareGroup }: TopicFilter, index: number): string =>
  text.split("/")[index + (shareGroup === null ? 0 : 2)] as string;
