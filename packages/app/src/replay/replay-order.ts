/** From what someone asks for to an order that can be done, or everything that is wrong with it. */
import type {
  FlowDefinition,
  MessageReplayOrder,
  RebuildOrder,
  ReplayInput,
  RollbackOrder,
  ValidationError,
} from "@sluice/contracts";
import { BadTopicFilter, FlowNotFound, type FlowState, parseTopicFilter } from "@sluice/domain";
import type { CheckDefinition } from "../flows/check-definition.ts";
import type { FlowRegistry } from "../flows/flow-registry.ts";

/** Pointers are into the request. */
export class BadReplay extends Error {
  override readonly name = "BadReplay";
  /** definition: the candidate is none. */
  readonly part: "request" | "definition";
  readonly errors: readonly ValidationError[];
  constructor(part: "request" | "definition", errors: readonly ValidationError[]) {
    super(errors.map(({ pointer, message }) => `${pointer}: ${message}`).join("; "));
    this.part = part;
    this.errors = errors;
  }
}

export interface OrderDependencies {
  readonly registry: Pick<FlowRegistry, "get" | "definition">;
  readonly check: CheckDefinition;
  /** The rebuild whose switch can be undone. */
  readonly lastSwitch: string | null;
}

/** What is asked for, before it is known where the log ends. */
export type NewOrder = Omit<MessageReplayOrder, "until"> | Omit<RebuildOrder, "until"> | Omit<RollbackOrder, "until">;

/** Messages a second. A rebuild writes in larger batches, and nothing into the log. */
const DEFAULT_SPEED = { messages: 2_000, rebuild: 20_000 };

/** Members that mean something to each kind only. */
const KINDS_OF: Readonly<Record<string, readonly ReplayInput["kind"][]>> = {
  flow: ["re-drive", "backfill", "what-if"],
  from: ["re-drive", "backfill", "what-if"],
  to: ["re-drive", "backfill", "what-if"],
  action: ["backfill"],
  sourceFlow: ["backfill", "what-if"],
  topic: ["backfill", "what-if"],
  messagesPerSecond: ["re-drive", "backfill", "rebuild"],
  definition: ["what-if"],
  compareOnly: ["rebuild"],
  rollbackOf: ["rollback"],
};

/**
 * @param input of the right shape, `from` and `to` being instants already
 * @throws BadReplay; FlowNotFound where a flow is needed that is not there
 */
export const orderOf = (input: ReplayInput, dependencies: OrderDependencies): NewOrder => {
  const errors = foreignMembers(input);
  switch (input.kind) {
    case "rebuild":
      if (errors.length > 0) throw new BadReplay("request", errors);
      return {
        kind: "rebuild",
        compareOnly: input.compareOnly ?? false,
        messagesPerSecond: input.messagesPerSecond ?? DEFAULT_SPEED.rebuild,
      };
    case "rollback":
      return { kind: "rollback", rollbackOf: switchedBy(input, errors, dependencies.lastSwitch) };
    default:
      return messageOrder(input, input.kind, errors, dependencies);
  }
};

/** The rebuild whose switch is to be undone. @throws BadReplay */
const switchedBy = ({ rollbackOf }: ReplayInput, foreign: readonly ValidationError[], last: string | null): string => {
  const errors = [...foreign];
  if (last === null || (rollbackOf !== undefined && rollbackOf !== last)) {
    const which = last === null ? "there is none" : `that is ${last}`;
    const message = `only the last rebuild that has switched, and was not rolled back, can be: ${which}`;
    errors.push({ pointer: "/rollbackOf", keyword: "enum", message });
  }
  if (last === null || errors.length > 0) throw new BadReplay("request", errors);
  return last;
};

const messageOrder = (
  input: ReplayInput,
  kind: MessageReplayOrder["kind"],
  foreign: readonly ValidationError[],
  { registry, check }: OrderDependencies,
): Omit<MessageReplayOrder, "until"> => {
  const { flow, action, sourceFlow, topic, from, to, messagesPerSecond = DEFAULT_SPEED.messages } = input;
  if (flow === undefined) {
    const needed = { pointer: "/flow", keyword: "required", message: "is needed" };
    throw new BadReplay("request", [...foreign, needed]);
  }
  const state = registry.get(flow);
  if (kind !== "what-if" && state === undefined) throw new FlowNotFound(`flow ${flow} does not exist`);
  const errors = [...foreign, ...topicErrors(topic)];
  if (sourceFlow !== undefined && registry.definition(sourceFlow) === null) {
    errors.push({ pointer: "/sourceFlow", keyword: "enum", message: `there never was a flow ${sourceFlow}` });
  }
  if (kind !== "what-if" && state !== undefined) errors.push(...writingErrors(input, state));
  if (kind === "what-if" && input.definition === undefined) {
    errors.push({ pointer: "/definition", keyword: "required", message: "is needed: the candidate" });
  }
  if (errors.length > 0) throw new BadReplay("request", errors);
  const definition = kind === "what-if" ? candidateOf(flow, input.definition, check) : undefined;
  const source = sourceFlow ?? (kind === "what-if" && topic === undefined && state !== undefined ? flow : undefined);
  return {
    ...{ kind, flow, messagesPerSecond },
    ...(action === undefined ? {} : { action }),
    ...(source === undefined ? {} : { sourceFlow: source }),
    ...(topic === undefined ? {} : { topic }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(definition === undefined ? {} : { definition }),
  };
};

const list = new Intl.ListFormat("en-GB");

const foreignMembers = (input: ReplayInput): ValidationError[] =>
  Object.entries(KINDS_OF)
    .filter(([member, kinds]) => member in input && !kinds.includes(input.kind))
    .map(([member, kinds]) => {
      const message = `is of ${list.format(kinds)} only`;
      return { pointer: `/${member}`, keyword: "additionalProperties", message };
    });

const topicErrors = (topic: string | undefined): ValidationError[] => {
  try {
    if (topic !== undefined) parseTopicFilter(topic);
    return [];
  } catch (error) {
    if (!(error instanceof BadTopicFilter)) throw error;
    return [{ pointer: "/topic", keyword: "topic", message: error.message }];
  }
};

const writingErrors = ({ kind, flow, action, sourceFlow, topic }: ReplayInput, state: FlowState): ValidationError[] => {
  const errors: ValidationError[] = [];
  const error = (pointer: string, keyword: string, message: string) => errors.push({ pointer, keyword, message });
  if (state.status !== "enabled") error("/flow", "enum", `${flow} is disabled and takes no messages`);
  if (kind !== "backfill") return errors;
  if (action === undefined) {
    if (sourceFlow === flow) error("/sourceFlow", "not", "a flow has its own messages already");
    return errors;
  }
  const actions = state.definition?.actions.map(({ id }) => id) ?? [];
  if (!actions.includes(action)) error("/action", "enum", `${flow} has no such action; it has ${actions.join(", ")}`);
  for (const [member, value] of Object.entries({ sourceFlow, topic })) {
    if (value !== undefined) error(`/${member}`, "not", "an action gets the messages of its own flow, and all of them");
  }
  return errors;
};

const candidateOf = (flow: string, given: unknown, check: CheckDefinition): FlowDefinition => {
  const isObject = typeof given === "object" && given !== null && !Array.isArray(given);
  const checked = check(isObject ? { code: flow, ...given } : given);
  const errors = checked.ok ? [] : checked.errors;
  if (checked.ok && checked.definition.code === flow) return checked.definition;
  const other = { pointer: "/code", keyword: "const", message: `must be ${flow}, or be left out` };
  throw new BadReplay(
    "definition",
    (checked.ok ? [other] : errors).map((error) => ({ ...error, pointer: `/definition${error.pointer}` })),
  );
};
