/** Examples of how the gateway is, and of who may ask it. */
import { AT, CODE, RECEIVED_AT } from "./values.ts";

const reasons = [{ code: "dead-letters", status: "degraded", message: "forwarder: 1 dead letter" }];

export const Liveness = { status: "healthy" };
export const Readiness = { ready: true, status: "degraded", reasons };

const sink = {
  name: "projection",
  status: "healthy",
  lagEvents: 0,
  lagSeconds: 0,
  pending: 0,
  oldestPendingSeconds: 0,
  dead: 0,
  lastError: null,
};

export const Health = {
  status: "degraded",
  client_id: "mqtt-gateway",
  reasons,
  brokers: [
    {
      name: "default",
      url: "mqtt://127.0.0.1:1883",
      connected: true,
      protocolVersion: 5,
      subscriptions: 1,
      currentBackoffSeconds: 0,
      lastError: null,
    },
  ],
  log: { writable: true, head: "4712", unacknowledged: 0, lastError: null },
  spool: null,
  sinks: [sink, { ...sink, name: "forwarder", status: "degraded", dead: 1 }],
  statistics: {
    connected: true,
    current_backoff_seconds: 0,
    offline_queue: {
      total_messages: 0,
      by_priority: {},
      oldest_message_age_seconds: null,
      capacity_used_percent: 0,
    },
    inflight_messages: 0,
    tls_enabled: false,
    active_subscriptions: 1,
  },
};

export const metrics = `# HELP sluice_flow_received_total Messages received.
# TYPE sluice_flow_received_total counter
sluice_flow_received_total{flow="${CODE}"} 1200
`;

export const ReloadResult = {
  flows: { defined: [], revised: [CODE], enabled: [], disabled: [], retired: [], refused: [], overruled: [] },
  brokers: { started: [], replaced: [], stopped: [], unchanged: ["default"] },
};

const origin = "sluice/83167062-a315-4096-aeee-439e85b999a2";
const root = "Y7EV2/GI3/QE8omkgr/ubf7ahZ4TlRIs9OaNn9mm6b8=";
export const Checkpoint = {
  origin,
  size: 4712,
  position: "4712",
  root,
  time: RECEIVED_AT,
  note: `${origin}\n4712\n${root}\nposition 4712\ntime ${RECEIVED_AT}\n\n— ${origin} sc+9Yf5gnV9o0E80kyfVkuIU2YpzGpwLqHGoTU5x0Zx1GYL+mxI1rHvHpdpNtr0oTsW91isdEK90fQDte9siACaCSwY=\n`,
  key: `${origin}+b1cfbd61+AR2KkXMreFy15NsusxjnDmU+mwv/wPXkqw4G+qzam4Sr`,
};

export const TokenInput = { name: "dashboard", role: "viewer", expiresIn: "90d" };
const token = {
  name: "dashboard",
  id: "1d29ec1c48698daf",
  role: "viewer",
  createdAt: AT,
  createdBy: "api:admin",
  expiresAt: "2026-05-01T12:00:00.000Z",
};
export const TokenView = { ...token, expired: false, lastUsedAt: RECEIVED_AT };
export const IssuedToken = { ...token, token: "slc_1d29ec1c48698daf_<43 more characters>" };
