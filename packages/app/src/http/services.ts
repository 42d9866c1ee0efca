/** What the admin API needs of the gateway. `buildHttpServer` takes it, so that tests can serve one without a gateway. */
import type { ActionCounts, HealthReport, MessageStory, ReloadResult } from "@sluice/contracts";
import type { Clock, EventStore, IdSource, PayloadCodec, PayloadValidator, ProjectionStore } from "@sluice/domain";
import type { Logger } from "pino";
import type { AccessTokens } from "../access/access-tokens.ts";
import type { AuditTrail } from "../access/audit-trail.ts";
import type { CheckEndpoint } from "../flows/check-definition.ts";
import type { FlowRegistry } from "../flows/flow-registry.ts";
import type { CheckpointService } from "../integrity/checkpoint-service.ts";
import type { Publishers } from "../publishing/publishers.ts";
import type { Replays } from "../replay/replays.ts";
import type { RateLimits } from "./rate-limits.ts";
import type { LiveOptions } from "./routes/live.ts";

export interface AdminServices {
  readonly registry: FlowRegistry;
  readonly store: EventStore;
  /** A reading instance: only the listings, `row` and `counts` are called. */
  readonly projection: ProjectionStore;
  /** Where events and rows are, without credentials. */
  readonly stores: MessageStory["stores"];
  readonly codec: PayloadCodec;
  readonly validator: PayloadValidator;
  readonly ids: IdSource;
  readonly clock: Clock;
  readonly log: Logger;
  readonly tokens: AccessTokens;
  readonly audit: AuditTrail;
  readonly rateLimits: RateLimits;
  /** Of the live tail; its defaults where absent. */
  readonly live?: LiveOptions;
  /** HTTP_TIMEOUT_SECONDS, for actions that name none. */
  readonly defaultTimeoutSeconds: number;
  /** MAX_PAYLOAD_BYTES, of edited bodies and values. */
  readonly maxPayloadBytes: number;
  readonly checkEndpoint: CheckEndpoint;
  readonly checkpoints: Pick<CheckpointService, "list" | "latest" | "make">;
  readonly replays: Pick<Replays, "request" | "list" | "get" | "cancel" | "lastSwitch">;
  readonly publishing: Pick<Publishers, "publish" | "status">;
  health(): Promise<HealthReport>;
  /** @throws FlowSourceUnavailable, EventStoreUnavailable */
  reload(): Promise<ReloadResult>;
  /** Prometheus text format. */
  metrics(): Promise<{ readonly contentType: string; readonly body: string }>;
  /** Conserved counts of the actions of these flows, by the flow's code; a flow that is not there is left out. */
  actionCounts(flows: readonly string[]): Promise<ReadonlyMap<string, readonly ActionCounts[]>>;
}
