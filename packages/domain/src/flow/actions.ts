/** Actions of a definition: their defaults, and what must hold of them beyond their shape. */
import type { Action, ActionInput, PostEndpointAction, StoreDbAction } from "@sluice/contracts";
import { appendPointer } from "../json-pointer.ts";
import { ownMember } from "../own-member.ts";
import { checkHeaders, checkUrl } from "./endpoint-rules.ts";
import type { Findings } from "./findings.ts";

export interface ActionDefaults {
  /** Of one attempt to forward. */
  readonly timeoutSeconds: number;
}

type StoreDbInput = Extract<ActionInput, { type: "STORE_DB" }>;
type PostEndpointInput = Extract<ActionInput, { type: "POST_ENDPOINT" }>;

/**
 * No two attributes may be stored under one name, as far as the definition tells.
 * @param listed attributes that the payload schema names
 */
const checkRenames = (input: StoreDbInput, listed: readonly string[], pointer: string, findings: Findings): void => {
  const rename = findings.record(input.rename, appendPointer(pointer, "rename"));
  const selected = findings.list(input.attributes, appendPointer(pointer, "attributes"));
  const stored = new Set(input.attributes === undefined ? listed : selected);
  const sources = new Map<unknown, string>();
  for (const [source, target] of Object.entries(rename)) {
    const at = appendPointer(appendPointer(pointer, "rename"), source);
    const earlier = sources.get(target);
    if (earlier !== undefined) findings.add(at, "rename", `"${earlier}" is renamed to "${target}" already`);
    else sources.set(target, source);
    if (target !== source && stored.has(target) && ownMember(rename, target as string) === undefined) {
      findings.add(at, "rename", `"${target}" is the name of another attribute that is stored`);
    }
    if (input.attributes !== undefined && !stored.has(source)) {
      findings.add(at, "rename", `"${source}" is not among the attributes that are stored`);
    }
  }
};

const storeDb = (id: string, input: StoreDbInput): StoreDbAction => ({
  id,
  type: "STORE_DB",
  ...(input.attributes === undefined ? {} : { attributes: input.attributes }),
  ...(input.rename === undefined ? {} : { rename: input.rename }),
});

const postEndpoint = (id: string, input: PostEndpointInput, defaults: ActionDefaults): PostEndpointAction => ({
  id,
  type: "POST_ENDPOINT",
  url: input.url,
  headers: input.headers ?? {},
  timeoutSeconds: input.timeoutSeconds ?? defaults.timeoutSeconds,
  maxAttempts: input.maxAttempts ?? 10,
  ordered: input.ordered ?? false,
  concurrency: input.concurrency ?? 8,
  priority: input.priority ?? 5,
});

/**
 * The actions with every default filled in. An action without an id takes its type's name, the later ones of that type
 * with their number among them: `POST_ENDPOINT`, `POST_ENDPOINT-2`.
 */
export const normaliseActions = (
  inputs: unknown,
  listed: readonly string[],
  defaults: ActionDefaults,
  findings: Findings,
): readonly Action[] => {
  const ids = new Set<string>();
  const ordinals = new Map<string, number>();
  const actions = findings.list(inputs, "/actions").map((item, index): Action | null => {
    const pointer = appendPointer("/actions", index);
    const input = findings.record(item ?? null, pointer) as ActionInput;
    if (input.type !== "STORE_DB" && input.type !== "POST_ENDPOINT") {
      findings.add(appendPointer(pointer, "type"), "enum", "must be STORE_DB or POST_ENDPOINT");
      return null;
    }
    const ordinal = (ordinals.get(input.type) ?? 0) + 1;
    ordinals.set(input.type, ordinal);
    const id = input.id ?? (ordinal === 1 ? input.type : `${input.type}-${ordinal}`);
    if (ids.has(id)) {
      const message = `two actions have the id "${id}"${input.id === undefined ? ", this one by default" : ""}`;
      findings.add(input.id === undefined ? pointer : appendPointer(pointer, "id"), "uniqueItems", message);
    }
    ids.add(id);
    if (input.type === "STORE_DB") {
      checkRenames(input, listed, pointer, findings);
      return storeDb(id, input);
    }
    checkUrl(input.url, appendPointer(pointer, "url"), findings);
    const headers = appendPointer(pointer, "headers");
    checkHeaders(findings.record(input.headers, headers), headers, findings);
    return postEndpoint(id, input, defaults);
  });
  if (actions.length === 0) findings.add("/actions", "minItems", "at least one action is needed");
  return actions.filter((action) => action !== null);
};
