/**
 * Topic filters as MQTT 5 section 4.7 defines them, with levels that may have names.
 *
 * | level           | subscribes | captures                                                            |
 * |-----------------|------------|---------------------------------------------------------------------|
 * | `+`             | `+`        | nothing                                                             |
 * | `{site}`        | `+`        | the level as `site`                                                 |
 * | `{id:uuid}`     | `+`        | the level as `id`; a topic whose level is no UUID does not match    |
 * | `#`             | `#`        | nothing; last level only                                            |
 * | `{rest#}`       | `#`        | the remaining levels with their slashes as `rest`; last level only; |
 * |                 |            | empty when the topic is the parent level itself                     |
 *
 * Names are unique within a filter. A brace anywhere else is an error: a topic with braces can only be reached by a
 * wildcard. `$share/<group>/<filter>` is a shared subscription (section 4.8.2): subscribed whole, matched on its filter.
 */
import { setMember } from "../own-member.ts";
import { hasFormat, isLevelFormat, type LevelFormat, levelFormats } from "./level-formats.ts";
import { topicTextFault } from "./topic-text.ts";

export interface Capture {
  readonly name: string;
  /** Index of the level, from 0. */
  readonly level: number;
  /** Null: any text. */
  readonly format: LevelFormat | null;
  /** Whether it takes all the levels that remain. */
  readonly multi: boolean;
}

export interface TopicFilter {
  /** As it was written. */
  readonly text: string;
  /** What to subscribe at the broker: names replaced by wildcards, the share prefix kept. */
  readonly subscription: string;
  /** What topics are matched on: `subscription` without the share prefix. */
  readonly filter: string;
  /** Levels of `filter`. */
  readonly levels: readonly string[];
  /** Group of a shared subscription; null when it is not shared. */
  readonly shareGroup: string | null;
  /** In level order. */
  readonly captures: readonly Capture[];
  /** Whether some named level has a format, which the levels alone do not check. */
  readonly hasFormats: boolean;
}

export class BadTopicFilter extends Error {
  override readonly name = "BadTopicFilter";
  readonly filter: string;
  constructor(filter: string, reason: string) {
    const shown = filter.length > 100 ? `${filter.slice(0, 100)}…` : filter;
    super(`bad topic filter ${JSON.stringify(shown)}: ${reason}`);
    this.filter = filter;
  }
}

const SHARE_PREFIX = "$share/";
const NAMED_LEVEL = /^\{([A-Za-z_][A-Za-z0-9_]*)(?::([^{}]*)|(#))?\}$/;
const NO_CAPTURES: Readonly<Record<string, string>> = Object.freeze({});

const splitShare = (text: string, fail: (reason: string) => never): { group: string | null; inner: string } => {
  if (!text.startsWith(SHARE_PREFIX)) return { group: null, inner: text };
  const slash = text.indexOf("/", SHARE_PREFIX.length);
  const group = slash < 0 ? text.slice(SHARE_PREFIX.length) : text.slice(SHARE_PREFIX.length, slash);
  if (group === "") fail("a shared subscription needs a group name: $share/<group>/<filter> [MQTT-4.8.2-1]");
  if (/[+#{}]/.test(group)) fail(`the share group "${group}" must not contain + # { or } [MQTT-4.8.2-2]`);
  if (slash < 0 || slash === text.length - 1) {
    fail(`the share group "${group}" must be followed by a filter: $share/<group>/<filter> [MQTT-4.8.2-2]`);
  }
  return { group, inner: text.slice(slash + 1) };
};

/** The level as it is subscribed, and what it captures. */
const parseLevel = (
  text: string,
  level: number,
  fail: (reason: string) => never,
): { readonly plain: string; readonly capture: Capture | null } => {
  if (text.includes("{") || text.includes("}")) {
    const [whole, name, format, multi] = NAMED_LEVEL.exec(text) ?? [];
    if (whole === undefined || name === undefined) {
      return fail(
        `level ${level + 1} is "${text}"; braces stand for a whole named level: {name}, {name:format} or {name#}, ` +
          "the name a letter or _ and then letters, digits or _",
      );
    }
    if (multi !== undefined) return { plain: "#", capture: { name, level, format: null, multi: true } };
    if (format === undefined) return { plain: "+", capture: { name, level, format: null, multi: false } };
    if (!isLevelFormat(format)) {
      return fail(`level ${level + 1} has the unknown format "${format}"; known are ${levelFormats.join(", ")}`);
    }
    return { plain: "+", capture: { name, level, format, multi: false } };
  }
  if (text.length > 1 && text.includes("+")) {
    fail(`level ${level + 1} is "${text}"; + must be a whole level [MQTT-4.7.1-2]`);
  }
  if (text.length > 1 && text.includes("#")) {
    fail(`level ${level + 1} is "${text}"; # must be a whole level, the last [MQTT-4.7.1-1]`);
  }
  return { plain: text, capture: null };
};

/** @throws BadTopicFilter saying what is wrong and where */
export const parseTopicFilter = (text: string): TopicFilter => {
  const fail = (reason: string): never => {
    throw new BadTopicFilter(text, reason);
  };
  const fault = topicTextFault(text);
  if (fault !== null) fail(fault);
  const { group, inner } = splitShare(text, fail);
  const parsed = inner.split("/").map((level, index) => parseLevel(level, index, fail));
  const levels = parsed.map(({ plain }) => plain);
  const wildcard = levels.indexOf("#");
  if (wildcard >= 0 && wildcard < levels.length - 1) {
    fail(`level ${wildcard + 1} takes all that remains, so it must be the last [MQTT-4.7.1-1]`);
  }
  const captures = parsed.flatMap(({ capture }) => (capture ? [capture] : []));
  const repeated = captures.find(({ name }, index) => captures.findIndex((other) => other.name === name) < index);
  if (repeated) fail(`the name "${repeated.name}" is used for two levels`);
  const filter = levels.join("/");
  return {
    text,
    subscription: group === null ? filter : `${SHARE_PREFIX}${group}/${filter}`,
    filter,
    levels,
    shareGroup: group,
    captures,
    hasFormats: captures.some(({ format }) => format !== null),
  };
};

const DOLLAR = 0x24;

/** Whether wildcards at the start must not see the topic: `$SYS/…` and its like [MQTT-4.7.2-1]. */
export const isHiddenFromWildcards = (topic: string): boolean => topic.charCodeAt(0) === DOLLAR;

const levelsMatch = (levels: readonly string[], topic: string): boolean => {
  if (topic.length === 0) return false;
  if (isHiddenFromWildcards(topic) && (levels[0] === "+" || levels[0] === "#")) return false;
  /** Where the topic's current level begins; -1 once the topic has none left. */
  let start = 0;
  for (const level of levels) {
    if (level === "#") return true;
    if (start < 0) return false;
    const slash = topic.indexOf("/", start);
    const length = (slash < 0 ? topic.length : slash) - start;
    if (level !== "+" && !(level.length === length && topic.startsWith(level, start))) return false;
    start = slash < 0 ? -1 : slash + 1;
  }
  return start < 0;
};

/** Where the level begins; -1 when the topic has fewer levels. */
const startOfLevel = (topic: string, level: number): number => {
  let start = 0;
  for (let index = 0; index < level; index++) {
    const slash = topic.indexOf("/", start);
    if (slash < 0) return -1;
    start = slash + 1;
  }
  return start;
};

/** A level that the topic has, or all from there on. */
const levelOf = (topic: string, { level, multi }: Capture): string => {
  const start = startOfLevel(topic, level);
  if (start < 0) return "";
  const slash = multi ? -1 : topic.indexOf("/", start);
  return slash < 0 ? topic.slice(start) : topic.slice(start, slash);
};

/** Whether every named level of a topic that matches otherwise has the format asked for. */
export const formatsMatch = (filter: TopicFilter, topic: string): boolean => {
  for (const capture of filter.captures) {
    if (capture.format !== null && !hasFormat(levelOf(topic, capture), capture.format)) return false;
  }
  return true;
};

/** @param topic a valid topic name, as brokers send it; compared as it is, without any normalisation [MQTT-4.7.3-4] */
export const matchesFilter = (filter: TopicFilter, topic: string): boolean =>
  levelsMatch(filter.levels, topic) && (!filter.hasFormats || formatsMatch(filter, topic));

/** The named levels of the topic by name; null when the topic does not match. */
export const capturesOf = (filter: TopicFilter, topic: string): Readonly<Record<string, string>> | null => {
  if (!levelsMatch(filter.levels, topic)) return null;
  if (filter.captures.length === 0) return NO_CAPTURES;
  if (filter.hasFormats && !formatsMatch(filter, topic)) return null;
  const captured: Record<string, string> = {};
  for (const capture of filter.captures) setMember(captured, capture.name, levelOf(topic, capture));
  return captured;
};
