/** The schemas that the OpenAPI document has by name. */
import type { TSchema } from "typebox";
import { EventEnvelope } from "../events.ts";
import { FlowDefinition } from "../flow-definition.ts";
import { Problem } from "../problems.ts";
import { CheckpointPage, CheckpointView } from "./checkpoints.ts";
import { DataItem, DataPage } from "./data.ts";
import {
  DeadLetter,
  DeadLetterCause,
  DeadLetterCauses,
  DeadLetterCommand,
  DeadLetterDetail,
  DeadLetterEdited,
  DeadLetterPage,
  DeadLetterReason,
  DeadLetterResult,
  DeadLetterRetry,
} from "./dead-letters.ts";
import {
  FlowAt,
  FlowHistoryItem,
  FlowHistoryPage,
  FlowInput,
  FlowPage,
  FlowTestRequest,
  FlowTestResult,
  FlowView,
  RollbackInput,
} from "./flows.ts";
import { HealthReport, Liveness, Readiness } from "./health.ts";
import { DeliveryStep, EventPage, MessageStory, NearMiss } from "./log.ts";
import { PublishInput, PublishResult, PublishStatus } from "./publish.ts";
import { ReloadResult } from "./reload.ts";
import { Replay, ReplayInput, ReplayPage } from "./replays.ts";
import { IssuedToken, TokenInput, TokenPage, TokenView } from "./tokens.ts";

export const apiSchemas: readonly TSchema[] = [
  Problem,
  FlowDefinition,
  FlowInput,
  FlowView,
  FlowAt,
  FlowPage,
  FlowHistoryItem,
  FlowHistoryPage,
  FlowTestRequest,
  FlowTestResult,
  RollbackInput,
  EventEnvelope,
  EventPage,
  DataItem,
  DataPage,
  DeadLetter,
  DeadLetterPage,
  DeadLetterCommand,
  DeadLetterReason,
  DeadLetterRetry,
  DeadLetterEdited,
  DeadLetterDetail,
  DeadLetterCause,
  DeadLetterCauses,
  DeadLetterResult,
  MessageStory,
  NearMiss,
  DeliveryStep,
  PublishInput,
  PublishResult,
  PublishStatus,
  ReloadResult,
  Replay,
  ReplayInput,
  ReplayPage,
  CheckpointView,
  CheckpointPage,
  TokenInput,
  TokenView,
  TokenPage,
  IssuedToken,
  Liveness,
  Readiness,
  HealthReport,
];
