/**
 * What routing one message costs with ten flows and with ten thousand: `node test/bench/routing.ts`.
 *
 * The traffic is the same in both: 10,000 devices on two lines, each message wanted by two flows, topics coming as bytes
 * as they do from a connection, named levels captured. The ten thousand are those ten and 9,990 more of the same shapes.
 * `spread` is another traffic, over a thousand lines with flows of their own: what it costs beyond that is reading ten
 * thousand flows from memory instead of from the processor's cache.
 */
import { performance } from "node:perf_hooks";
import { capturesOf, parseTopicFilter, RoutingTrie, type TopicFilter } from "@sluice/domain";

const DEVICES = 10_000;
const WARM_UP = 10;
const ROUNDS = 41;

export interface RoutingFigures {
  /** Nanoseconds a message, medians. */
  readonly tenNs: number;
  readonly tenThousandNs: number;
  /** Of the same traffic: `tenThousandNs / tenNs`. */
  readonly ratio: number;
  /** Nanoseconds a message with ten thousand flows, when the traffic is for all of them. */
  readonly spreadNs: number;
}

/** The flows of one production line, with literal, single-level and multi-level filters at every level. */
const flowsOfLine = (line: number): readonly string[] => [
  `plant/line${line}/{device}/data`,
  `plant/line${line}/{device}/{kind}`,
  `plant/line${line}/{device}/alarm/{kind}`,
  `plant/line${line}/device${line}/config`,
  `plant/{line}/device${line}/log${line}`,
  `{site}/line${line}/status`,
  `site${line}/{rest#}`,
];

const flows = Array.from({ length: 1_429 }, (_, line) => flowsOfLine(line)).flat();
/** Lines of which the first ten flows have the data. */
const LINES_OF_TEN = 2;

type Routes = RoutingTrie<{ readonly filter: TopicFilter }>;

const routesOf = (filters: readonly string[]): Routes => {
  const routes: Routes = new RoutingTrie();
  for (const text of filters) {
    const filter = parseTopicFilter(text);
    routes.insert(filter, { filter });
  }
  return routes;
};

const topicsOver = (lines: number): readonly Buffer[] =>
  Array.from({ length: DEVICES }, (_, device) =>
    // 7,919 is a prime: neighbours in time are not neighbours in memory.
    Buffer.from(`plant/line${(device * 7_919) % lines}/device${device}/data`),
  );

/** @returns nanoseconds a message */
const measure = (routes: Routes, topics: readonly Buffer[]): number => {
  let handled = 0;
  const start = performance.now();
  for (const bytes of topics) {
    const topic = bytes.toString();
    for (const { filter } of routes.match(topic)) {
      if (capturesOf(filter, topic) !== null) handled++;
    }
  }
  const elapsed = performance.now() - start;
  if (handled !== 2 * topics.length)
    throw new Error(`${handled} matches of ${topics.length} messages, expected two each`);
  return (elapsed * 1e6) / topics.length;
};

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;

export const benchRouting = async (): Promise<RoutingFigures> => {
  const ten = routesOf(flows.slice(0, 10));
  const tenThousand = routesOf(flows.slice(0, 10_000));
  const traffic = topicsOver(LINES_OF_TEN);
  const spread = topicsOver(1_000);
  const times: Record<"ten" | "tenThousand" | "spread", number[]> = { ten: [], tenThousand: [], spread: [] };
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    const few = measure(ten, traffic);
    const many = measure(tenThousand, traffic);
    const all = measure(tenThousand, spread);
    if (round < WARM_UP) continue;
    times.ten.push(few);
    times.tenThousand.push(many);
    times.spread.push(all);
  }
  const tenNs = median(times.ten);
  const tenThousandNs = median(times.tenThousand);
  return { tenNs, tenThousandNs, ratio: tenThousandNs / tenNs, spreadNs: median(times.spread) };
};

if (import.meta.main) {
  const { tenNs, tenThousandNs, ratio, spreadNs } = await benchRouting();
  console.log(`routing with 10 flows:     ${tenNs.toFixed(0)} ns a message`);
  console.log(
    `routing with 10,000 flows: ${tenThousandNs.toFixed(0)} ns a message (traffic for all: ${spreadNs.toFixed(0)} ns)`,
  );
  console.log(`ratio: ${ratio.toFixed(2)}`);
}
