/** The message sources that the conformance suite runs over. */
import { EmbeddedBroker, EmbeddedBrokerSource } from "@sluice/adapter-broker";
import { MqttMessageSource, type SessionMemory } from "@sluice/adapter-mqtt";
import type { MessageSource } from "@sluice/domain";
import { findDynamicSecurity, mosquittoProgram, startMosquitto } from "../support/mosquitto.ts";
import { Nats, natsProgram } from "../support/nats.ts";
import { RabbitMq, rabbitMqProgram } from "../support/rabbitmq.ts";
import { TcpLink } from "../support/tcp-link.ts";

export interface SourceOptions {
  readonly windowMessages?: number;
  readonly windowBytes?: number;
  readonly maximumBatch?: number;
  readonly memory?: SessionMemory;
}

export interface SourceCapabilities {
  /** The broker is another process: connections break, the session outlives the source. */
  readonly remote: boolean;
  /** MQTT 5: properties. */
  readonly properties: boolean;
  /** The broker refuses `forbidden/#`. */
  readonly refusals: boolean;
  /** Only the source's own memory is in this process, not a broker's queue as well. */
  readonly memoryIsItsOwn: boolean;
  /** QoS 2; else QoS 1 is the highest. */
  readonly exactlyOnce: boolean;
  /** Messages that different filters match come in the order in which they were published. */
  readonly ordersFilters: boolean;
  /** Who sends a message again says so. */
  readonly marksRepeats: boolean;
}

export interface SourceRig {
  readonly deviceUrl: () => string;
  readonly link: TcpLink;
  /** Direction of the link in which acknowledgements go. */
  readonly acknowledged: "forth" | "back";
  open(options?: SourceOptions): MessageSource;
  restartBroker(): Promise<void>;
  killBroker(): Promise<void>;
  startBroker(): Promise<void>;
  remove(): Promise<void>;
}

export interface MessageSourceAdapter {
  readonly name: string;
  /** What must be on this machine. */
  readonly service: { readonly name: string; readonly available: boolean };
  readonly capabilities: SourceCapabilities;
  create(): Promise<SourceRig>;
  /** Definitions that it opts out of, by name, each with the reason. */
  readonly notSupported: Readonly<Record<string, string>>;
}

const ourselves = { name: "the embedded broker", available: true };

const quickBackoff = { initialSeconds: 0.02, maximumSeconds: 0.1 };

/** Mosquitto's own plugin; its ACL file cannot refuse a subscription. */
const dynamicSecurity = findDynamicSecurity();
const rules = JSON.stringify({
  defaultACLAccess: { publishClientSend: true, publishClientReceive: true, subscribe: true, unsubscribe: true },
  anonymousGroup: "everybody",
  groups: [{ groupname: "everybody", roles: [{ rolename: "reader" }] }],
  roles: [{ rolename: "reader", acls: [{ acltype: "subscribePattern", topic: "forbidden/#", allow: false }] }],
});

const overMosquitto = (protocolVersion: 4 | 5): MessageSourceAdapter => ({
  name: `mqtt, MQTT ${protocolVersion === 5 ? "5" : "3.1.1"} to Mosquitto`,
  service: { name: "mosquitto", available: mosquittoProgram },
  capabilities: {
    remote: true,
    properties: protocolVersion === 5,
    refusals: dynamicSecurity !== null,
    memoryIsItsOwn: true,
    exactlyOnce: true,
    ordersFilters: true,
    marksRepeats: true,
  },
  create: async () => {
    // Without a limit of the broker's own, the window is what keeps the messages away.
    const broker = await startMosquitto({
      persistence: true,
      config: [
        "allow_anonymous true",
        "max_inflight_messages 0",
        ...(dynamicSecurity === null
          ? []
          : [`plugin ${dynamicSecurity}`, "plugin_opt_config_file {dir}/dynamic-security.json"]),
      ],
      files: { "dynamic-security.json": rules },
    });
    const link = await TcpLink.open(() => broker.port);
    return {
      deviceUrl: () => broker.url,
      link,
      acknowledged: "forth",
      open: ({ memory, ...limits } = {}) =>
        new MqttMessageSource({
          ...limits,
          url: link.url,
          clientId: "sluice-conformance",
          protocolVersion,
          receiveMaximum: 65_535,
          backoff: quickBackoff,
          ...(memory === undefined ? {} : { sessionMemory: memory }),
        }),
      restartBroker: () => broker.restart(),
      killBroker: () => broker.kill(),
      startBroker: () => broker.start(),
      remove: async () => {
        await link.close();
        await broker.kill();
      },
    };
  },
  notSupported: {},
});

/** The embedded broker as any other broker: MQTT 3.1.1 after a refused try with MQTT 5. */
const overAedes: MessageSourceAdapter = {
  name: "mqtt, to the embedded broker",
  service: ourselves,
  capabilities: {
    remote: true,
    properties: false,
    refusals: false,
    memoryIsItsOwn: false,
    exactlyOnce: true,
    ordersFilters: true,
    marksRepeats: false,
  },
  create: async () => {
    // A session's queue holds what is on its way to a subscriber, too.
    const limits = { maximumQueuedMessages: 1_000_000 };
    let broker = new EmbeddedBroker({ port: 0, ...limits });
    const { port } = await broker.start();
    const link = await TcpLink.open(() => port);
    const restart = async () => {
      await broker.stop();
      broker = new EmbeddedBroker({ port, ...limits });
      await broker.start();
    };
    return {
      deviceUrl: () => broker.url,
      link,
      acknowledged: "forth",
      open: ({ memory, ...limits } = {}) =>
        new MqttMessageSource({
          ...limits,
          url: link.url,
          clientId: "sluice-conformance",
          backoff: quickBackoff,
          ...(memory === undefined ? {} : { sessionMemory: memory }),
        }),
      restartBroker: restart,
      killBroker: () => broker.stop(),
      startBroker: restart,
      remove: async () => {
        await link.close();
        await broker.stop();
      },
    };
  },
  notSupported: {
    "gives a message the QoS of the subscription at the most": "aedes does so only for filters without wildcards",
    "a QoS 2 message comes once though the connection is cut before its acknowledgement":
      "aedes does not set DUP on what it sends again [MQTT-3.3.1-1]",
    "QoS 2 messages come once each, however often the connection is cut":
      "aedes gives a message another packet identifier when it sends it again",
    "takes shared filters": "aedes has no shared subscriptions",
    "everything that the broker acknowledged arrives, though it is restarted under load":
      "the embedded broker keeps nothing over a restart; its own source is what makes an acknowledgement durable",
  },
};

/** The whole file's: it takes long to start. */
let rabbitMq: Promise<RabbitMq> | null = null;

const overRabbitMq: MessageSourceAdapter = {
  name: "mqtt, MQTT 3.1.1 to RabbitMQ",
  service: { name: "rabbitmq-server", available: rabbitMqProgram },
  capabilities: {
    remote: true,
    properties: false,
    refusals: false,
    memoryIsItsOwn: true,
    exactlyOnce: false,
    ordersFilters: true,
    marksRepeats: true,
  },
  create: async () => {
    rabbitMq ??= RabbitMq.start();
    const broker = await rabbitMq;
    const user = await broker.newHost();
    const link = await TcpLink.open(() => broker.port);
    return {
      deviceUrl: () =>
        `mqtt://${encodeURIComponent(user.username)}:${encodeURIComponent(user.password)}@127.0.0.1:${broker.port}`,
      link,
      acknowledged: "forth",
      open: ({ memory, ...limits } = {}) =>
        new MqttMessageSource({
          ...limits,
          ...user,
          url: link.url,
          clientId: "sluice-conformance",
          backoff: quickBackoff,
          ...(memory === undefined ? {} : { sessionMemory: memory }),
        }),
      restartBroker: async () => {
        await broker.kill();
        await broker.start();
      },
      killBroker: () => broker.kill(),
      startBroker: () => broker.start(),
      remove: () => link.close(),
    };
  },
  notSupported: {
    "marks what the broker had retained, and only that":
      "RabbitMQ gives retained messages to filters without wildcards only",
    "takes the higher QoS of a filter that is there twice, and follows a change of it":
      "RabbitMQ 3.10 keeps the subscription at the QoS before beside the new one",
    "takes shared filters": "RabbitMQ has no shared subscriptions",
    "follows a list that changed while offline":
      "RabbitMQ 3.10 does nothing for an UNSUBSCRIBE of what an earlier connection subscribed",
    "lets go, after a restart, what it remembers and nobody wants any more":
      "RabbitMQ 3.10 does nothing for an UNSUBSCRIBE of what an earlier connection subscribed",
    "starts before its broker": "RabbitMQ takes seconds to start; that it is started anew is tested once",
    "everything that the broker acknowledged arrives, though it is restarted under load":
      "RabbitMQ takes seconds to start, three times",
  },
};

const overNats: MessageSourceAdapter = {
  name: "mqtt, MQTT 3.1.1 to NATS",
  service: { name: "nats-server", available: natsProgram },
  capabilities: {
    remote: true,
    properties: false,
    refusals: false,
    memoryIsItsOwn: true,
    exactlyOnce: false,
    ordersFilters: false,
    marksRepeats: true,
  },
  create: async () => {
    const broker = await Nats.start();
    const link = await TcpLink.open(() => broker.port);
    return {
      deviceUrl: () => broker.url,
      link,
      acknowledged: "forth",
      open: ({ memory, ...limits } = {}) =>
        new MqttMessageSource({
          ...limits,
          url: link.url,
          clientId: "sluice-conformance",
          backoff: quickBackoff,
          ...(memory === undefined ? {} : { sessionMemory: memory }),
        }),
      restartBroker: () => broker.restart(),
      killBroker: () => broker.kill(),
      startBroker: () => broker.start(),
      remove: async () => {
        await link.close();
        await broker.kill();
      },
    };
  },
  notSupported: {
    "delivers topics of any characters": "NATS 2.9 takes neither spaces nor dots in topics",
    "leaves the broker's own messages out of #": "NATS gives # its own API's messages as well",
    "delivers a message once where filters overlap":
      "NATS sends a copy for each filter, and under MQTT 3.1.1 nothing tells it from a message of its own",
    "takes shared filters": "NATS has no shared subscriptions in MQTT",
    "takes many filters, and lets many go":
      "each filter of a NATS session has a fixed part (max_ack_pending) of 65,535 unacknowledged messages",
    "everything that the broker acknowledged arrives, though it is restarted under load":
      "NATS 2.9 loses what is on its way to a subscriber when it ends; a bare one misses it as well",
  },
};

const cannotRestart = () => Promise.reject(new Error("the embedded broker ends with the process of its source"));

const embedded: MessageSourceAdapter = {
  name: "embedded broker",
  service: ourselves,
  capabilities: {
    remote: false,
    properties: false,
    refusals: false,
    memoryIsItsOwn: true,
    exactlyOnce: true,
    ordersFilters: true,
    marksRepeats: false,
  },
  create: async () => {
    const broker = new EmbeddedBroker({ port: 0 });
    const link = await TcpLink.open(() => broker.status.port);
    return {
      deviceUrl: () => link.url,
      link,
      acknowledged: "back",
      open: ({ memory: _memory, ...limits } = {}) => {
        const source = new EmbeddedBrokerSource(broker, limits);
        return {
          name: source.name,
          start: async () => {
            await broker.start();
            await source.start();
          },
          stop: () => source.stop(),
          subscribe: (subscriptions) => source.subscribe(subscriptions),
          receive: () => source.receive(),
          status: () => source.status(),
        };
      },
      restartBroker: cannotRestart,
      killBroker: cannotRestart,
      startBroker: cannotRestart,
      remove: async () => {
        await link.close();
        await broker.stop();
      },
    };
  },
  notSupported: {},
};

export const messageSourceAdapters: readonly MessageSourceAdapter[] = [
  overMosquitto(5),
  overMosquitto(4),
  overAedes,
  embedded,
  overRabbitMq,
  overNats,
];
