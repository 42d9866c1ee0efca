/** From what someone asks for to an order that can be done, or everything that is wrong with it. */
import type { FlowDefinition, ReplayInput, ReplayOrder, ValidationError } from "@sluice/contracts";
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
}

const DEFAULT_SPEED = 2_000;

/** Members that mean something to each kind only. */
const KINDS_OF: Readonly<Record<string, readonly ReplayInput["kind"][]>> = {
  action: ["backfill"],
  sourceFlow: ["backfill", "what-if"],
  topic: ["backfill", "what-if"],
  messagesPerSecond: ["re-drive", "backfill"],
  definition: ["what-if"],
};

/**
 * @param input of the right shape, `from` and `to` being instants already
 * @throws BadReplay; FlowNotFound where a flow is needed that is not there
 */
export const orderOf = (input: ReplayInput, { registry, check }: OrderDependencies): Omit<ReplayOrder, "until"> => {
  const { kind, flow, action, sourceFlow, topic, from, to, messagesPerSecond = DEFAULT_SPEED } = input;
  const state = registry.get(flow);
  if (kind !== "what-if" && state === undefined) throw new FlowNotFound(`flow ${flow} does not exist`);
  const errors = [...foreignMembers(input), ...topicErrors(topic)];
  if (sourceFlow !== undefined && registry.definition(sourceFlow) === null) {
    errors.push({ pointer: "/sourceFlow", keyword: "enum", message: `there never was a flow ${sourceFlow}` });
  }
  if (kind !== "what-if" && state !== undefined) errors.push(...writingErrors(input, state));
  if (kind === "what-if" && input.definition === undefined) {
    errors.push({ pointer: "/definition", keyword: "required", message: "is needed: the candidate" });
  }
  if (errors.length > 0) throw new BadReplay("request", errors);
  const definition = kind === "what-if" ? candidateOf(input, check) : undefined;
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

const foreignMembers = (input: ReplayInput): ValidationError[] =>
  Object.entries(KINDS_OF)
    .filter(([member, kinds]) => member in input && !kinds.includes(input.kind))
    .map(([member, kinds]) => {
      const message = `is of ${kinds.join(" and ")} only`;
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

const candidateOf = ({ flow, definition: given }: ReplayInput, check: CheckDefinition): FlowDefinition => {
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
