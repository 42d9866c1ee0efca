/**
 * Where flows and brokers may be defined beside the API: the tables `flows` and `mqtt_servers` of the projection
 * database, which people change with plain SQL.
 *
 * Protocol. `start()` once, then `read()` at every reload, then `stop()`. A read is one consistent look at everything;
 * what follows from it is decided outside (`planFlowTable`), as commands with the table as their author. A `start()` that
 * throws FlowSourceUnavailable may be tried again.
 *
 * Three parties write a row of `flows`: people, the projector, which mirrors the log's definitions there, and the older
 * gateway before both. So beside each row that the projector has written the store keeps what it wrote: `mirrored`. A row
 * that is as it was mirrored has not been edited; one that was mirrored and is gone was deleted by hand; one that was
 * never mirrored is new, or the older gateway's. An edit that the projector wrote over is kept in the same transaction,
 * and given out as `overruled` until someone says that it is in the log.
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

/** An edit that gave way to what the log said (`mirrorStep`), kept until it is in the log. */
export interface OverruledEdit {
  readonly id: number;
  readonly code: string;
  /** The position in the log that the projector had reached. */
  readonly position: string;
  /** What stood in the table; null: the row had been deleted. */
  readonly row: FlowTableColumns | null;
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
  /** In the order in which they were overruled; the oldest thousand at the most. */
  readonly overruled: readonly OverruledEdit[];
}

export interface FlowSource {
  /** Of the table, for events and logs: `flows`. */
  readonly name: string;
  /** Creates or migrates the tables as `ProjectionStore.start` does; either may be first. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** @throws FlowSourceUnavailable when the database cannot be read now */
  read(): Promise<FlowSourceContent>;
  /**
   * These overruled edits are in the log and can be forgotten.
   * @throws FlowSourceUnavailable; they are then given again
   */
  recorded(ids: readonly number[]): Promise<void>;
}

export class FlowSourceUnavailable extends Error {
  override readonly name = "FlowSourceUnavailable";
}
