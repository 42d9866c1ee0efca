/** Which enabled flows take the messages of a topic, and what must be subscribed for them. */
import type { FlowDefinition } from "@sluice/contracts";
import {
  isOfBroker,
  normalisePayloadSchema,
  type PayloadValidator,
  parseTopicFilter,
  RoutingTrie,
  type Subscription,
  type Validate,
} from "@sluice/domain";
import type { Logger } from "pino";
import type { FlowEntry } from "./flow-fold.ts";

export interface FlowRoutesDependencies {
  readonly validator: PayloadValidator;
  readonly log: Logger;
}

export class FlowRoutes {
  readonly #deps: FlowRoutesDependencies;
  #trie = new RoutingTrie<FlowEntry>();

  constructor(dependencies: FlowRoutesDependencies) {
    this.#deps = dependencies;
  }

  /** Enabled flows whose filter matches; the broker is the caller's to compare. */
  match(topic: string): readonly FlowEntry[] {
    return this.#trie.match(topic);
  }

  isWanted(topic: string, broker: string): boolean {
    return this.match(topic).some(({ route }) => route !== null && isOfBroker(route.definition, broker));
  }

  /** Of these flows, at one broker. */
  subscriptions(entries: Iterable<FlowEntry>, broker: string): readonly Subscription[] {
    const subscriptions: Subscription[] = [];
    for (const { route } of entries) {
      if (route !== null && isOfBroker(route.definition, broker)) {
        subscriptions.push({ filter: route.filter.subscription, qos: route.definition.qos });
      }
    }
    return subscriptions;
  }

  /** All flows anew. */
  reset(entries: Iterable<FlowEntry>): void {
    this.#trie = new RoutingTrie();
    for (const entry of entries) {
      entry.route = null;
      this.set(entry);
    }
  }

  /** After a change of the flow's definition, or of its being enabled. */
  set(entry: FlowEntry): void {
    if (entry.route !== null) this.#trie.delete(entry.route.filter, entry);
    entry.route = null;
    const { definition, status } = entry.state;
    if (definition === null || status !== "enabled") return;
    try {
      entry.route = {
        definition,
        filter: parseTopicFilter(definition.topic),
        validate: compileSchema(definition, this.#deps.validator),
      };
      this.#trie.insert(entry.route.filter, entry);
    } catch (error) {
      // Definitions are checked before they are recorded: this is a log written by a gateway with other rules.
      this.#deps.log.error({ flow: definition.code, err: error }, "flow cannot be activated");
    }
  }
}

const acceptAnything: Validate = () => [];

/** @throws BadSchema */
export const compileSchema = (definition: FlowDefinition, validator: PayloadValidator): Validate => {
  if (definition.payloadSchema === null) return acceptAnything;
  const normalised = normalisePayloadSchema(definition.payloadSchema);
  if (!normalised.ok) throw new Error(normalised.errors.map((error) => error.message).join("; "));
  return validator.compile(normalised.schema);
};
