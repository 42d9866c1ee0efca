/**
 * Where flows and brokers may be defined beside the API: the tables `flows` and `mqtt_servers` of the projection
 * database, which people change with plain SQL.
 *
 * Protocol. `start()` once, then `read()` at every reload, then `stop()`. A read is one consistent look at everything;
 * what follows from it is decided outside (`planFlowTable`), as commands with the table as their author.
 *
 * Three parties write a row of `flows`: people, the projector, which mirrors the log's definitions there, and the older
 * gateway before both. So beside each row that the projector has written the store keeps what it wrote: `mirrored`. A row
 * that is as it was mirrored has not been edited; one that was mirrored and is gone was deleted by hand; one that was
 * never mirrored is new, or the older gateway's.
 *
 * Nothing is judged here: a row that makes no sense is given as it stands.
 */

/** The columns of a row of `flows` that people write; text as it stands there. */
export interface FlowTableColumns {
  readonly description: string | null;
  readonly topic: string | null;
  readonly action: string | null;
  /** JSON text. */
  readonly payloadSchema: string | null;
  readonly endpointUrl: string | null;
  readonly enabled: boolean;
}

export interface FlowTableRow extends FlowTableColumns {
  /** The row's own id; stays when the code is changed. */
  readonly id: number;
  readonly code: string;
  /** `last_msg_id`. */
  readonly lastMessageNumber: number;
}

/** A row of `mqtt_servers`. The last four columns are Sluice's own additions, all optional. */
export interface MqttServerRow {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  readonly username: string | null;
  readonly password: string | null;
  readonly enabled: boolean;
  readonly isDefault: boolean;
  /** `mqtt`, `mqtts`, `ws` or `wss`; null: `mqtt`. */
  readonly protocol: string | null;
  /** Paths of PEM files; null: those of the configuration. */
  readonly caCerts: string | null;
  readonly certfile: string | null;
  readonly keyfile: string | null;
}

export interface FlowSourceContent {
  /** In the order of their ids. */
  readonly flows: readonly FlowTableRow[];
  /** By code: what the projector wrote last. */
  readonly mirrored: ReadonlyMap<string, FlowTableColumns>;
  /** In the order of their ids. */
  readonly servers: readonly MqttServerRow[];
}

export interface FlowSource {
  /** Of the table, for events and logs: `flows`. */
  readonly name: string;
  /** Creates or migrates the tables as `ProjectionStore.start` does; either may be first. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** @throws FlowSourceUnavailable when the database cannot be read now */
  read(): Promise<FlowSourceContent>;
}

export class FlowSourceUnavailable extends Error {
  override readonly name = "FlowSourceUnavailable";
}
