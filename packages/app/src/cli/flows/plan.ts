/** What applying definitions would change: what is there now beside what is wanted. */
import { AjvPayloadValidator } from "@sluice/adapter-ajv";
import { dataOf, type SluiceClient } from "@sluice/contracts/client";
import { canonicalJson } from "@sluice/domain";
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from "diff";
import { definitionChecker } from "../../flows/check-definition.ts";
import { ApiError } from "../api.ts";
import { CommandError } from "../command-error.ts";
import type { WrittenDefinition } from "./definition-files.ts";
import { type DefinedFlow, definitionOf, definitionText } from "./definition-text.ts";

export interface FlowChange {
  readonly code: string;
  readonly kind: "create" | "update" | "none";
  readonly wanted: DefinedFlow;
  /** Of what is there now; null when nothing is. */
  readonly etag: string | null;
  /** Unified diff of the two as YAML; empty when they are the same. */
  readonly diff: string;
}

/** What may be sent to where is the gateway's setting, and not that of whoever writes flows. */
const leftToTheGateway = () => null;

interface Wanted {
  readonly flow: DefinedFlow;
  /** False when the file does not say whether the flow is enabled. */
  readonly saysEnabled: boolean;
}

/**
 * Checks as the gateway does.
 * @param timeoutSeconds of actions that name none; what is applied names it, so that what is shown is what is applied
 * @throws CommandError with the errors of all definitions at once
 */
export const checkAll = (written: readonly WrittenDefinition[], timeoutSeconds: number): readonly Wanted[] => {
  const check = definitionChecker(new AjvPayloadValidator(), { timeoutSeconds }, leftToTheGateway);
  const errors: string[] = [];
  const wanted: Wanted[] = [];
  const places = new Map<string, string>();
  for (const { place, value } of written) {
    const code = (value as { code?: unknown } | null)?.code;
    const name = typeof code === "string" ? `${place} (${code})` : place;
    const checked = check(value);
    if (!checked.ok) {
      errors.push(...checked.errors.map(({ pointer, message }) => `${name}${pointer && ` ${pointer}`}: ${message}`));
      continue;
    }
    const { definition, enabled } = checked;
    const earlier = places.get(definition.code);
    if (earlier !== undefined) errors.push(`${name} is there twice: also in ${earlier}`);
    places.set(definition.code, place);
    wanted.push({ flow: { ...definition, enabled: enabled ?? true }, saysEnabled: enabled !== undefined });
  }
  if (errors.length === 0) return wanted;
  throw new CommandError(`nothing was applied: ${errors.length === 1 ? "there is an error" : "there are errors"}`, {
    details: errors,
  });
};

export const planChanges = async (api: SluiceClient, wanted: readonly Wanted[]): Promise<readonly FlowChange[]> => {
  const changes: FlowChange[] = [];
  for (const one of wanted) changes.push(await planChange(api, one));
  return changes;
};

/** What is there now, and its ETag; null when nothing is. */
const read = async (api: SluiceClient, code: string) => {
  try {
    const answer = await api.GET("/api/v1/flows/{code}", { params: { path: { code } } });
    return { flow: definitionOf(dataOf(answer)), etag: answer.response.headers.get("etag") };
  } catch (error) {
    if (error instanceof ApiError && error.code === "flow-not-found") return null;
    throw error;
  }
};

const planChange = async (api: SluiceClient, { flow, saysEnabled }: Wanted): Promise<FlowChange> => {
  const now = await read(api, flow.code);
  if (now === null) return { code: flow.code, kind: "create", wanted: flow, etag: null, diff: diffOf(flow, null) };
  const { flow: current, etag } = now;
  // A file that is silent about it neither stops a running flow nor starts one that someone has stopped.
  const target = saysEnabled ? flow : { ...flow, enabled: current.enabled };
  const same = canonicalJson(target) === canonicalJson(current);
  return {
    code: flow.code,
    kind: same ? "none" : "update",
    wanted: target,
    etag,
    diff: same ? "" : diffOf(target, current),
  };
};

const diffOf = (wanted: DefinedFlow, current: DefinedFlow | null): string =>
  createTwoFilesPatch(
    current === null ? "/dev/null" : `${wanted.code} (now)`,
    `${wanted.code} (wanted)`,
    current === null ? "" : definitionText(current),
    definitionText(wanted),
    undefined,
    undefined,
    { context: 3, headerOptions: FILE_HEADERS_ONLY },
  );
