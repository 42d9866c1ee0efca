import type { FlowDefinition } from "@sluice/contracts";

/** The broker of a flow that names none. */
export const DEFAULT_BROKER = "default";
/** As a flow's broker: each that the gateway has, also one that comes later. */
export const EVERY_BROKER = "*";

/** Whether messages from that broker are for the flow. */
export const isOfBroker = ({ broker }: Pick<FlowDefinition, "broker">, name: string): boolean =>
  broker === name || broker === EVERY_BROKER;
