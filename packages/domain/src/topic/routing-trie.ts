/**
 * All filters in one tree, level by level, so that the cost of a message depends on its topic and on the flows that
 * want it, not on the number of flows.
 */
import { formatsMatch, isHiddenFromWildcards, type TopicFilter } from "./filter.ts";

interface Entry<T> {
  readonly filter: TopicFilter;
  readonly value: T;
  /** As in the filter; here to save the hot path one step through memory. */
  readonly hasFormats: boolean;
}

/**
 * One level. An only child is kept beside its name, without a map: with ten thousand flows the time goes into memory
 * that is in no cache, and most nodes below the first levels have one child.
 */
class Node<T> {
  onlyLevel = "";
  onlyChild: Node<T> | null = null;
  /** Null while there are fewer than two children. */
  children: Map<string, Node<T>> | null = null;
  /** The child for `+`. */
  single: Node<T> | null = null;
  /** Filters that end here. */
  ending: Entry<T>[] | null = null;
  /** Filters that end in `#` below here. */
  multi: Entry<T>[] | null = null;

  child(level: string): Node<T> | null {
    if (this.children !== null) return this.children.get(level) ?? null;
    return this.onlyChild !== null && this.onlyLevel === level ? this.onlyChild : null;
  }

  addChild(level: string): Node<T> {
    const node = new Node<T>();
    if (this.children !== null) this.children.set(level, node);
    else if (this.onlyChild === null) {
      this.onlyLevel = level;
      this.onlyChild = node;
    } else {
      this.children = new Map([
        [this.onlyLevel, this.onlyChild],
        [level, node],
      ]);
      this.onlyChild = null;
    }
    return node;
  }

  removeChild(level: string): void {
    if (this.children === null) {
      this.onlyChild = null;
      return;
    }
    this.children.delete(level);
    if (this.children.size > 1) return;
    for (const [name, node] of this.children) {
      this.onlyLevel = name;
      this.onlyChild = node;
    }
    this.children = null;
  }

  get isEmpty(): boolean {
    return (
      this.onlyChild === null &&
      this.children === null &&
      this.single === null &&
      this.ending === null &&
      this.multi === null
    );
  }
}

const positionOf = <T>(entries: readonly Entry<T>[], filter: TopicFilter, value: T): number =>
  entries.findIndex((entry) => entry.value === value && entry.filter.text === filter.text);

/** Maps filters to values; a value may have several filters and a filter several values. */
export class RoutingTrie<T> {
  readonly #root = new Node<T>();
  #size = 0;

  /** Filters and values inserted and not deleted. */
  get size(): number {
    return this.#size;
  }

  /** The same filter text with the same value counts once. */
  insert(filter: TopicFilter, value: T): void {
    let node = this.#root;
    const multi = filter.levels.at(-1) === "#";
    for (const level of multi ? filter.levels.slice(0, -1) : filter.levels) {
      if (level === "+") {
        node.single ??= new Node<T>();
        node = node.single;
      } else node = node.child(level) ?? node.addChild(level);
    }
    const entries = (multi ? node.multi : node.ending) ?? [];
    if (multi) node.multi = entries;
    else node.ending = entries;
    if (positionOf(entries, filter, value) >= 0) return;
    entries.push({ filter, value, hasFormats: filter.hasFormats });
    this.#size++;
  }

  /** Whether it was there. Branches that lead to nothing any more go with it. */
  delete(filter: TopicFilter, value: T): boolean {
    const multi = filter.levels.at(-1) === "#";
    const path: { readonly parent: Node<T>; readonly level: string }[] = [];
    let node = this.#root;
    for (const level of multi ? filter.levels.slice(0, -1) : filter.levels) {
      const next = level === "+" ? node.single : node.child(level);
      if (!next) return false;
      path.push({ parent: node, level });
      node = next;
    }
    const entries = (multi ? node.multi : node.ending) ?? [];
    const position = positionOf(entries, filter, value);
    if (position < 0) return false;
    entries.splice(position, 1);
    this.#size--;
    if (entries.length > 0) return true;
    if (multi) node.multi = null;
    else node.ending = null;
    for (let step = path.pop(); step && node.isEmpty; step = path.pop()) {
      if (step.level === "+") step.parent.single = null;
      else step.parent.removeChild(step.level);
      node = step.parent;
    }
    return true;
  }

  /**
   * The values of all filters that match, in no particular order; a value with several such filters comes as often.
   * @param topic a valid topic name
   */
  match(topic: string): T[] {
    const found: T[] = [];
    if (topic.length > 0) collect(this.#root, topic, 0, found);
    return found;
  }
}

const take = <T>(entries: readonly Entry<T>[], topic: string, found: T[]): void => {
  for (const { filter, value, hasFormats } of entries) {
    if (!hasFormats || formatsMatch(filter, topic)) found.push(value);
  }
};

/** The topic ends at this node; `#` below it matches its parent level too (section 4.7.1.2). */
const takeEnding = <T>(node: Node<T>, topic: string, found: T[]): void => {
  if (node.ending !== null) take(node.ending, topic, found);
  if (node.multi !== null) take(node.multi, topic, found);
};

/**
 * Follows the topic's levels from the index `from` on. It recurses only where a literal level and `+` both go on, so
 * that a topic of thousands of levels needs no deep stack.
 */
const collect = <T>(origin: Node<T>, topic: string, from: number, found: T[]): void => {
  let node = origin;
  let start = from;
  for (;;) {
    const wildcards = start > 0 || !isHiddenFromWildcards(topic);
    if (wildcards && node.multi !== null) take(node.multi, topic, found);
    const slash = topic.indexOf("/", start);
    const end = slash < 0 ? topic.length : slash;
    const literal = step(node, topic, start, end);
    const single = wildcards ? node.single : null;
    if (slash < 0) {
      if (literal) takeEnding(literal, topic, found);
      if (single) takeEnding(single, topic, found);
      return;
    }
    if (literal && single) collect(single, topic, slash + 1, found);
    const next = literal ?? single;
    if (!next) return;
    node = next;
    start = slash + 1;
  }
};

/** The child for the topic's level from `start` to `end`. */
const step = <T>(node: Node<T>, topic: string, start: number, end: number): Node<T> | null => {
  if (node.children !== null) return node.children.get(topic.slice(start, end)) ?? null;
  if (node.onlyChild === null || node.onlyLevel.length !== end - start) return null;
  return topic.startsWith(node.onlyLevel, start) ? node.onlyChild : null;
};
