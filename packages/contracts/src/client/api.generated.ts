/** Types of the admin API. Made from its OpenAPI document by `node packages/app/src/http/write-client.ts`. */
export interface paths {
    "/api/v1/checkpoints": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Signed checkpoints of the event log, the newest first
         * @description Each is the head of the Merkle tree over the log at one size; `sluice verify` checks the log against it.
         *
         *     Takes the role viewer.
         */
        get: operations["listCheckpoints"];
        put?: never;
        /**
         * Sign what is sealed of the log now
         * @description Sealing follows the log by moments: `size` and `position` say how far it has come. Keep `note` where whoever can write to this machine cannot.
         *
         *     Takes the role operator.
         */
        post: operations["makeCheckpoint"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/checkpoints/latest": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The newest checkpoint
         * @description Takes the role viewer.
         */
        get: operations["latestCheckpoint"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/data": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Stored attributes
         * @description By the time of receipt. What the gateway receives shows here when the projection has taken it in.
         *
         *     Takes the role viewer.
         */
        get: operations["listData"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/data/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One stored attribute
         * @description By the id of its row, as queries of the table `data` show it. `messageId` leads to its message's story, where `eventId` is among the events; both are null in a row that the older gateway wrote.
         *
         *     Takes the role viewer.
         */
        get: operations["getData"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What was given up on
         * @description In the order in which they died first.
         *
         *     Takes the role viewer.
         */
        get: operations["listDeadLetters"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One dead letter with what it is about
         * @description The message as it was received, what a retry would post or store, the last failed attempts, and the edits so far with their authors.
         *
         *     Takes the role viewer.
         */
        get: operations["getDeadLetter"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters/{id}/discard": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Discard one dead letter
         * @description It is given up for good, and counted as discarded.
         *
         *     Takes the role operator.
         */
        post: operations["discardDeadLetter"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters/{id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Retry one dead letter, as it is or edited
         * @description It is pending again: the delivery is made, or the row stored, as if for the first time. With `edit` another body is posted, by this and every later attempt, with an Idempotency-Key of its own; or another row is stored, under the id of the event that has the edit. What was received stays in the log as it was. A `count` of 0: it was settled already, and the edit was not taken.
         *
         *     Takes the role operator.
         */
        post: operations["retryDeadLetter"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters/causes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What dead letters have in common
         * @description Dead letters by kind, flow, action, attribute and cause, which is their reason without what varies; the most numerous first. The cause is a filter of listing, retrying and discarding.
         *
         *     Takes the role viewer.
         */
        get: operations["listDeadLetterCauses"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters/discard": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Discard dead letters
         * @description It is given up for good, and counted as discarded. All that are dead when the request comes; those that die meanwhile are left.
         *
         *     Takes the role operator.
         */
        post: operations["discardDeadLetters"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Retry dead letters
         * @description It is pending again: the delivery is made, or the row stored, as if for the first time. All that are dead when the request comes; those that die meanwhile are left.
         *
         *     Takes the role operator.
         */
        post: operations["retryDeadLetters"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What the event log has recorded
         * @description In the order of the log, or backwards. `next` is null at the end of the log as it is now; a reader that wants what comes later asks again with `after` set to the `position` of the last event that it has seen.
         *
         *     Takes the role viewer.
         */
        get: operations["listEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/flows": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Every flow, by code
         * @description Takes the role viewer.
         */
        get: operations["listFlows"];
        put?: never;
        /**
         * Create a flow
         * @description A retired flow's code may be used again; its message numbers go on.
         *
         *     Takes the role admin.
         */
        post: operations["createFlow"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/flows/{code}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A flow as it is, or as it was
         * @description With `If-None-Match`: 304 while the version is the same, whatever the counters are.
         *
         *     Takes the role viewer.
         */
        get: operations["getFlow"];
        /**
         * Replace a flow's definition, or create it
         * @description What the definition leaves out takes its default; `enabled` stays as it is. Made only if the flow is as `If-Match` or `If-None-Match` says, where one of them is sent (RFC 9110, section 13). `If-None-Match: *` only creates, `If-Match: *` only replaces.
         *
         *     Takes the role admin.
         */
        put: operations["putFlow"];
        post?: never;
        /**
         * Retire a flow
         * @description It takes no messages any more; what it has received stays, and what it owes is still delivered. Made only if the flow is as `If-Match` or `If-None-Match` says, where one of them is sent (RFC 9110, section 13).
         *
         *     Takes the role admin.
         */
        delete: operations["retireFlow"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/flows/{code}/disable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take no messages in for now
         * @description Changes nothing when the flow is disabled already. Made only if the flow is as `If-Match` or `If-None-Match` says, where one of them is sent (RFC 9110, section 13).
         *
         *     Takes the role operator.
         */
        post: operations["disableFlow"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/flows/{code}/enable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take messages in again
         * @description Changes nothing when the flow is enabled already. Made only if the flow is as `If-Match` or `If-None-Match` says, where one of them is sent (RFC 9110, section 13).
         *
         *     Takes the role operator.
         */
        post: operations["enableFlow"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/flows/{code}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who changed what, and when
         * @description The newest change is last. A retired flow's history stays.
         *
         *     Takes the role viewer.
         */
        get: operations["flowHistory"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/flows/{code}/rollback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give a flow a definition back that it had
         * @description The definition becomes that of the version, as a new version, whose event says in its metadata which one it went back to. Whether the flow is enabled stays as it is. Changes nothing when the definition is that one already. Made only if the flow is as `If-Match` says, where it is sent (RFC 9110, section 13).
         *
         *     Takes the role admin.
         */
        post: operations["rollbackFlow"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/flows/{code}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * What one sample message would do, without doing it
         * @description Nothing is recorded, stored or sent. A disabled flow is tested as if it were enabled.
         *
         *     Takes the role operator.
         */
        post: operations["testFlow"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What the event log records, as it does
         * @description Server-sent events, each with the envelope as its data and its position as its id: from now on, or from behind `Last-Event-ID` or `after`, so that a reader that comes back misses nothing. A comment comes every 15 seconds where nothing happens. A reader that does not take what there is gets a last event named `dropped` with `{"reason":"slow"}`, as do all with `stopped` when the gateway stops and `unauthorized` when the token ends.
         *
         *     Takes the role viewer.
         */
        get: operations["tailEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/messages/{messageId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One message's whole story
         * @description What was received; which flows it matched, and which nearly; with which version of its definition each decided, and what; the rows that it led to and where they are; every attempt of every delivery; and what is still to be done.
         *
         *     Takes the role viewer.
         */
        get: operations["getMessage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/publish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What waits to be published, and how the publishers are
         * @description Takes the role viewer.
         */
        get: operations["publishStatus"];
        put?: never;
        /**
         * Publish a message to a broker
         * @description It is answered when the message is on disk, and goes out when the broker is there: the highest priority first, then what was published first.
         *
         *     Takes the role operator.
         */
        post: operations["publish"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/reload": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Read the tables of flows and brokers now
         * @description Without it they are read every FLOWS_RELOAD_INTERVAL_SECONDS. It answers when the changes that it found are made.
         *
         *     Takes the role operator.
         */
        post: operations["reload"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/replays": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Replays, those that have ended too
         * @description The newest first.
         *
         *     Takes the role viewer.
         */
        get: operations["listReplays"];
        put?: never;
        /**
         * Replay what the log holds
         * @description re-drive: the flow's rejected messages are decided again, and those that are accepted now are stored and forwarded. backfill: a flow, or an action of it, gets messages that the log has already. what-if: a definition is tried on them; nothing is recorded, stored or sent. Of these three, nothing that was recorded after the request is looked at, and what has been done is not done twice. rebuild: the rows, the dead rows and the counts are made anew from the log beside those that there are, compared with them, and put in their place. rollback: what was there before a rebuild comes back.
         *
         *     Takes the role operator.
         */
        post: operations["requestReplay"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/replays/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How far a replay is, and what came of it
         * @description Takes the role viewer.
         */
        get: operations["getReplay"];
        put?: never;
        post?: never;
        /**
         * Cancel a replay
         * @description What it has done stays done. One that has ended stays as it ended, and listed; and a rebuild or a rollback whose change to the tables is being made completes.
         *
         *     Takes the role operator.
         */
        delete: operations["cancelReplay"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Every token, by name
         * @description Expired ones too, until they are revoked or replaced. ADMIN_TOKEN is none of them.
         *
         *     Takes the role admin.
         */
        get: operations["listTokens"];
        put?: never;
        /**
         * Make a token
         * @description The answer has the token itself, which cannot be shown again: the log has only its digest.
         *
         *     Takes the role admin.
         */
        post: operations["createToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tokens/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke a token
         * @description It is refused from then on; at other gateways on the same log a moment later.
         *
         *     Takes the role admin.
         */
        delete: operations["revokeToken"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How the broker, the log, the sinks and the queues are
         * @description With every reason why it is not healthy; the details are for people and dashboards.
         */
        get: operations["health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether the process answers
         * @description Restart the process when this fails.
         */
        get: operations["live"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether messages are being taken in
         * @description Ready while the event log can be written and every broker is connected.
         */
        get: operations["ready"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Metrics for Prometheus
         * @description From the gateway's own machine no token is needed.
         *
         *     Takes the role viewer.
         */
        get: operations["metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Checkpoint: {
            /** @description The public key that it is signed with: <name>+<key id>+<base64>. */
            key: string;
            /** @description All of that signed with Ed25519, as a C2SP checkpoint: this text is what is kept elsewhere. */
            note: string;
            /** @description Names the tree, and is the name of its key. */
            origin: string;
            /** @description How far in the log that is; null: nothing was sealed yet. */
            position: string | null;
            /** @description Root of the tree (RFC 6962), base64. */
            root: string;
            /** @description Events that it covers, from the first one of the log. */
            size: number;
            /** Format: date-time */
            time: string;
        };
        CheckpointPage: {
            items: components["schemas"]["Checkpoint"][];
            /** @description Give it as `after` to get the next page; null: there is nothing more now. A page may have fewer items than `limit`, even none, and still have a `next`: a server does not search or collect without end. */
            next: string | null;
        };
        DataItem: {
            /** @description The flow's action that stored it; null, as is every id but the row's: the older gateway did. */
            action: string | null;
            attribute: string;
            deviceTime: string | null;
            eventId: string | null;
            flow: string;
            /** @description Of the row in the table `data`: decimal, and possibly beyond 2^53. A projection made anew gives others. */
            id: string;
            messageId: string | null;
            messageNumber: number;
            /** Format: date-time */
            receivedAt: string;
            /** @description The exact text of the value. */
            text: string;
            value: unknown;
            /**
             * @description integer: a JSON number written without fraction or exponent; number: any other.
             * @enum {unknown}
             */
            valueType: "string" | "integer" | "number" | "boolean" | "null" | "object" | "array";
        };
        DataPage: {
            items: components["schemas"]["DataItem"][];
            /** @description Give it as `after` to get the next page; null: there is nothing more now. A page may have fewer items than `limit`, even none, and still have a `next`: a server does not search or collect without end. */
            next: string | null;
        };
        DeadLetter: {
            action: string;
            attempts: number;
            attribute: string | null;
            /** Format: date-time */
            deadAt: string;
            /** @description The event behind it: DeliveryDeadLettered, or for a row the StoredAttribute that could not be stored, or the DeliveryRetried whose edit could not. */
            eventId: string;
            flow: string;
            id: string;
            /** @description delivery: of an action that posts. row: of one that stores. */
            kind: "delivery" | "row";
            messageId: string;
            messageNumber: number;
            reason: string;
        };
        DeadLetterCause: {
            action: string;
            /** @description Of rows; null for deliveries, and where the name is too long to be told apart by it. */
            attribute: string | null;
            /** @description The reason with `<id>`, `<number>`, `<time>` and `<value>` for what varies. A filter of the other operations. */
            cause: string;
            count: number;
            /** Format: date-time */
            firstDeadAt: string;
            flow: string;
            /** @description delivery: of an action that posts. row: of one that stores. */
            kind: "delivery" | "row";
            /** Format: date-time */
            lastDeadAt: string;
            /** @description Id of the letter that died last. */
            sample: string;
        };
        DeadLetterCauses: {
            /** @description The most numerous first. */
            items: components["schemas"]["DeadLetterCause"][];
            /** @description Whether there are causes beyond the limit. */
            more: boolean;
        };
        /** @description `ids`, or `filter`, or both, which takes the letters of these ids that the filter takes too. */
        DeadLetterCommand: {
            /** @description Every dead letter that it takes; empty: all. */
            filter?: {
                /** @description Id of the action. */
                action?: string;
                /** @description As `GET /api/v1/dead-letters/causes` gives it. */
                cause?: string;
                /**
                 * @description The flow's identity, unique and unchangeable: letters, digits, `_`, `-` and `.`, but not `.` or `..`.
                 * @example AHT10_SENSOR
                 */
                flow?: string;
                /** @description delivery: of an action that posts. row: of one that stores. */
                kind?: "delivery" | "row";
            };
            ids?: string[];
            /** @description Why; recorded. */
            reason?: string;
        };
        DeadLetterDetail: {
            action: string;
            attempts: number;
            attribute: string | null;
            cause: string;
            /** Format: date-time */
            deadAt: string;
            /** @description Null for a row. */
            delivery: {
                /** @description The last 20 that failed, in the order of the log. */
                attempts: components["schemas"]["DeliveryStep"][];
                /** @description What a retry posts; null: the message's own payload. */
                payload: {
                    data: string;
                    encoding: "utf8" | "base64";
                } | null;
                url: string | null;
            } | null;
            /** @description The last 20, in the order of the log. */
            edits: components["schemas"]["DeadLetterEdited"][];
            /** @description The event behind it: DeliveryDeadLettered, or for a row the StoredAttribute that could not be stored, or the DeliveryRetried whose edit could not. */
            eventId: string;
            flow: string;
            id: string;
            /** @description delivery: of an action that posts. row: of one that stores. */
            kind: "delivery" | "row";
            /** @description As it was received; null if the log lacks it. */
            message: {
                broker: string;
                payload: {
                    data: string;
                    encoding: "utf8" | "base64";
                };
                /** @description Of the whole payload; `payload` may hold only the first of them. */
                payloadBytes: number;
                /** Format: date-time */
                receivedAt: string;
                topic: string;
            } | null;
            messageId: string;
            messageNumber: number;
            reason: string;
            /** @description What a retry stores; null for a delivery, or if the log lacks it. */
            row: {
                /** @description The name that it is to be stored under. */
                attribute: string;
                /** @description The exact text of the value. */
                text: string;
                value: unknown;
                /**
                 * @description integer: a JSON number written without fraction or exponent; number: any other.
                 * @enum {unknown}
                 */
                valueType: "string" | "integer" | "number" | "boolean" | "null" | "object" | "array";
            } | null;
        };
        DeadLetterEdited: {
            actor: string | null;
            /** Format: date-time */
            at: string;
            /** @description Of the DeliveryRetried that has it. */
            eventId: string;
            /** @description Null also where the edits are too much for one answer; the event has it. */
            payload: {
                data: string;
                encoding: "utf8" | "base64";
            } | null;
            reason: string | null;
            requestId: string | null;
            row: {
                /** @description The name that it is to be stored under. */
                attribute: string;
                /** @description The exact text of the value. */
                text: string;
                value: unknown;
                /**
                 * @description integer: a JSON number written without fraction or exponent; number: any other.
                 * @enum {unknown}
                 */
                valueType: "string" | "integer" | "number" | "boolean" | "null" | "object" | "array";
            } | null;
        };
        DeadLetterPage: {
            items: components["schemas"]["DeadLetter"][];
            /** @description Give it as `after` to get the next page; null: there is nothing more now. A page may have fewer items than `limit`, even none, and still have a `next`: a server does not search or collect without end. */
            next: string | null;
        };
        DeadLetterReason: {
            /** @description Why; recorded. */
            reason?: string;
        };
        DeadLetterResult: {
            /** @description Dead letters that this request has settled; one settled before is not counted. */
            count: number;
        };
        DeadLetterRetry: {
            /** @description What to post or store instead. */
            edit?: {
                /** @description Of a row: the name to store it under. */
                attribute?: string;
                /** @description Of a delivery: the body to post, sent as UTF-8. */
                payload?: string;
                /** @description Of a delivery: bytes; instead of `payload`. */
                payloadBase64?: string;
                /** @description Of a row: the JSON value to store. A number is kept as it is written here (1.50). */
                value?: unknown;
            };
            /** @description Why; recorded. */
            reason?: string;
        };
        DeliveryStep: {
            actor: string | null;
            /** Format: date-time */
            at: string;
            attempt: number | null;
            attribute: string | null;
            edit: string | null;
            eventId: string;
            latencyMs: number | null;
            reason: string | null;
            retryAt: string | null;
            status: number | null;
            /** @description The event that tells of it. */
            type: string;
            url: string | null;
        };
        Event: {
            data: {
                [key: string]: unknown;
            };
            /** Format: uuid */
            id: string;
            metadata: {
                actor?: string;
                requestId?: string;
                /** @description The flow's version whose definition was given back. */
                rolledBackTo?: number;
            };
            /** @description The log-wide order; opaque. */
            position: string;
            /**
             * Format: date-time
             * @description RFC 3339 UTC, milliseconds.
             */
            recordedAt: string;
            schemaVersion: number;
            stream: string;
            /** @enum {unknown} */
            type: "FlowDefined" | "FlowRevised" | "FlowEnabled" | "FlowDisabled" | "FlowRetired" | "FlowRowRefused" | "MessageReceived" | "MessageReplayed" | "ValidationFailed" | "ThresholdBreached" | "StoredAttribute" | "MessagesSkipped" | "TrafficContinued" | "EndpointForwarded" | "EndpointForwardFailed" | "DeliveryDeadLettered" | "DeliveryRetried" | "DeliveryDiscarded" | "ReplayRequested" | "ReplayProgressed" | "ReplayCompleted" | "ReplayCancelled" | "ReplayFailed" | "TokenIssued" | "TokenRevoked" | "RequestAudited" | "RequestsRefused" | "RequestsUnaudited";
            version: number;
        };
        EventPage: {
            items: components["schemas"]["Event"][];
            /** @description Give it as `after` to get the next page; null: there is nothing more now. A page may have fewer items than `limit`, even none, and still have a `next`: a server does not search or collect without end. */
            next: string | null;
        };
        Flow: {
            actionCounts: {
                /** @description Accepted messages that this action owes. */
                accepted: number;
                action: string;
                dead: number;
                discarded: number;
                done: number;
                pending: number;
            }[];
            actions: ({
                /** @description Only these top-level attributes are stored; default: all. */
                attributes?: string[];
                id: string;
                /** @description Attribute name in the payload → name to store it under. */
                rename?: {
                    [key: string]: string;
                };
                /** @constant */
                type: "STORE_DB";
            } | {
                /** @description Requests in flight when not ordered. */
                concurrency: number;
                headers: {
                    [key: string]: string;
                };
                id: string;
                /** @description Attempts before the delivery is dead. */
                maxAttempts: number;
                /** @description One delivery at a time, in message order; a failing one holds the rest. */
                ordered: boolean;
                /** @description 10 goes first. */
                priority: number;
                /** @description Per attempt. */
                timeoutSeconds: number;
                /** @constant */
                type: "POST_ENDPOINT";
                /**
                 * @description Where the payload is posted to.
                 * @example http://127.0.0.1:9000/readings
                 */
                url: string;
            })[];
            /** @description Name of the broker: 'default' is that of MQTT_URL, else the default row of mqtt_servers, else the embedded one; * is every broker. */
            broker: string;
            /**
             * @description The flow's identity, unique and unchangeable: letters, digits, `_`, `-` and `.`, but not `.` or `..`.
             * @example AHT10_SENSOR
             */
            code: string;
            counters: {
                accepted: number;
                breached: number;
                flagged: number;
                received: number;
                rejected: number;
                skipped: number;
            };
            /** Format: date-time */
            createdAt: string;
            description: string;
            enabled: boolean;
            lastMessageNumber: number;
            lastReceivedAt: string | null;
            payload: {
                /**
                 * @description How the payload's bytes become a value.
                 * @enum {unknown}
                 */
                codec: "json";
                /** @description reject: an invalid message is recorded and goes no further. flag: it is recorded as invalid and handled. */
                onInvalid: "reject" | "flag";
                /**
                 * @description JSON pointer to the device's own time in the payload (RFC 6901); RFC 3339 text, or a Unix time in s or ms.
                 * @example /timestamp
                 */
                timestamp?: string;
            };
            /** @description As it was given; null: anything is valid. */
            payloadSchema: ({
                [key: string]: unknown;
            } | boolean) | null;
            /** @description Maximum QoS asked of the broker for the flow's subscription [MQTT-3.8.3.1]. */
            qos: 0 | 1 | 2;
            thresholds: {
                /** @description Name of a top-level attribute. */
                attribute: string;
                /** @description Highest value that is within bounds. */
                max?: number;
                /** @description Lowest value that is within bounds. */
                min?: number;
                /** @default flag */
                onBreach: "flag" | "reject";
            }[];
            /**
             * @description MQTT topic filter; levels may be named: sensors/{site}/{device}/data captures site and device.
             * @example sensors/{site}/{device}/data
             */
            topic: string;
            /** Format: date-time */
            updatedAt: string;
            /** @description Counts every change of the flow; the ETag is made from it. */
            version: number;
        };
        /** @description A flow's definition, state and counters at an earlier moment. */
        FlowAt: {
            actions: ({
                /** @description Only these top-level attributes are stored; default: all. */
                attributes?: string[];
                id: string;
                /** @description Attribute name in the payload → name to store it under. */
                rename?: {
                    [key: string]: string;
                };
                /** @constant */
                type: "STORE_DB";
            } | {
                /** @description Requests in flight when not ordered. */
                concurrency: number;
                headers: {
                    [key: string]: string;
                };
                id: string;
                /** @description Attempts before the delivery is dead. */
                maxAttempts: number;
                /** @description One delivery at a time, in message order; a failing one holds the rest. */
                ordered: boolean;
                /** @description 10 goes first. */
                priority: number;
                /** @description Per attempt. */
                timeoutSeconds: number;
                /** @constant */
                type: "POST_ENDPOINT";
                /**
                 * @description Where the payload is posted to.
                 * @example http://127.0.0.1:9000/readings
                 */
                url: string;
            })[];
            /** @description Name of the broker: 'default' is that of MQTT_URL, else the default row of mqtt_servers, else the embedded one; * is every broker. */
            broker: string;
            /**
             * @description The flow's identity, unique and unchangeable: letters, digits, `_`, `-` and `.`, but not `.` or `..`.
             * @example AHT10_SENSOR
             */
            code: string;
            /** @description Null: more had happened by then than can be counted for one answer. */
            counters: {
                accepted: number;
                breached: number;
                flagged: number;
                received: number;
                rejected: number;
                skipped: number;
            } | null;
            /** Format: date-time */
            createdAt: string;
            description: string;
            enabled: boolean;
            lastMessageNumber: number;
            payload: {
                /**
                 * @description How the payload's bytes become a value.
                 * @enum {unknown}
                 */
                codec: "json";
                /** @description reject: an invalid message is recorded and goes no further. flag: it is recorded as invalid and handled. */
                onInvalid: "reject" | "flag";
                /**
                 * @description JSON pointer to the device's own time in the payload (RFC 6901); RFC 3339 text, or a Unix time in s or ms.
                 * @example /timestamp
                 */
                timestamp?: string;
            };
            /** @description As it was given; null: anything is valid. */
            payloadSchema: ({
                [key: string]: unknown;
            } | boolean) | null;
            /** @description Maximum QoS asked of the broker for the flow's subscription [MQTT-3.8.3.1]. */
            qos: 0 | 1 | 2;
            thresholds: {
                /** @description Name of a top-level attribute. */
                attribute: string;
                /** @description Highest value that is within bounds. */
                max?: number;
                /** @description Lowest value that is within bounds. */
                min?: number;
                /** @default flag */
                onBreach: "flag" | "reject";
            }[];
            /**
             * @description MQTT topic filter; levels may be named: sensors/{site}/{device}/data captures site and device.
             * @example sensors/{site}/{device}/data
             */
            topic: string;
            /** Format: date-time */
            updatedAt: string;
            /** @description The version that the flow was at then. */
            version: number;
        };
        FlowDefinition: {
            actions: ({
                /** @description Only these top-level attributes are stored; default: all. */
                attributes?: string[];
                id: string;
                /** @description Attribute name in the payload → name to store it under. */
                rename?: {
                    [key: string]: string;
                };
                /** @constant */
                type: "STORE_DB";
            } | {
                /** @description Requests in flight when not ordered. */
                concurrency: number;
                headers: {
                    [key: string]: string;
                };
                id: string;
                /** @description Attempts before the delivery is dead. */
                maxAttempts: number;
                /** @description One delivery at a time, in message order; a failing one holds the rest. */
                ordered: boolean;
                /** @description 10 goes first. */
                priority: number;
                /** @description Per attempt. */
                timeoutSeconds: number;
                /** @constant */
                type: "POST_ENDPOINT";
                /**
                 * @description Where the payload is posted to.
                 * @example http://127.0.0.1:9000/readings
                 */
                url: string;
            })[];
            /** @description Name of the broker: 'default' is that of MQTT_URL, else the default row of mqtt_servers, else the embedded one; * is every broker. */
            broker: string;
            /**
             * @description The flow's identity, unique and unchangeable: letters, digits, `_`, `-` and `.`, but not `.` or `..`.
             * @example AHT10_SENSOR
             */
            code: string;
            description: string;
            payload: {
                /**
                 * @description How the payload's bytes become a value.
                 * @enum {unknown}
                 */
                codec: "json";
                /** @description reject: an invalid message is recorded and goes no further. flag: it is recorded as invalid and handled. */
                onInvalid: "reject" | "flag";
                /**
                 * @description JSON pointer to the device's own time in the payload (RFC 6901); RFC 3339 text, or a Unix time in s or ms.
                 * @example /timestamp
                 */
                timestamp?: string;
            };
            /** @description As it was given; null: anything is valid. */
            payloadSchema: ({
                [key: string]: unknown;
            } | boolean) | null;
            /** @description Maximum QoS asked of the broker for the flow's subscription [MQTT-3.8.3.1]. */
            qos: 0 | 1 | 2;
            thresholds: {
                /** @description Name of a top-level attribute. */
                attribute: string;
                /** @description Highest value that is within bounds. */
                max?: number;
                /** @description Lowest value that is within bounds. */
                min?: number;
                /** @default flag */
                onBreach: "flag" | "reject";
            }[];
            /**
             * @description MQTT topic filter; levels may be named: sensors/{site}/{device}/data captures site and device.
             * @example sensors/{site}/{device}/data
             */
            topic: string;
        };
        FlowHistoryItem: {
            actor: string | null;
            /** Format: date-time */
            at: string;
            changes: {
                /** @description Absent: there is nothing any more. */
                after?: unknown;
                /** @description Absent: there was nothing. */
                before?: unknown;
                /** @description Into the definition with `enabled`; empty for the whole. */
                pointer: string;
            }[];
            /** @description As it was after the change; null: the flow was retired. */
            definition: components["schemas"]["FlowDefinition"] | null;
            position: string;
            /** @description The version whose definition was given back. */
            rolledBackTo: number | null;
            type: string;
            version: number;
        };
        FlowHistoryPage: {
            items: components["schemas"]["FlowHistoryItem"][];
            /** @description Give it as `after` to get the next page; null: there is nothing more now. A page may have fewer items than `limit`, even none, and still have a `next`: a server does not search or collect without end. */
            next: string | null;
        };
        FlowInput: {
            /** @description Ignored. */
            readonly actionCounts?: unknown;
            actions: ({
                /** @description Only these top-level attributes are stored; default: all. */
                attributes?: string[];
                id?: string;
                /** @description Attribute name in the payload → name to store it under. */
                rename?: {
                    [key: string]: string;
                };
                /** @constant */
                type: "STORE_DB";
            } | {
                /** @description Requests in flight when not ordered. */
                concurrency?: number;
                headers?: {
                    [key: string]: string;
                };
                id?: string;
                /** @description Attempts before the delivery is dead. */
                maxAttempts?: number;
                /** @description One delivery at a time, in message order; a failing one holds the rest. */
                ordered?: boolean;
                /** @description 10 goes first. */
                priority?: number;
                /** @description Per attempt. */
                timeoutSeconds?: number;
                /** @constant */
                type: "POST_ENDPOINT";
                /**
                 * @description Where the payload is posted to.
                 * @example http://127.0.0.1:9000/readings
                 */
                url: string;
            })[];
            /** @description Name of a configured broker, or * for every broker of the gateway; without it: default. */
            broker?: string;
            /**
             * @description The flow's identity, unique and unchangeable: letters, digits, `_`, `-` and `.`, but not `.` or `..`.
             * @example AHT10_SENSOR
             */
            code: string;
            /** @description Ignored. */
            readonly counters?: unknown;
            /** @description Ignored. */
            readonly createdAt?: unknown;
            description?: string;
            /** @default true */
            enabled?: boolean;
            /** @description Ignored. */
            readonly lastMessageNumber?: unknown;
            /** @description Ignored. */
            readonly lastReceivedAt?: unknown;
            payload?: {
                /**
                 * @description How the payload's bytes become a value.
                 * @enum {unknown}
                 */
                codec?: "json";
                /** @description reject: an invalid message is recorded and goes no further. flag: it is recorded as invalid and handled. */
                onInvalid?: "reject" | "flag";
                /**
                 * @description JSON pointer to the device's own time in the payload (RFC 6901); RFC 3339 text, or a Unix time in s or ms.
                 * @example /timestamp
                 */
                timestamp?: string;
            };
            payloadSchema?: ({
                [key: string]: unknown;
            } | boolean) | null;
            /** @description Maximum QoS asked of the broker for the flow's subscription [MQTT-3.8.3.1]. */
            qos?: 0 | 1 | 2;
            thresholds?: {
                /** @description Name of a top-level attribute. */
                attribute: string;
                /** @description Highest value that is within bounds. */
                max?: number;
                /** @description Lowest value that is within bounds. */
                min?: number;
                /** @default flag */
                onBreach?: "flag" | "reject";
            }[];
            /**
             * @description MQTT topic filter; levels may be named: sensors/{site}/{device}/data captures site and device.
             * @example sensors/{site}/{device}/data
             */
            topic: string;
            /** @description Ignored. */
            readonly updatedAt?: unknown;
            /** @description Ignored. */
            readonly version?: unknown;
        };
        FlowPage: {
            items: components["schemas"]["Flow"][];
            /** @description Give it as `after` to get the next page; null: there is nothing more now. A page may have fewer items than `limit`, even none, and still have a `next`: a server does not search or collect without end. */
            next: string | null;
        };
        FlowTestRequest: {
            /** @description A JSON value; or text or base64 with payloadEncoding. */
            payload: unknown;
            /** @default json */
            payloadEncoding?: "json" | "utf8" | "base64";
            /** @description Maximum QoS asked of the broker for the flow's subscription [MQTT-3.8.3.1]. */
            qos?: 0 | 1 | 2;
            retain?: boolean;
            /** @description Default: the flow's own topic if it has no wildcard. */
            topic?: string;
        };
        FlowTestResult: {
            captures: {
                [key: string]: string;
            };
            errors: {
                /** @description JSON Schema keyword, or: json, encoding, duplicateKey, depth, size, threshold, schema (it cannot be applied), more (says that errors were left out); of a flow definition also: topic, rename, url, header. */
                keyword: string;
                message: string;
                /** @description JSON pointer to the offending value; empty for the whole payload. */
                pointer: string;
            }[];
            events: {
                data: unknown;
                type: string;
            }[];
            matched: boolean;
            requests: {
                action: string;
                body: {
                    data: string;
                    encoding: "utf8" | "base64";
                };
                headers: {
                    [key: string]: string;
                };
                method: string;
                url: string;
            }[];
            rows: {
                attribute: string;
                text: string;
                value: unknown;
                /**
                 * @description integer: a JSON number written without fraction or exponent; number: any other.
                 * @enum {unknown}
                 */
                valueType: "string" | "integer" | "number" | "boolean" | "null" | "object" | "array";
            }[];
            verdict: "accepted" | "flagged" | "rejected" | null;
        };
        Health: {
            brokers: {
                connected: boolean;
                currentBackoffSeconds: number;
                lastError: string | null;
                name: string;
                protocolVersion: number | null;
                subscriptions: number;
                /** @description Without credentials. */
                url: string;
            }[];
            client_id: string;
            log: {
                head: string | null;
                lastError: string | null;
                /** @description Messages received and not yet committed. */
                unacknowledged: number;
                writable: boolean;
            };
            reasons: {
                code: string;
                message: string;
                status: "healthy" | "degraded" | "unhealthy";
            }[];
            sinks: {
                dead: number;
                /** @description Null while the sink does not answer. */
                lagEvents: number | null;
                /** @description Age of the oldest event not yet handled. */
                lagSeconds: number | null;
                lastError: string | null;
                name: string;
                /** @description Age of the oldest delivery not yet done. */
                oldestPendingSeconds: number;
                pending: number;
                status: "healthy" | "degraded" | "unhealthy";
            }[];
            /** @description Where messages wait while an event store on another machine is away; null: there is none. */
            spool: {
                /** @description Messages go through it. */
                active: boolean;
                batches: number;
                bytes: number;
                capacityBytes: number;
                lastError: string | null;
            } | null;
            statistics: {
                active_subscriptions: number;
                connected: boolean;
                current_backoff_seconds: number;
                /** @description Published and not yet acknowledged by their broker. */
                inflight_messages: number;
                /** @description Messages that wait to be published, to all brokers. */
                offline_queue: {
                    by_priority: {
                        [key: string]: number;
                    };
                    capacity_used_percent: number;
                    oldest_message_age_seconds: number | null;
                    total_messages: number;
                };
                tls_enabled: boolean;
            };
            status: "healthy" | "degraded" | "unhealthy";
        };
        IssuedToken: {
            /** Format: date-time */
            createdAt: string;
            /** @description The actor. */
            createdBy: string | null;
            /** @description Null: never. */
            expiresAt: string | null;
            /** @description The part of the token that is no secret. */
            id: string;
            /** @description Letters, digits, `.`, `_` and `-`, 64 at the most; the log has it as the actor `api:<name>`. */
            name: string;
            /**
             * @description viewer: reads, but no secrets of endpoints. operator: also enables and disables flows, settles dead letters, publishes, reloads and tests. admin: everything.
             * @enum {unknown}
             */
            role: "viewer" | "operator" | "admin";
            /** @description The token itself. It is shown here and never again. */
            token: string;
        };
        Liveness: {
            /** @constant */
            status: "healthy";
        };
        MessageStory: {
            broker: string;
            dup: boolean;
            events: components["schemas"]["Event"][];
            flows: {
                captures: {
                    [key: string]: string;
                };
                /** @description In that version; null if the log lacks it. */
                definition: components["schemas"]["FlowDefinition"] | null;
                /** @description What became of everything that the message is owed to. */
                deliveries: {
                    action: string;
                    /** @description When the log learnt of this state; null while nothing happened. */
                    at: string | null;
                    /** @description Of the delivery, or of the row that was tried most; 0: none yet. */
                    attempts: number;
                    /** @description While it is pending, where it is known. */
                    nextAttemptAt: string | null;
                    reason: string | null;
                    /** @enum {unknown} */
                    state: "pending" | "done" | "dead" | "discarded";
                    status: number | null;
                    /** @description Every attempt, and whatever else happened to it, in the order of the log; 1,000 at the most. */
                    steps: components["schemas"]["DeliveryStep"][];
                    type: "STORE_DB" | "POST_ENDPOINT";
                    url: string | null;
                }[];
                errors: {
                    /** @description JSON Schema keyword, or: json, encoding, duplicateKey, depth, size, threshold, schema (it cannot be applied), more (says that errors were left out); of a flow definition also: topic, rename, url, header. */
                    keyword: string;
                    message: string;
                    /** @description JSON pointer to the offending value; empty for the whole payload. */
                    pointer: string;
                }[];
                flow: string;
                /** @description Version of the definition that decided. */
                flowVersion: number;
                messageNumber: number;
                /** @description As they are in the projection now. */
                rows: components["schemas"]["DataItem"][];
                topic: string | null;
                verdict: "accepted" | "flagged" | "rejected";
            }[];
            messageId: string;
            /** @description Of all such flows. */
            nearMissCount: number;
            /** @description Flows that would have taken it but for one thing, as they were then; the nearest 20. */
            nearMisses: components["schemas"]["NearMiss"][];
            payload: {
                data: string;
                encoding: "utf8" | "base64";
            };
            /** @description Of the whole payload; `payload` may hold only the first of them. */
            payloadBytes: number;
            /** @description What is still to be done. */
            pending: {
                action: string;
                flow: string;
                nextAttemptAt: string | null;
            }[];
            /** @description Of the first event about it. */
            position: string;
            /** @description MQTT 5; null: it had none. */
            properties: {
                contentType?: string;
                correlationData?: {
                    data: string;
                    encoding: "utf8" | "base64";
                };
                messageExpiryInterval?: number;
                payloadFormatIndicator?: boolean;
                responseTopic?: string;
                /** @description Name and value. */
                userProperties?: string[][];
            } | null;
            /** @description Maximum QoS asked of the broker for the flow's subscription [MQTT-3.8.3.1]. */
            qos: 0 | 1 | 2;
            /** Format: date-time */
            receivedAt: string;
            /** Format: date-time */
            recordedAt: string;
            retain: boolean;
            source: string;
            /** @description Where its events and its rows are, without credentials. */
            stores: {
                log: string;
                rows: {
                    database: string;
                    table: string;
                };
            };
            topic: string;
            /** @description Whether rows or events were left out because there are too many to send. */
            truncated: boolean;
        };
        NearMiss: {
            detail: string;
            flow: string;
            /** @description Version of the flow then. */
            flowVersion: number;
            level: number | null;
            /**
             * @description level: one level alone is another than the filter has, or lacks its format. length: the topic has fewer or more levels. hidden: wildcards at the start do not see topics with $. The others matched: disabled or retired flows; of another broker; skipped: expired, a repeat of a retained message, or not sent to this flow.
             * @enum {unknown}
             */
            reason: "level" | "length" | "hidden" | "disabled" | "retired" | "broker" | "skipped";
            /** @description The flow's filter then. */
            topic: string;
        };
        Problem: {
            code: string;
            detail?: string;
            errors?: {
                /** @description JSON Schema keyword, or: json, encoding, duplicateKey, depth, size, threshold, schema (it cannot be applied), more (says that errors were left out); of a flow definition also: topic, rename, url, header. */
                keyword: string;
                message: string;
                /** @description JSON pointer to the offending value; empty for the whole payload. */
                pointer: string;
            }[];
            /** @description urn:sluice:request:<id>; the server's log has the same id. */
            instance?: string;
            status: number;
            title: string;
            /** @description urn:sluice:problem:<code> */
            type: string;
        };
        PublishInput: {
            /** @description Name of a broker; absent: the first. */
            broker?: string;
            /** @description Text, sent as UTF-8. */
            payload?: string;
            /** @description Bytes; instead of `payload`. Both absent: empty. */
            payloadBase64?: string;
            /**
             * @description 10 goes first; in a full queue a message makes room for a higher priority.
             * @default 5
             */
            priority?: number;
            properties?: {
                contentType?: string;
                correlationData?: {
                    data: string;
                    encoding: "utf8" | "base64";
                };
                messageExpiryInterval?: number;
                payloadFormatIndicator?: boolean;
                responseTopic?: string;
                /** @description Name and value. */
                userProperties?: string[][];
            };
            /** @description Maximum QoS asked of the broker for the flow's subscription [MQTT-3.8.3.1]. */
            qos?: 0 | 1 | 2;
            /** @default false */
            retain?: boolean;
            /** @default 10 */
            timeoutSeconds?: number;
            /** @description Without wildcards. */
            topic: string;
            /**
             * @description Answer when the broker has acknowledged, or after the timeout.
             * @default false
             */
            wait?: boolean;
        };
        PublishResult: {
            broker: string;
            id: string;
            /** @description Of the acknowledgement; 16: nobody has subscribed (MQTT 5). */
            reasonCode?: number;
            /** @description queued: on disk, and goes out when the broker is there. sent: QoS 0, handed to the connection. acknowledged: the broker has it. */
            state: "queued" | "sent" | "acknowledged";
            topic: string;
        };
        PublishStatus: {
            /** @description One a broker, from the first message for it on. */
            publishers: {
                acknowledged: number;
                broker: string;
                clientId: string;
                connected: boolean;
                currentBackoffSeconds: number;
                /** @description Sent and not acknowledged. */
                inFlight: number;
                lastError: string | null;
                /** @description Since the queue was made; each was logged. */
                lost: {
                    evicted: number;
                    expired: number;
                    refused: number;
                    rejected: number;
                };
                protocolVersion: number | null;
                sent: number;
                tls: boolean;
                /** @description Without credentials. */
                url: string;
                waiting: number;
            }[];
            queue: {
                byPriority: {
                    [key: string]: number;
                };
                capacityUsedPercent: number;
                oldestAgeSeconds: number | null;
                total: number;
            };
            /** @description Messages that wait for a broker that this gateway does not have at the moment. */
            stray: {
                broker: string;
                waiting: number;
            }[];
        };
        Readiness: {
            ready: boolean;
            reasons: {
                code: string;
                message: string;
                status: "healthy" | "degraded" | "unhealthy";
            }[];
            status: "healthy" | "degraded" | "unhealthy";
        };
        ReloadResult: {
            brokers: {
                replaced: string[];
                started: string[];
                stopped: string[];
                unchanged: string[];
            };
            flows: {
                defined: string[];
                disabled: string[];
                enabled: string[];
                /** @description Edits since the last reload that gave way, because their flows were changed elsewhere before they were read. */
                overruled: {
                    code: string;
                    /** @description Null: the row had been deleted. */
                    row: {
                        [key: string]: string | null;
                    } | null;
                }[];
                /** @description Rows that make no flow, with the columns that are at fault. Their flows stay as they are. */
                refused: {
                    code: string;
                    errors: {
                        /** @description JSON Schema keyword, or: json, encoding, duplicateKey, depth, size, threshold, schema (it cannot be applied), more (says that errors were left out); of a flow definition also: topic, rename, url, header. */
                        keyword: string;
                        message: string;
                        /** @description JSON pointer to the offending value; empty for the whole payload. */
                        pointer: string;
                    }[];
                }[];
                retired: string[];
                revised: string[];
            };
        };
        Replay: {
            action: string | null;
            compareOnly: boolean | null;
            endedAt: string | null;
            figures: {
                /** @description Accepted, those with a flag included. */
                accepted: number;
                /** @description Passed over: the log has only the beginning of the payload. */
                cut: number;
                /** @description Passed over: that had been done before it was asked for. */
                present: number;
                /** @description Passed over: the event log refuses what would be recorded. */
                refused: number;
                /** @description Rejected by the definition. */
                rejected: number;
                /** @description Messages that it has looked at and that are its business. */
                scanned: number;
                /** @description Passed over: the flow's topic or broker is another now. */
                unmatched: number;
            };
            /** @description Null for a rebuild and a rollback, which concern all. */
            flow: string | null;
            from: string | null;
            /** Format: uuid */
            id: string;
            kind: "re-drive" | "backfill" | "what-if" | "rebuild" | "rollback";
            messagesPerSecond: number | null;
            /** @description Part of the log that it has looked at. */
            progress: number;
            /** @description Why it failed. */
            reason: string | null;
            /** @description What a completed rebuild has found and done. */
            rebuild: {
                comparison: {
                    /** @description Rows of it that are not as the log gives them. */
                    changed: number;
                    /** @description Of these, some. */
                    counts: {
                        action: string;
                        flow: string;
                        live: {
                            dead: number;
                            discarded: number;
                            done: number;
                        };
                        rebuilt: {
                            dead: number;
                            discarded: number;
                            done: number;
                        };
                    }[];
                    /** @description Flows' actions whose counts of messages differ. */
                    countsDifferent: number;
                    live: {
                        /** @description SHA-256 of the rows in the order of their event ids; the same in every kind of database. */
                        digest: string;
                        rows: number;
                    };
                    /** @description Rows that the live projection lacks. */
                    missing: number;
                    /** @description Where both were. */
                    position: string;
                    rebuilt: {
                        /** @description SHA-256 of the rows in the order of their event ids; the same in every kind of database. */
                        digest: string;
                        rows: number;
                    };
                    /** @description Of these rows, by their event ids. */
                    samples: {
                        attribute: string;
                        /**
                         * @description missing: the live projection lacks it. surplus: the log does not give it.
                         * @enum {unknown}
                         */
                        difference: "missing" | "surplus" | "changed";
                        eventId: string;
                        flow: string;
                        /** @description The text that the live projection has. */
                        live: string | null;
                        messageId: string;
                        messageNumber: number;
                        /** @description The text that the log gives. */
                        rebuilt: string | null;
                    }[];
                    /** @description Rows of it that the log does not give. */
                    surplus: number;
                };
                /** @description What the switch has done to the live projection; null when it was only compared. */
                switchedOver: {
                    /** @description Rows that the live projection lacked. */
                    added: number;
                    /** @description Rows that had another content; they keep their ids. */
                    changed: number;
                    /** @description Rows that the log does not give. */
                    removed: number;
                } | null;
            } | null;
            /** Format: date-time */
            requestedAt: string;
            requestedBy: string | null;
            rollbackOf: string | null;
            sourceFlow: string | null;
            /** @description Messages a second, lately; null unless this gateway is at work on it. */
            speed: number | null;
            /** @enum {unknown} */
            state: "waiting" | "running" | "completed" | "cancelled" | "failed";
            to: string | null;
            topic: string | null;
            /** @description What a completed what-if has found. */
            whatIf: {
                /** @description Under the candidate. */
                after: {
                    accepted: number;
                    flagged: number;
                    rejected: number;
                    unmatched: number;
                };
                /** @description Under the flow's definition as it was when the run began; all unmatched where there is no such flow. */
                before: {
                    accepted: number;
                    flagged: number;
                    rejected: number;
                    unmatched: number;
                };
                /** @description Rejected messages by what is wrong with them, the greatest change first. One may count in several. */
                fields: {
                    after: number;
                    before: number;
                    keyword: string;
                    pointer: string;
                }[];
                /** @description Samples. */
                newlyAccepted: {
                    after: {
                        errors: {
                            keyword: string;
                            message: string;
                            pointer: string;
                        }[];
                        requests: {
                            action: string;
                            url: string;
                        }[];
                        rows: {
                            action: string;
                            attribute: string;
                            text: string;
                        }[];
                        /** @enum {unknown} */
                        verdict: "accepted" | "flagged" | "rejected" | "unmatched";
                    };
                    before: {
                        errors: {
                            keyword: string;
                            message: string;
                            pointer: string;
                        }[];
                        requests: {
                            action: string;
                            url: string;
                        }[];
                        rows: {
                            action: string;
                            attribute: string;
                            text: string;
                        }[];
                        /** @enum {unknown} */
                        verdict: "accepted" | "flagged" | "rejected" | "unmatched";
                    };
                    /** @description The flow that recorded it. */
                    flow: string;
                    messageId: string;
                    messageNumber: number;
                    /** @description Text, its beginning where it is long; base64 where it is not UTF-8. */
                    payload: string;
                    /** Format: date-time */
                    receivedAt: string;
                    topic: string;
                }[];
                newlyAcceptedCount: number;
                /** @description Samples. */
                newlyRejected: {
                    after: {
                        errors: {
                            keyword: string;
                            message: string;
                            pointer: string;
                        }[];
                        requests: {
                            action: string;
                            url: string;
                        }[];
                        rows: {
                            action: string;
                            attribute: string;
                            text: string;
                        }[];
                        /** @enum {unknown} */
                        verdict: "accepted" | "flagged" | "rejected" | "unmatched";
                    };
                    before: {
                        errors: {
                            keyword: string;
                            message: string;
                            pointer: string;
                        }[];
                        requests: {
                            action: string;
                            url: string;
                        }[];
                        rows: {
                            action: string;
                            attribute: string;
                            text: string;
                        }[];
                        /** @enum {unknown} */
                        verdict: "accepted" | "flagged" | "rejected" | "unmatched";
                    };
                    /** @description The flow that recorded it. */
                    flow: string;
                    messageId: string;
                    messageNumber: number;
                    /** @description Text, its beginning where it is long; base64 where it is not UTF-8. */
                    payload: string;
                    /** Format: date-time */
                    receivedAt: string;
                    topic: string;
                }[];
                newlyRejectedCount: number;
                /** @description There were more kinds of errors than are listed. */
                otherFields: boolean;
            } | null;
        };
        ReplayInput: {
            /** @description backfill: messages that the flow has accepted become owed to this action of it, where they were not; absent: messages that the flow does not have become its own. */
            action?: string;
            /** @description rebuild: only compare what the log gives with what there is. Default: false. */
            compareOnly?: boolean;
            /** @description what-if: the candidate, as `POST /api/v1/flows` takes it; its code may be left out. */
            definition?: unknown;
            /**
             * @description re-drive, backfill and what-if: needed, and whose messages.
             * @example AHT10_SENSOR
             */
            flow?: string;
            /**
             * @description Earliest time of recording, inclusive; a date is the start of that day (UTC).
             * @example 2026-01-31
             * @example 2026-01-31T12:00:00.000Z
             */
            from?: string;
            kind: "re-drive" | "backfill" | "what-if" | "rebuild" | "rollback";
            /** @description Messages a second at the most; what comes in goes first at any rate. re-drive and backfill: 2,000 when absent; rebuild: 20,000. */
            messagesPerSecond?: number;
            /**
             * Format: uuid
             * @description rollback: the rebuild whose switch is undone. Default: the last one that switched.
             */
            rollbackOf?: string;
            /**
             * @description backfill and what-if: only messages that this flow has recorded. Default of a what-if: the flow itself.
             * @example AHT10_SENSOR
             */
            sourceFlow?: string;
            /**
             * @description Latest time of recording, inclusive; a date is the last instant of that day (UTC).
             * @example 2026-01-31
             * @example 2026-01-31T12:00:00.000Z
             */
            to?: string;
            /** @description backfill and what-if: only messages of topics that this filter matches. */
            topic?: string;
        };
        ReplayPage: {
            items: components["schemas"]["Replay"][];
            /** @description Give it as `after` to get the next page; null: there is nothing more now. A page may have fewer items than `limit`, even none, and still have a `next`: a server does not search or collect without end. */
            next: string | null;
        };
        RollbackInput: {
            /** @description A version of the flow's history. */
            version: number;
        };
        /** @description Without an expiry it lives until it is revoked. */
        TokenInput: {
            /** @description RFC 3339 with a zone, or a date, whose first moment it is; in the future. */
            expiresAt?: string;
            /** @description Instead of `expiresAt`: so many seconds, minutes, hours or days from now, such as 90d. */
            expiresIn?: string;
            /** @description Letters, digits, `.`, `_` and `-`, 64 at the most; the log has it as the actor `api:<name>`. */
            name: string;
            /**
             * @description viewer: reads, but no secrets of endpoints. operator: also enables and disables flows, settles dead letters, publishes, reloads and tests. admin: everything.
             * @enum {unknown}
             */
            role: "viewer" | "operator" | "admin";
        };
        TokenPage: {
            items: components["schemas"]["TokenView"][];
            /** @description Give it as `after` to get the next page; null: there is nothing more now. A page may have fewer items than `limit`, even none, and still have a `next`: a server does not search or collect without end. */
            next: string | null;
        };
        TokenView: {
            /** Format: date-time */
            createdAt: string;
            /** @description The actor. */
            createdBy: string | null;
            expired: boolean;
            /** @description Null: never. */
            expiresAt: string | null;
            /** @description The part of the token that is no secret. */
            id: string;
            /** @description As far as the gateway that answers knows: since its start, and at that gateway. */
            lastUsedAt: string | null;
            /** @description Letters, digits, `.`, `_` and `-`, 64 at the most; the log has it as the actor `api:<name>`. */
            name: string;
            /**
             * @description viewer: reads, but no secrets of endpoints. operator: also enables and disables flows, settles dead letters, publishes, reloads and tests. admin: everything.
             * @enum {unknown}
             */
            role: "viewer" | "operator" | "admin";
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    listCheckpoints: {
        parameters: {
            query?: {
                /**
                 * @description The `next` of the page before.
                 * @example WyJmbG93cyIsIkFIVDEwX1NFTlNPUiJd
                 */
                after?: string;
                /**
                 * @description Items at the most.
                 * @example 20
                 */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "origin": "sluice/83167062-a315-4096-aeee-439e85b999a2",
                     *           "size": 4712,
                     *           "position": "4712",
                     *           "root": "Y7EV2/GI3/QE8omkgr/ubf7ahZ4TlRIs9OaNn9mm6b8=",
                     *           "time": "2026-01-31T12:34:56.789Z",
                     *           "note": "sluice/83167062-a315-4096-aeee-439e85b999a2\n4712\nY7EV2/GI3/QE8omkgr/ubf7ahZ4TlRIs9OaNn9mm6b8=\nposition 4712\ntime 2026-01-31T12:34:56.789Z\n\n— sluice/83167062-a315-4096-aeee-439e85b999a2 sc+9Yf5gnV9o0E80kyfVkuIU2YpzGpwLqHGoTU5x0Zx1GYL+mxI1rHvHpdpNtr0oTsW91isdEK90fQDte9siACaCSwY=\n",
                     *           "key": "sluice/83167062-a315-4096-aeee-439e85b999a2+b1cfbd61+AR2KkXMreFy15NsusxjnDmU+mwv/wPXkqw4G+qzam4Sr"
                     *         }
                     *       ],
                     *       "next": null
                     *     }
                     */
                    "application/json": components["schemas"]["CheckpointPage"];
                };
            };
            /**
             * @description `bad-cursor`: The paging cursor is not one that this server gave out.
             *
             *     `bad-request`: The request is not well-formed.
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: A valid bearer token is needed. */
            401: {
                headers: {
                    /** @description How to ask instead (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid-query`: The request has values that it cannot have. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests. */
            429: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal-error`: The server failed to answer. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `seals-unavailable`: The seals of the event log cannot be used at the moment.
             *
             *     `log-unavailable`: The event log cannot be written or read at the moment.
             */
            503: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    makeCheckpoint: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The checkpoint. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "origin": "sluice/83167062-a315-4096-aeee-439e85b999a2",
                     *       "size": 4712,
                     *       "position": "4712",
                     *       "root": "Y7EV2/GI3/QE8omkgr/ubf7ahZ4TlRIs9OaNn9mm6b8=",
                     *       "time": "2026-01-31T12:34:56.789Z",
                     *       "note": "sluice/83167062-a315-4096-aeee-439e85b999a2\n4712\nY7EV2/GI3/QE8omkgr/ubf7ahZ4TlRIs9OaNn9mm6b8=\nposition 4712\ntime 2026-01-31T12:34:56.789Z\n\n— sluice/83167062-a315-4096-aeee-439e85b999a2 sc+9Yf5gnV9o0E80kyfVkuIU2YpzGpwLqHGoTU5x0Zx1GYL+mxI1rHvHpdpNtr0oTsW91isdEK90fQDte9siACaCSwY=\n",
                     *       "key": "sluice/83167062-a315-4096-aeee-439e85b999a2+b1cfbd61+AR2KkXMreFy15NsusxjnDmU+mwv/wPXkqw4G+qzam4Sr"
                     *     }
                     */
                    "application/json": components["schemas"]["Checkpoint"];
                };
            };
            /** @description `bad-request`: The request is not well-formed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: A valid bearer token is needed. */
            401: {
                headers: {
                    /** @description How to ask instead (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The token's role does not suffice for this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests. */
            429: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal-error`: The server failed to answer. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `seals-unavailable`: The seals of the event log cannot be used at the moment.
             *
             *     `log-unavailable`: The event log cannot be written or read at the moment.
             */
            503: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    latestCheckpoint: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The checkpoint. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "origin": "sluice/83167062-a315-4096-aeee-439e85b999a2",
                     *       "size": 4712,
                     *       "position": "4712",
                     *       "root": "Y7EV2/GI3/QE8omkgr/ubf7ahZ4TlRIs9OaNn9mm6b8=",
                     *       "time": "2026-01-31T12:34:56.789Z",
                     *       "note": "sluice/83167062-a315-4096-aeee-439e85b999a2\n4712\nY7EV2/GI3/QE8omkgr/ubf7ahZ4TlRIs9OaNn9mm6b8=\nposition 4712\ntime 2026-01-31T12:34:56.789Z\n\n— sluice/83167062-a315-4096-aeee-439e85b999a2 sc+9Yf5gnV9o0E80kyfVkuIU2YpzGpwLqHGoTU5x0Zx1GYL+mxI1rHvHpdpNtr0oTsW91isdEK90fQDte9siACaCSwY=\n",
                     *       "key": "sluice/83167062-a315-4096-aeee-439e85b999a2+b1cfbd61+AR2KkXMreFy15NsusxjnDmU+mwv/wPXkqw4G+qzam4Sr"
                     *     }
                     */
                    "application/json": components["schemas"]["Checkpoint"];
                };
            };
            /** @description `bad-request`: The request is not well-formed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: A valid bearer token is needed. */
            401: {
                headers: {
                    /** @description How to ask instead (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `checkpoint-not-found`: No checkpoint has been made yet. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests. */
            429: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal-error`: The server failed to answer. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `seals-unavailable`: The seals of the event log cannot be used at the moment.
             *
             *     `log-unavailable`: The event log cannot be written or read at the moment.
             */
            503: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listData: {
        parameters: {
            query?: {
                /**
                 * @description The `next` of the page before.
                 * @example WyJmbG93cyIsIkFIVDEwX1NFTlNPUiJd
                 */
                after?: string;
                /**
                 * @description Name that it is stored under.
                 * @example temperature
                 */
                attribute?: string;
                /**
                 * @description The event that the row came of.
                 * @example 019c1447-9136-7de4-8e2b-52a1c8d3f207
                 */
                eventId?: string;
                /**
                 * @description The flow's identity, unique and unchangeable: letters, digits, `_`, `-` and `.`, but not `.` or `..`.
                 * @example AHT10_SENSOR
                 */
                flow?: string;
                /**
                 * @description Earliest time of receipt, inclusive; a date is the start of that day (UTC).
                 * @example 2026-01-31
                 */
                from?: string;
                /**
                 * @description Items at the most.
                 * @example 20
                 */
                limit?: number;
                /**
                 * @description Shared by all flows that one PUBLISH matched.
                 * @example 019c1447-9135-7d5d-a1e8-e620b332e698
                 */
                messageId?: string;
                /**
                 * @description asc: oldest first.
                 * @example desc
                 */
                order?: "asc" | "desc";
                /**
                 * @description Latest time of receipt, inclusive; a date is the last instant of that day (UTC).
                 * @example 2026-01-31T12:00:00.000Z
                 */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "id": "2399",
                     *           "flow": "AHT10_SENSOR",
                     *           "action": "STORE_DB",
                     *           "attribute": "temperature",
                     *           "value": 21.5,
                     *           "valueType": "number",
                     *           "text": "21.5",
                     *           "messageId": "019c1447-9135-7d5d-a1e8-e620b332e698",
                     *           "messageNumber": 1200,
                     *           "receivedAt": "2026-01-31T12:34:56.789Z",
                     *           "deviceTime": null,
                     *           "eventId": "019c1447-9136-7de4-8e2b-52a1c8d3f207"
                     *         }
                     *       ],
                     *       "next": null
                     *     }
                     */
                    "application/json": components["schemas"]["DataPage"];
                };
            };
            /**
             * @description `bad-cursor`: The paging cursor is not one that this server gave out.
             *
             *     `bad-request`: The request is not well-formed.
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: A valid bearer token is needed. */
            401: {
                headers: {
                    /** @description How to ask instead (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid-query`: The request has values that it cannot have. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests. */
            429: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal-error`: The server failed to answer. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `projection-unavailable`: The projection database cannot be reached at the moment.
             *
             *     `log-unavailable`: The event log cannot be written or read at the moment.
             */
            503: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getData: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The row's `id` in the table `data`.
                 * @example 2399
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The row. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "2399",
                     *       "flow": "AHT10_SENSOR",
                     *       "action": "STORE_DB",
                     *       "attribute": "temperature",
                     *       "value": 21.5,
                     *       "valueType": "number",
                     *       "text": "21.5",
                     *       "messageId": "019c1447-9135-7d5d-a1e8-e620b332e698",
                     *       "messageNumber": 1200,
                     *       "receivedAt": "2026-01-31T12:34:56.789Z",
                     *       "deviceTime": null,
                     *       "eventId": "019c1447-9136-7de4-8e2b-52a1c8d3f207"
                     *     }
                     */
                    "application/json": components["schemas"]["DataItem"];
                };
            };
            /** @description `bad-request`: The request is not well-formed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: A valid bearer token is needed. */
            401: {
                headers: {
                    /** @description How to ask instead (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `row-not-found`: No row has this id. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests. */
            429: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal-error`: The server failed to answer. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `projection-unavailable`: The projection database cannot be reached at the moment.
             *
             *     `log-unavailable`: The event log cannot be written or read at the moment.
             */
            503: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listDeadLetters: {
        parameters: {
            query?: {
                /**
                 * @description Id of the action.
                 * @example POST_ENDPOINT
                 */
                action?: string;
                /**
                 * @description The `next` of the page before.
                 * @example WyJmbG93cyIsIkFIVDEwX1NFTlNPUiJd
                 */
                after?: string;
                /**
                 * @description As `GET /api/v1/dead-letters/causes` gives it.
                 * @example answered 503 Service Unavailable
                 */
                cause?: string;
                /**
                 * @description The flow's identity, unique and unchangeable: letters, digits, `_`, `-` and `.`, but not `.` or `..`.
                 * @example AHT10_SENSOR
                 */
                flow?: string;
                /**
                 * @description delivery: of an action that posts. row: of one that stores.
                 * @example delivery
                 */
                kind?: "delivery" | "row";
                /**
                 * @description Items at the most.
                 * @example 20
                 */
                limit?: number;
                /**
                 * @description asc: what died first first.
                 * @example desc
                 */
                order?: "asc" | "desc";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "id": "019c1447-9135-7d5d-a1e8-e620b332e698/AHT10_SENSOR/POST_ENDPOINT",
                     *           "kind": "delivery",
                     *           "flow": "AHT10_SENSOR",
                     *           "action": "POST_ENDPOINT",
                     *           "messageId": "019c1447-9135-7d5d-a1e8-e620b332e698",
                     *           "messageNumber": 1200,
                     *           "attribute": null,
                     *           "reason": "answered 503 Service Unavailable",
                     *           "attempts": 20,
                     *           "deadAt": "2026-01-31T12:34:56.789Z",
                     *           "eventId": "019c1447-9136-7de4-8e2b-52a1c8d3f207"
                     *         }
                     *       ],
                     *       "next": null
                     *     }
                     */
                    "application/json": components["schemas"]["DeadLetterPage"];
                };
            };
            /**
             * @description `bad-cursor`: The paging cursor is not one that this server gave out.
             *
             *     `bad-request`: The request is not well-formed.
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: A valid bearer token is needed. */
            401: {
                headers: {
                    /** @description How to ask instead (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid-query`: The request has values that it cannot have. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests. */
            429: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal-error`: The server failed to answer. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `projection-unavailable`: The projection database cannot be reached at the moment.
             *
             *     `log-unavailable`: The event log cannot be written or read at the moment.
             */
            503: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getDeadLetter: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The letter's id, percent-encoded.
                 * @example 019c1447-9135-7d5d-a1e8-e620b332e698/AHT10_SENSOR/POST_ENDPOINT
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The letter. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "019c1447-9135-7d5d-a1e8-e620b332e698/AHT10_SENSOR/POST_ENDPOINT",
                     *       "kind": "delivery",
                     *       "flow": "AHT10_SENSOR",
                     *       "action": "POST_ENDPOINT",
                     *       "messageId": "019c1447-9135-7d5d-a1e8-e620b332e698",
                     *       "messageNumber": 1200,
                     *       "attribute": null,
                     *       "reason": "answered 503 Service Unavailable",
                     *       "attempts": 20,
                     *       "deadAt": "2026-01-31T12:34:56.789Z",
                     *       "eventId": "019c1447-9136-7de4-8e2b-52a1c8d3f207",
                     *       "cause": "answered 503 Service Unavailable",
                     *       "message": {
                     *         "topic": "sensors/hall/aht10",
                     *         "broker": "default",
                     *         "receivedAt": "2026-01-31T12:34:56.789Z",
                     *         "payload": {
                     *           "encoding": "utf8",
                     *           "data": "{\"temperature\":21.5,\"humidity\":48}"
                     *         },
                     *         "payloadBytes": 34
                     *       },
                     *       "row": null,
                     *       "delivery": {
                     *         "url": "https://example.com/readings",
                     *         "payload": {
                     *           "encoding": "utf8",
                     *           "data": "{\"temperature\":21.5}"
                     *         },
                     *         "attempts": [
                     *           {
                     *             "at": "2026-01-31T12:34:56.789Z",
                     *             "type": "EndpointForwardFailed",
                     *             "eventId": "019c1447-9136-7de4-8e2b-52a1c8d3f207",
                     *             "attempt": 1,
                     *             "status": 503,
                     *             "latencyMs": null,
                     *             "url": "https://example.com/readings",
                     *             "attribute": null,
                     *             "reason": "answered 503 Service Unavailable",
                     *             "retryAt": "2026-01-31T12:34:58.000Z",
                     *             "edit": null,
                     *             "actor": null
                     *           }
                     *         ]
                     *       },
                     *       "edits": [
                     *         {
                     *           "at": "2026-01-31T12:00:00.000Z",
                     *           "eventId": "019c1447-9d3e-7c1b-8a30-5f0d2e6b7a91",
                     *           "actor": "api:admin",
                     *           "requestId": "019c1447-9d3d-74a5-b4c6-0d1f8e2a3b4c",
                     *           "reason": "the endpoint wants no humidity",
                     *           "payload": {
                     *             "encoding": "utf8",
                     *             "data": "{\"temperature\":21.5}"
                     *           },
                     *           "row": null
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["DeadLetterDetail"];
                };
            };
            /** @description `bad-request`: The request is not well-formed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: A valid bearer token is needed. */
            401: {
                headers: {
                    /** @description How to ask instead (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `dead-letter-not-found`: No dead letter has this id. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests. */
            429: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal-error`: The server failed to answer. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `log-unavailable`: The event log cannot be written or read at the moment.
             *
             *     `projection-unavailable`: The projection database cannot be reached at the moment.
             */
            503: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    discardDeadLetter: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The letter's id, percent-encoded.
                 * @example 019c1447-9135-7d5d-a1e8-e620b332e698/AHT10_SENSOR/POST_ENDPOINT
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "reason": "the endpoint is gone for good"
                 *     }
                 */
                "application/json": components["schemas"]["DeadLetterReason"] | null;
            };
        };
        responses: {
            /** @description How many it has settled. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "count": 1
                     *     }
                     */
                    "application/json": components["schemas"]["DeadLetterResult"];
                };
            };
            /** @description `bad-request`: The request is not well-formed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: A valid bearer token is needed. */
            401: {
                headers: {
                    /** @description How to ask instead (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The token's role does not suffice for this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `dead-letter-not-found`: No dead letter has this id. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload-too-large`: The request body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported-media-type`: The request body must be application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid-query`: The request has values that it cannot have. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests. */
            429: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal-error`: The server failed to answer. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `log-unavailable`: The event log cannot be written or read at the moment.
             *
             *     `projection-unavailable`: The projection database cannot be reached at the moment.
             */
            503: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    retryDeadLetter: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The letter's id, percent-encoded.
                 * @example 019c1447-9135-7d5d-a1e8-e620b332e698/AHT10_SENSOR/POST_ENDPOINT
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "edit": {
                 *         "payload": "{\"temperature\":21.5}"
                 *       },
                 *       "reason": "the endpoint wants no humidity"
                 *     }
                 */
                "application/json": components["schemas"]["DeadLetterRetry"] | null;
            };
        };
        responses: {
            /** @description How many it has settled. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "count": 1
                     *     }
                     */
                    "application/json": components["schemas"]["DeadLetterResult"];
                };
            };
            /** @description `bad-request`: The request is not well-formed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: A valid bearer token is needed. */
            401: {
                headers: {
                    /** @description How to ask instead (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The token's role does not suffice for this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `dead-letter-not-found`: No dead letter has this id. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload-too-large`: The request body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported-media-type`: The request body must be application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid-query`: The request has values that it cannot have. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests. */
            429: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal-error`: The server failed to answer. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `log-unavailable`: The event log cannot be written or read at the moment.
             *
             *     `projection-unavailable`: The projection database cannot be reached at the moment.
             */
            503: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listDeadLetterCauses: {
        parameters: {
            query?: {
                /**
                 * @description Id of the action.
                 * @example POST_ENDPOINT
                 */
                action?: string;
                /**
                 * @description As `GET /api/v1/dead-letters/causes` gives it.
                 * @example answered 503 Service Unavailable
                 */
                cause?: string;
                /**
                 * @description The flow's identity, unique and unchangeable: letters, digits, `_`, `-` and `.`, but not `.` or `..`.
                 * @example AHT10_SENSOR
                 */
                flow?: string;
                /**
                 * @description delivery: of an action that posts. row: of one that stores.
                 * @example delivery
                 */
                kind?: "delivery" | "row";
                /**
                 * @description Causes at the most.
                 * @example 20
                 */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The causes. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "kind": "delivery",
                     *           "flow": "AHT10_SENSOR",
                     *           "action": "POST_ENDPOINT",
                     *           "attribute": null,
                     *           "cause": "answered 503 Service Unavailable",
                     *           "count": 1200,
                     *           "firstDeadAt": "2026-01-31T12:34:56.789Z",
                     *           "lastDeadAt": "2026-01-31T12:00:00.000Z",
                     *           "sample": "019c1447-9135-7d5d-a1e8-e620b332e698/AHT10_SENSOR/POST_ENDPOINT"
                     *         }
                     *       ],
                     *       "more": false
                     *     }
                     */
                    "application/json": components["schemas"]["DeadLetterCauses"];
                };
            };
            /** @description `bad-request`: The request is not well-formed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: A valid bearer token is needed. */
            401: {
                headers: {
                    /** @description How to ask instead (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid-query`: The request has values that it cannot have. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests. */
            429: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal-error`: The server failed to answer. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `projection-unavailable`: The projection database cannot be reached at the moment.
             *
             *     `log-unavailable`: The event log cannot be written or read at the moment.
             */
            503: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    discardDeadLetters: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "filter": {
                 *         "flow": "AHT10_SENSOR"
                 *       },
                 *       "reason": "the endpoint is gone for good"
                 *     }
                 */
                "application/json": components["schemas"]["DeadLetterCommand"];
            };
        };
        responses: {
            /** @description How many it has settled. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "count": 1
                     *     }
                     */
                    "application/json": components["schemas"]["DeadLetterResult"];
                };
            };
            /** @description `bad-request`: The request is not well-formed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: A valid bearer token is needed. */
            401: {
                headers: {
                    /** @description How to ask instead (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The token's role does not suffice for this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload-too-large`: The request body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported-media-type`: The request body must be application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid-query`: The request has values that it cannot have. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests. */
            429: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal-error`: The server failed to answer. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `log-unavailable`: The event log cannot be written or read at the moment.
             *
             *     `projection-unavailable`: The projection database cannot be reached at the moment.
             */
            503: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    retryDeadLetters: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "filter": {
                 *         "flow": "AHT10_SENSOR"
                 *       },
                 *       "reason": "the endpoint is gone for good"
                 *     }
                 */
                "application/json": components["schemas"]["DeadLetterCommand"];
            };
        };
        responses: {
            /** @description How many it has settled. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "count": 1
                     *     }
                     */
                    "application/json": components["schemas"]["DeadLetterResult"];
                };
            };
            /** @description `bad-request`: The request is not well-formed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: A valid bearer token is needed. */
            401: {
                headers: {
                    /** @description How to ask instead (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The token's role does not suffice for this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload-too-large`: The request body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported-media-type`: The request body must be application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid-query`: The request has values that it cannot have. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests. */
            429: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal-error`: The server failed to answer. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `log-unavailable`: The event log cannot be written or read at the moment.
             *
             *     `projection-unavailable`: The projection database cannot be reached at the moment.
             */
            503: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listEvents: {
        parameters: {
            query?: {
                /**
                 * @description The `next` of the page before, or the `position` of any event: what follows it in the chosen order. So a reader that has come to the end of the log goes on later from the last event that it has seen.
                 * @example WyJmbG93cyIsIkFIVDEwX1NFTlNPUiJd
                 */
                after?: string;
                /**
                 * @description The flow's identity, unique and unchangeable: letters, digits, `_`, `-` and `.`, but not `.` or `..`.
                 * @example AHT10_SENSOR
                 */
                flow?: string;
                /**
                 * @description Earliest time of recording, inclusive; a date is the start of that day (UTC).
                 * @example 2026-01-31
                 */
                from?: string;
                /**
                 * @description Items at the most.
                 * @example 20
                 */
                limit?: number;
                /**
                 * @description Shared by all flows that one PUBLISH matched.
                 * @example 019c1447-9135-7d5d-a1e8-e620b332e698
                 */
                messageId?: string;
                /**
                 * @description asc: oldest first.
                 * @example desc
                 */
                order?: "asc" | "desc";
                /**
                 * @description Name of one stream, as events have it.
                 * @example flow-AHT10_SENSOR
                 */
                stream?: string;
                /**
                 * @description Latest time of recording, inclusive; a date is the last instant of that day (UTC).
                 * @example 2026-01-31T12:00:00.000Z
                 */
                to?: string;
                /**
                 * @description One event type, or several with commas.
                 * @example ValidationFailed,ThresholdBreached
                 */
                type?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "id": "019c1447-9136-7de4-8e2b-52a1c8d3f207",
                     *           "stream": "traffic-AHT10_SENSOR-20260131",
                     *           "version": 2400,
                     *           "position": "4712",
                     *           "type": "StoredAttribute",
                     *           "schemaVersion": 1,
                     *           "data": {
                     *             "flow": "AHT10_SENSOR",
                     *             "messageId": "019c1447-9135-7d5d-a1e8-e620b332e698",
                     *             "messageNumber": 1200,
                     *             "action": "STORE_DB",
                     *             "attribute": "temperature",
                     *             "valueType": "number",
                     *             "value": 21.5,
                     *             "receivedAt": "2026-01-31T12:34:56.789Z"
                     *           },
                     *           "metadata": {},
                     *           "recordedAt": "2026-01-31T12:34:56.789Z"
                     *         }
                     *       ],
                     *       "next": null
                     *     }
                     */
                    "application/json": components["schemas"]["EventPage"];
                };
            };
            /**
             * @description `bad-cursor`: The paging cursor is not one that this server gave out.
             *
             *     `bad-request`: The request is not well-formed.
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: A valid bearer token is needed. */
            401: {
                headers: {
                    /** @description How to ask instead (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid-query`: The request has values that it cannot have. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests. */
            429: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal-error`: The server failed to answer. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `log-unavailable`: The event log cannot be written or read at the moment. */
            503: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listFlows: {
        parameters: {
            query?: {
                /**
                 * @description The `next` of the page before.
                 * @example WyJmbG93cyIsIkFIVDEwX1NFTlNPUiJd
                 */
                after?: string;
                /**
                 * @description Items at the most.
                 * @example 20
                 */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "code": "AHT10_SENSOR",
                     *           "description": "Temperature and humidity",
                     *           "topic": "sensors/{site}/aht10",
                     *           "payloadSchema": {
                     *             "temperature": "float",
                     *             "humidity": "float"
                     *           },
                     *           "actions": [
                     *             {
                     *               "id": "STORE_DB",
                     *               "type": "STORE_DB"
                     *             },
                     *             {
                     *               "id": "POST_ENDPOINT",
                     *               "type": "POST_ENDPOINT",
                     *               "url": "https://example.com/readings",
                     *               "headers": {},
                     *               "timeoutSeconds": 10,
                     *               "maxAttempts": 20,
                     *               "ordered": false,
                     *               "concurrency": 8,
                     *               "priority": 5
                     *             }
                     *           ],
                     *           "thresholds": [
                     *             {
                     *               "attribute": "temperature",
                     *               "max": 60,
                     *               "onBreach": "flag"
                     *             }
                     *           ],
                     *           "broker": "default",
                     *           "qos": 1,
                     *           "payload": {
                     *             "codec": "json",
                     *             "onInvalid": "reject"
                     *           },
                     *           "enabled": true,
                     *           "version": 3,
                     *           "createdAt": "2026-01-31T12:00:00.000Z",
                     *           "updatedAt": "2026-01-31T12:00:00.000Z",
                     *           "lastMessageNumber": 1200,
                     *           "lastReceivedAt": "2026-01-31T12:34:56.789Z",
                     *           "counters": {
                     *             "received": 1200,
                     *             "accepted": 1198,
                     *             "rejected": 2,
                     *             "flagged": 0,
                     *             "breached": 0,
                     *             "skipped": 0
                     *           },
                     *           "actionCounts": [
                     *             {
                     *               "action": "STORE_DB",
                     *               "accepted": 1198,
                     *               "done": 1198,
                     *               "pending": 0,
                     *               "dead": 0,
                     *               "discarded": 0
                     *             },
                     *             {
                     *               "action": "POST_ENDPOINT",
                     *               "accepted": 1198,
                     *               "done": 1195,
                     *               "pending": 2,
                     *               "dead": 1,
                     *               "discarded": 0
                     *             }
                     *           ]
                     *         }
                     *       ],
                     *       "next": null
                     *     }
                     */
                    "application/json": components["schemas"]["FlowPage"];
                };
            };
            /**
             * @description `bad-cursor`: The paging cursor is not one that this server gave out.
             *
             *     `bad-request`: The request is not well-formed.
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: A valid bearer token is needed. */
            401: {
                headers: {
                    /** @description How to ask instead (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid-query`: The request has values that it cannot have. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests. */
            429: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal-error`: The server failed to answer. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `log-unavailable`: The event log cannot be written or read at the moment. */
            503: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createFlow: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "code": "AHT10_SENSOR",
                 *       "description": "Temperature and humidity",
                 *       "topic": "sensors/{site}/aht10",
                 *       "payloadSchema": {
                 *         "temperature": "float",
                 *         "humidity": "float"
                 *       },
                 *       "actions": [
                 *         {
                 *           "type": "STORE_DB"
                 *         },
                 *         {
                 *           "type": "POST_ENDPOINT",
                 *           "url": "https://example.com/readings"
                 *         }
                 *       ],
                 *       "thresholds": [
                 *         {
                 *           "attribute": "temperature",
                 *           "max": 60,
                 *           "onBreach": "flag"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["FlowInput"];
            };
        };
        responses: {
            /** @description The flow. */
            201: {
                headers: {
                    /** @description The flow's version. */
                    ETag?: string;
                    /** @description The flow's address. */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "AHT10_SENSOR",
                     *       "description": "Temperature and humidity",
                     *       "topic": "sensors/{site}/aht10",
                     *       "payloadSchema": {
                     *         "temperature": "float",
                     *         "humidity": "float"
                     *       },
                     *       "actions": [
                     *         {
                     *           "id": "STORE_DB",
                     *           "type": "STORE_DB"
                     *         },
                     *         {
                     *           "id": "POST_ENDPOINT",
                     *           "type": "POST_ENDPOINT",
                     *           "url": "https://example.com/readings",
                     *           "headers": {},
                     *           "timeoutSeconds": 10,
                     *           "maxAttempts": 20,
                     *           "ordered": false,
                     *           "concurrency": 8,
                     *           "priority": 5
                     *         }
                     *       ],
                     *       "thresholds": [
                     *         {
                     *           "attribute": "temperature",
                     *           "max": 60,
                     *           "onBreach": "flag"
                     *         }
                     *       ],
                     *       "broker": "default",
                     *       "qos": 1,
                     *       "payload": {
                     *         "codec": "json",
                     *         "onInvalid": "reject"
                     *       },
                     *       "enabled": true,
                     *       "version": 3,
                     *       "createdAt": "2026-01-31T12:00:00.000Z",
                     *       "updatedAt": "2026-01-31T12:00:00.000Z",
                     *       "lastMessageNumber": 1200,
                     *       "lastReceivedAt": "2026-01-31T12:34:56.789Z",
                     *       "counters": {
                     *         "received": 1200,
                     *         "accepted": 1198,
                     *         "rejected": 2,
                     *         "flagged": 0,
                     *         "breached": 0,
                     *         "skipped": 0
                     *       },
                     *       "actionCounts": [
                     *         {
                     *           "action": "STORE_DB",
                     *           "accepted": 1198,
                     *           "done": 1198,
                     *           "pending": 0,
                     *           "dead": 0,
                     *           "discarded": 0
                     *         },
                     *         {
                     *           "action": "POST_ENDPOINT",
                     *           "accepted": 1198,
                     *           "done": 1195,
                     *           "pending": 2,
                     *           "dead": 1,
                     *           "discarded": 0
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["Flow"];
                };
            };
            /** @description `bad-request`: The request is not well-formed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: A valid bearer token is needed. */
            401: {
                headers: {
                    /** @description How to ask instead (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The token's role does not suffice for this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `flow-exists`: A flow with this code exists already.
             *
             *     `flow-conflict`: The flow was changed by someone else meanwhile.
             */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload-too-large`: The request body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported-media-type`: The request body must be application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `bad-definition`: The flow definition has errors. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests. */
            429: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal-error`: The server failed to answer. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `log-unavailable`: The event log cannot be written or read at the moment. */
            503: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getFlow: {
        parameters: {
            query?: {
                /**
                 * @description The flow as it was then: RFC 3339 with a zone, a date for its last instant (UTC), or a `position` of the log.
                 * @example 2026-01-31T12:00:00.000Z
                 */
                at?: string;
            };
            header?: {
                /**
                 * @description Only if the flow is at none of these versions: ETags; `*`: only if there is no such flow.
                 * @example "2"
                 */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description The flow's code.
                 * @example AHT10_SENSOR
                 */
                code: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The flow; with `at`, its definition, state and counters then. */
            200: {
                headers: {
                    /** @description The flow's version; absent with `at`. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "AHT10_SENSOR",
                     *       "description": "Temperature and humidity",
                     *       "topic": "sensors/{site}/aht10",
                     *       "payloadSchema": {
                     *         "temperature": "float",
                     *         "humidity": "float"
                     *       },
                     *       "actions": [
                     *         {
                     *           "id": "STORE_DB",
                     *           "type": "STORE_DB"
                     *         },
                     *         {
                     *           "id": "POST_ENDPOINT",
                     *           "type": "POST_ENDPOINT",
                     *           "url": "https://example.com/readings",
                     *           "headers": {},
                     *           "timeoutSeconds": 10,
                     *           "maxAttempts": 20,
                     *           "ordered": false,
                     *           "concurrency": 8,
                     *           "priority": 5
                     *         }
                     *       ],
                     *       "thresholds": [
                     *         {
                     *           "attribute": "temperature",
                     *           "max": 60,
                     *           "onBreach": "flag"
                     *         }
                     *       ],
                     *       "broker": "default",
                     *       "qos": 1,
                     *       "payload": {
                     *         "codec": "json",
                     *         "onInvalid": "reject"
                     *       },
                     *       "enabled": true,
                     *       "version": 3,
                     *       "createdAt": "2026-01-31T12:00:00.000Z",
                     *       "updatedAt": "2026-01-31T12:00:00.000Z",
                     *       "lastMessageNumber": 1200,
                     *       "lastReceivedAt": "2026-01-31T12:34:56.789Z",
                     *       "counters": {
                     *         "received": 1200,
                     *         "accepted": 1198,
                     *         "rejected": 2,
                     *         "flagged": 0,
                     *         "breached": 0,
                     *         "skipped": 0
                     *       },
                     *       "actionCounts": [
                     *         {
                     *           "action": "STORE_DB",
                     *           "accepted": 1198,
                     *           "done": 1198,
                     *           "pending": 0,
                     *           "dead": 0,
                     *           "discarded": 0
                     *         },
                     *         {
                     *           "action": "POST_ENDPOINT",
                     *           "accepted": 1198,
                     *           "done": 1195,
                     *           "pending": 2,
                     *           "dead": 1,
                     *           "discarded": 0
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["Flow"] | components["schemas"]["FlowAt"];
                };
            };
            /** @description The version is the one of If-None-Match. */
            304: {
                headers: {
                    /** @description The flow's version. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `bad-request`: The request is not well-formed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: A valid bearer token is needed. */
            401: {
                headers: {
                    /** @description How to ask instead (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `flow-not-found`: No flow has this code. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid-query`: The request has values that it cannot have. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests. */
            429: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal-error`: The server failed to answer. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `log-unavailable`: The event log cannot be written or read at the moment. */
            503: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    putFlow: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Only if the flow is at one of these versions: ETags, or `*` for any.
                 * @example "3"
                 */
                "if-match"?: string;
                /**
                 * @description Only if the flow is at none of these versions: ETags; `*`: only if there is no such flow.
                 * @example "2"
                 */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description The flow's code.
                 * @example AHT10_SENSOR
                 */
                code: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "code": "AHT10_SENSOR",
                 *       "description": "Temperature and humidity",
                 *       "topic": "sensors/{site}/aht10",
                 *       "payloadSchema": {
                 *         "temperature": "float",
                 *         "humidity": "float"
                 *       },
                 *       "actions": [
                 *         {
                 *           "type": "STORE_DB"
                 *         },
                 *         {
                 *           "type": "POST_ENDPOINT",
                 *           "url": "https://example.com/readings"
                 *         }
                 *       ],
                 *       "thresholds": [
                 *         {
                 *           "attribute": "temperature",
                 *           "max": 60,
                 *           "onBreach": "flag"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["FlowInput"];
            };
        };
        responses: {
            /** @description The flow as it is now. */
            200: {
                headers: {
                    /** @description The flow's version. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "AHT10_SENSOR",
                     *       "description": "Temperature and humidity",
                     *       "topic": "sensors/{site}/aht10",
                     *       "payloadSchema": {
                     *         "temperature": "float",
                     *         "humidity": "float"
                     *       },
                     *       "actions": [
                     *         {
                     *           "id": "STORE_DB",
                     *           "type": "STORE_DB"
                     *         },
                     *         {
                     *           "id": "POST_ENDPOINT",
                     *           "type": "POST_ENDPOINT",
                     *           "url": "https://example.com/readings",
                     *           "headers": {},
                     *           "timeoutSeconds": 10,
                     *           "maxAttempts": 20,
                     *           "ordered": false,
                     *           "concurrency": 8,
                     *           "priority": 5
                     *         }
                     *       ],
                     *       "thresholds": [
                     *         {
                     *           "attribute": "temperature",
                     *           "max": 60,
                     *           "onBreach": "flag"
                     *         }
                     *       ],
                     *       "broker": "default",
                     *       "qos": 1,
                     *       "payload": {
                     *         "codec": "json",
                     *         "onInvalid": "reject"
                     *       },
                     *       "enabled": true,
                     *       "version": 3,
                     *       "createdAt": "2026-01-31T12:00:00.000Z",
                     *       "updatedAt": "2026-01-31T12:00:00.000Z",
                     *       "lastMessageNumber": 1200,
                     *       "lastReceivedAt": "2026-01-31T12:34:56.789Z",
                     *       "counters": {
                     *         "received": 1200,
                     *         "accepted": 1198,
                     *         "rejected": 2,
                     *         "flagged": 0,
                     *         "breached": 0,
                     *         "skipped": 0
                     *       },
                     *       "actionCounts": [
                     *         {
                     *           "action": "STORE_DB",
                     *           "accepted": 1198,
                     *           "done": 1198,
                     *           "pending": 0,
                     *           "dead": 0,
                     *           "discarded": 0
                     *         },
                     *         {
                     *           "action": "POST_ENDPOINT",
                     *           "accepted": 1198,
                     *           "done": 1195,
                     *           "pending": 2,
                     *           "dead": 1,
                     *           "discarded": 0
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["Flow"];
                };
            };
            /** @description There was none: it was created. */
            201: {
                headers: {
                    /** @description The flow's version. */
                    ETag?: string;
                    /** @description The flow's address. */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "AHT10_SENSOR",
                     *       "description": "Temperature and humidity",
                     *       "topic": "sensors/{site}/aht10",
                     *       "payloadSchema": {
                     *         "temperature": "float",
                     *         "humidity": "float"
                     *       },
                     *       "actions": [
                     *         {
                     *           "id": "STORE_DB",
                     *           "type": "STORE_DB"
                     *         },
                     *         {
                     *           "id": "POST_ENDPOINT",
                     *           "type": "POST_ENDPOINT",
                     *           "url": "https://example.com/readings",
                     *           "headers": {},
                     *           "timeoutSeconds": 10,
                     *           "maxAttempts": 20,
                     *           "ordered": false,
                     *           "concurrency": 8,
                     *           "priority": 5
                     *         }
                     *       ],
                     *       "thresholds": [
                     *         {
                     *           "attribute": "temperature",
                     *           "max": 60,
                     *           "onBreach": "flag"
                     *         }
                     *       ],
                     *       "broker": "default",
                     *       "qos": 1,
                     *       "payload": {
                     *         "codec": "json",
                     *         "onInvalid": "reject"
                     *       },
                     *       "enabled": true,
                     *       "version": 3,
                     *       "createdAt": "2026-01-31T12:00:00.000Z",
                     *       "updatedAt": "2026-01-31T12:00:00.000Z",
                     *       "lastMessageNumber": 1200,
                     *       "lastReceivedAt": "2026-01-31T12:34:56.789Z",
                     *       "counters": {
                     *         "received": 1200,
                     *         "accepted": 1198,
                     *         "rejected": 2,
                     *         "flagged": 0,
                     *         "breached": 0,
                     *         "skipped": 0
                     *       },
                     *       "actionCounts": [
                     *         {
                     *           "action": "STORE_DB",
                     *           "accepted": 1198,
                     *           "done": 1198,
                     *           "pending": 0,
                     *           "dead": 0,
                     *           "discarded": 0
                     *         },
                     *         {
                     *           "action": "POST_ENDPOINT",
                     *           "accepted": 1198,
                     *           "done": 1195,
                     *           "pending": 2,
                     *           "dead": 1,
                     *           "discarded": 0
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["Flow"];
                };
            };
            /** @description `bad-request`: The request is not well-formed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: A valid bearer token is needed. */
            401: {
                headers: {
                    /** @description How to ask instead (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The token's role does not suffice for this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `flow-conflict`: The flow was changed by someone else meanwhile. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `precondition-failed`: The flow is not as the request's If-Match or If-None-Match says. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload-too-large`: The request body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported-media-type`: The request body must be application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `bad-definition`: The flow definition has errors. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests. */
            429: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal-error`: The server failed to answer. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `log-unavailable`: The event log cannot be written or read at the moment. */
            503: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    retireFlow: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Only if the flow is at one of these versions: ETags, or `*` for any.
                 * @example "3"
                 */
                "if-match"?: string;
                /**
                 * @description Only if the flow is at none of these versions: ETags; `*`: only if there is no such flow.
                 * @example "2"
                 */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description The flow's code.
                 * @example AHT10_SENSOR
                 */
                code: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is retired. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `bad-request`: The request is not well-formed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: A valid bearer token is needed. */
            401: {
                headers: {
                    /** @description How to ask instead (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The token's role does not suffice for this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `flow-not-found`: No flow has this code. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `flow-conflict`: The flow was changed by someone else meanwhile. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `precondition-failed`: The flow is not as the request's If-Match or If-None-Match says. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests. */
            429: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal-error`: The server failed to answer. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `log-unavailable`: The event log cannot be written or read at the moment. */
            503: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    disableFlow: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Only if the flow is at one of these versions: ETags, or `*` for any.
                 * @example "3"
                 */
                "if-match"?: string;
                /**
                 * @description Only if the flow is at none of these versions: ETags; `*`: only if there is no such flow.
                 * @example "2"
                 */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description The flow's code.
                 * @example AHT10_SENSOR
                 */
                code: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The flow as it is now. */
            200: {
                headers: {
                    /** @description The flow's version. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "AHT10_SENSOR",
                     *       "description": "Temperature and humidity",
                     *       "topic": "sensors/{site}/aht10",
                     *       "payloadSchema": {
                     *         "temperature": "float",
                     *         "humidity": "float"
                     *       },
                     *       "actions": [
                     *         {
                     *           "id": "STORE_DB",
                     *           "type": "STORE_DB"
                     *         },
                     *         {
                     *           "id": "POST_ENDPOINT",
                     *           "type": "POST_ENDPOINT",
                     *           "url": "https://example.com/readings",
                     *           "headers": {},
                     *           "timeoutSeconds": 10,
                     *           "maxAttempts": 20,
                     *           "ordered": false,
                     *           "concurrency": 8,
                     *           "priority": 5
                     *         }
                     *       ],
                     *       "thresholds": [
                     *         {
                     *           "attribute": "temperature",
                     *           "max": 60,
                     *           "onBreach": "flag"
                     *         }
                     *       ],
                     *       "broker": "default",
                     *       "qos": 1,
                     *       "payload": {
                     *         "codec": "json",
                     *         "onInvalid": "reject"
                     *       },
                     *       "enabled": true,
                     *       "version": 3,
                     *       "createdAt": "2026-01-31T12:00:00.000Z",
                     *       "updatedAt": "2026-01-31T12:00:00.000Z",
                     *       "lastMessageNumber": 1200,
                     *       "lastReceivedAt": "2026-01-31T12:34:56.789Z",
                     *       "counters": {
                     *         "received": 1200,
                     *         "accepted": 1198,
                     *         "rejected": 2,
                     *         "flagged": 0,
                     *         "breached": 0,
                     *         "skipped": 0
                     *       },
                     *       "actionCounts": [
                     *         {
                     *           "action": "STORE_DB",
                     *           "accepted": 1198,
                     *           "done": 1198,
                     *           "pending": 0,
                     *           "dead": 0,
                     *           "discarded": 0
                     *         },
                     *         {
                     *           "action": "POST_ENDPOINT",
                     *           "accepted": 1198,
                     *           "done": 1195,
                     *           "pending": 2,
                     *           "dead": 1,
                     *           "discarded": 0
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["Flow"];
                };
            };
            /** @description `bad-request`: The request is not well-formed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: A valid bearer token is needed. */
            401: {
                headers: {
                    /** @description How to ask instead (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The token's role does not suffice for this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `flow-not-found`: No flow has this code. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `flow-conflict`: The flow was changed by someone else meanwhile. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `precondition-failed`: The flow is not as the request's If-Match or If-None-Match says. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests. */
            429: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal-error`: The server failed to answer. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `log-unavailable`: The event log cannot be written or read at the moment. */
            503: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    enableFlow: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Only if the flow is at one of these versions: ETags, or `*` for any.
                 * @example "3"
                 */
                "if-match"?: string;
                /**
                 * @description Only if the flow is at none of these versions: ETags; `*`: only if there is no such flow.
                 * @example "2"
                 */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description The flow's code.
                 * @example AHT10_SENSOR
                 */
                code: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The flow as it is now. */
            200: {
                headers: {
                    /** @description The flow's version. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "AHT10_SENSOR",
                     *       "description": "Temperature and humidity",
                     *       "topic": "sensors/{site}/aht10",
                     *       "payloadSchema": {
                     *         "temperature": "float",
                     *         "humidity": "float"
                     *       },
                     *       "actions": [
                     *         {
                     *           "id": "STORE_DB",
                     *           "type": "STORE_DB"
                     *         },
                     *         {
                     *           "id": "POST_ENDPOINT",
                     *           "type": "POST_ENDPOINT",
                     *           "url": "https://example.com/readings",
                     *           "headers": {},
                     *           "timeoutSeconds": 10,
                     *           "maxAttempts": 20,
                     *           "ordered": false,
                     *           "concurrency": 8,
                     *           "priority": 5
                     *         }
                     *       ],
                     *       "thresholds": [
                     *         {
                     *           "attribute": "temperature",
                     *           "max": 60,
                     *           "onBreach": "flag"
                     *         }
                     *       ],
                     *       "broker": "default",
                     *       "qos": 1,
                     *       "payload": {
                     *         "codec": "json",
                     *         "onInvalid": "reject"
                     *       },
                     *       "enabled": true,
                     *       "version": 3,
                     *       "createdAt": "2026-01-31T12:00:00.000Z",
                     *       "updatedAt": "2026-01-31T12:00:00.000Z",
                     *       "lastMessageNumber": 1200,
                     *       "lastReceivedAt": "2026-01-31T12:34:56.789Z",
                     *       "counters": {
                     *         "received": 1200,
                     *         "accepted": 1198,
                     *         "rejected": 2,
                     *         "flagged": 0,
                     *         "breached": 0,
                     *         "skipped": 0
                     *       },
                     *       "actionCounts": [
                     *         {
                     *           "action": "STORE_DB",
                     *           "accepted": 1198,
                     *           "done": 1198,
                     *           "pending": 0,
                     *           "dead": 0,
                     *           "discarded": 0
                     *         },
                     *         {
                     *           "action": "POST_ENDPOINT",
                     *           "accepted": 1198,
                     *           "done": 1195,
                     *           "pending": 2,
                     *           "dead": 1,
                     *           "discarded": 0
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["Flow"];
                };
            };
            /** @description `bad-request`: The request is not well-formed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: A valid bearer token is needed. */
            401: {
                headers: {
                    /** @description How to ask instead (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The token's role does not suffice for this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `flow-not-found`: No flow has this code. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `flow-conflict`: The flow was changed by someone else meanwhile. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `precondition-failed`: The flow is not as the request's If-Match or If-None-Match says. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests. */
            429: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal-error`: The server failed to answer. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `log-unavailable`: The event log cannot be written or read at the moment. */
            503: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    flowHistory: {
        parameters: {
            query?: {
                /**
                 * @description The `next` of the page before.
                 * @example WyJmbG93cyIsIkFIVDEwX1NFTlNPUiJd
                 */
                after?: string;
                /**
                 * @description Items at the most.
                 * @example 20
                 */
                limit?: number;
            };
            header?: never;
            path: {
                /**
                 * @description The flow's code.
                 * @example AHT10_SENSOR
                 */
                code: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "version": 3,
                     *           "type": "FlowRevised",
                     *           "at": "2026-01-31T12:00:00.000Z",
                     *           "position": "4711",
                     *           "actor": "api:admin",
                     *           "rolledBackTo": null,
                     *           "definition": {
                     *             "code": "AHT10_SENSOR",
                     *             "description": "Temperature and humidity",
                     *             "topic": "sensors/{site}/aht10",
                     *             "payloadSchema": {
                     *               "temperature": "float",
                     *               "humidity": "float"
                     *             },
                     *             "actions": [
                     *               {
                     *                 "id": "STORE_DB",
                     *                 "type": "STORE_DB"
                     *               },
                     *               {
                     *                 "id": "POST_ENDPOINT",
                     *                 "type": "POST_ENDPOINT",
                     *                 "url": "https://example.com/readings",
                     *                 "headers": {},
                     *                 "timeoutSeconds": 10,
                     *                 "maxAttempts": 20,
                     *                 "ordered": false,
                     *                 "concurrency": 8,
                     *                 "priority": 5
                     *               }
                     *             ],
                     *             "thresholds": [
                     *               {
                     *                 "attribute": "temperature",
                     *                 "max": 60,
                     *                 "onBreach": "flag"
                     *               }
                     *             ],
                     *             "broker": "default",
                     *             "qos": 1,
                     *             "payload": {
                     *               "codec": "json",
                     *               "onInvalid": "reject"
                     *             }
                     *           },
                     *           "changes": [
                     *             {
                     *               "pointer": "/description",
                     *               "before": "Temperature",
                     *               "after": "Temperature and humidity"
                     *             }
                     *           ]
                     *         }
                     *       ],
                     *       "next": null
                     *     }
                     */
                    "application/json": components["schemas"]["FlowHistoryPage"];
                };
            };
            /**
             * @description `bad-cursor`: The paging cursor is not one that this server gave out.
             *
             *     `bad-request`: The request is not well-formed.
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: A valid bearer token is needed. */
            401: {
                headers: {
                    /** @description How to ask instead (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `flow-not-found`: No flow has this code. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid-query`: The request has values that it cannot have. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests. */
            429: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal-error`: The server failed to answer. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `log-unavailable`: The event log cannot be written or read at the moment. */
            503: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rollbackFlow: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Only if the flow is at one of these versions: ETags, or `*` for any.
                 * @example "3"
                 */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description The flow's code.
                 * @example AHT10_SENSOR
                 */
                code: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "version": 2
                 *     }
                 */
                "application/json": components["schemas"]["RollbackInput"];
            };
        };
        responses: {
            /** @description The flow as it is now. */
            200: {
                headers: {
                    /** @description The flow's version. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "code": "AHT10_SENSOR",
                     *       "description": "Temperature and humidity",
                     *       "topic": "sensors/{site}/aht10",
                     *       "payloadSchema": {
                     *         "temperature": "float",
                     *         "humidity": "float"
                     *       },
                     *       "actions": [
                     *         {
                     *           "id": "STORE_DB",
                     *           "type": "STORE_DB"
                     *         },
                     *         {
                     *           "id": "POST_ENDPOINT",
                     *           "type": "POST_ENDPOINT",
                     *           "url": "https://example.com/readings",
                     *           "headers": {},
                     *           "timeoutSeconds": 10,
                     *           "maxAttempts": 20,
                     *           "ordered": false,
                     *           "concurrency": 8,
                     *           "priority": 5
                     *         }
                     *       ],
                     *       "thresholds": [
                     *         {
                     *           "attribute": "temperature",
                     *           "max": 60,
                     *           "onBreach": "flag"
                     *         }
                     *       ],
                     *       "broker": "default",
                     *       "qos": 1,
                     *       "payload": {
                     *         "codec": "json",
                     *         "onInvalid": "reject"
                     *       },
                     *       "enabled": true,
                     *       "version": 3,
                     *       "createdAt": "2026-01-31T12:00:00.000Z",
                     *       "updatedAt": "2026-01-31T12:00:00.000Z",
                     *       "lastMessageNumber": 1200,
                     *       "lastReceivedAt": "2026-01-31T12:34:56.789Z",
                     *       "counters": {
                     *         "received": 1200,
                     *         "accepted": 1198,
                     *         "rejected": 2,
                     *         "flagged": 0,
                     *         "breached": 0,
                     *         "skipped": 0
                     *       },
                     *       "actionCounts": [
                     *         {
                     *           "action": "STORE_DB",
                     *           "accepted": 1198,
                     *           "done": 1198,
                     *           "pending": 0,
                     *           "dead": 0,
                     *           "discarded": 0
                     *         },
                     *         {
                     *           "action": "POST_ENDPOINT",
                     *           "accepted": 1198,
                     *           "done": 1195,
                     *           "pending": 2,
                     *           "dead": 1,
                     *           "discarded": 0
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["Flow"];
                };
            };
            /** @description `bad-request`: The request is not well-formed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: A valid bearer token is needed. */
            401: {
                headers: {
                    /** @description How to ask instead (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The token's role does not suffice for this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `flow-not-found`: No flow has this code. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `flow-conflict`: The flow was changed by someone else meanwhile. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `precondition-failed`: The flow is not as the request's If-Match or If-None-Match says. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload-too-large`: The request body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported-media-type`: The request body must be application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `bad-definition`: The flow definition has errors.
             *
             *     `invalid-query`: The request has values that it cannot have.
             */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests. */
            429: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal-error`: The server failed to answer. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `log-unavailable`: The event log cannot be written or read at the moment. */
            503: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    testFlow: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The flow's code.
                 * @example AHT10_SENSOR
                 */
                code: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "topic": "sensors/hall/aht10",
                 *       "payload": {
                 *         "temperature": 21.5,
                 *         "humidity": 48
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["FlowTestRequest"];
            };
        };
        responses: {
            /** @description What it would do. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "matched": true,
                     *       "captures": {
                     *         "site": "hall"
                     *       },
                     *       "verdict": "accepted",
                     *       "errors": [],
                     *       "rows": [
                     *         {
                     *           "attribute": "temperature",
                     *           "valueType": "number",
                     *           "value": 21.5,
                     *           "text": "21.5"
                     *         },
                     *         {
                     *           "attribute": "humidity",
                     *           "valueType": "integer",
                     *           "value": 48,
                     *           "text": "48"
                     *         }
                     *       ],
                     *       "requests": [
                     *         {
                     *           "action": "POST_ENDPOINT",
                     *           "method": "POST",
                     *           "url": "https://example.com/readings",
                     *           "headers": {
                     *             "content-type": "application/json"
                     *           },
                     *           "body": {
                     *             "encoding": "utf8",
                     *             "data": "{\"temperature\":21.5,\"humidity\":48}"
                     *           }
                     *         }
                     *       ],
                     *       "events": []
                     *     }
                     */
                    "application/json": components["schemas"]["FlowTestResult"];
                };
            };
            /** @description `bad-request`: The request is not well-formed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: A valid bearer token is needed. */
            401: {
                headers: {
                    /** @description How to ask instead (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The token's role does not suffice for this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `flow-not-found`: No flow has this code. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload-too-large`: The request body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported-media-type`: The request body must be application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid-query`: The request has values that it cannot have. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests. */
            429: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal-error`: The server failed to answer. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `log-unavailable`: The event log cannot be written or read at the moment. */
            503: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    tailEvents: {
        parameters: {
            query?: {
                /**
                 * @description Position behind which to begin; absent: now.
                 * @example WyJmbG93cyIsIkFIVDEwX1NFTlNPUiJd
                 */
                after?: string;
                /**
                 * @description The flow's identity, unique and unchangeable: letters, digits, `_`, `-` and `.`, but not `.` or `..`.
                 * @example AHT10_SENSOR
                 */
                flow?: string;
                /**
                 * @description Earliest time of recording, inclusive; a date is the start of that day (UTC).
                 * @example 2026-01-31
                 */
                from?: string;
                /**
                 * @description Shared by all flows that one PUBLISH matched.
                 * @example 019c1447-9135-7d5d-a1e8-e620b332e698
                 */
                messageId?: string;
                /**
                 * @description Name of one stream, as events have it.
                 * @example flow-AHT10_SENSOR
                 */
                stream?: string;
                /**
                 * @description Latest time of recording, inclusive; a date is the last instant of that day (UTC).
                 * @example 2026-01-31T12:00:00.000Z
                 */
                to?: string;
                /**
                 * @description One event type, or several with commas.
                 * @example ValidationFailed,ThresholdBreached
                 */
                type?: string;
            };
            header?: {
                /**
                 * @description Position; goes before `after`.
                 * @example 4712
                 */
                "last-event-id"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A stream that does not end. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example id: 4712
                     *     data: {"id":"019c1447-9136-7de4-8e2b-52a1c8d3f207","stream":"traffic-AHT10_SENSOR-20260131","version":2400,"position":"4712","type":"StoredAttribute","schemaVersion":1,"data":{"flow":"AHT10_SENSOR","messageId":"019c1447-9135-7d5d-a1e8-e620b332e698","messageNumber":1200,"action":"STORE_DB","attribute":"temperature","valueType":"number","value":21.5,"receivedAt":"2026-01-31T12:34:56.789Z"},"metadata":{},"recordedAt":"2026-01-31T12:34:56.789Z"}
                     */
                    "text/event-stream": string;
                };
            };
            /**
             * @description `bad-cursor`: The paging cursor is not one that this server gave out.
             *
             *     `bad-request`: The request is not well-formed.
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: A valid bearer token is needed. */
            401: {
                headers: {
                    /** @description How to ask instead (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid-query`: The request has values that it cannot have. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests. */
            429: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal-error`: The server failed to answer. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `too-many-readers`: As many as may read the live tail at once do.
             *
             *     `log-unavailable`: The event log cannot be written or read at the moment.
             */
            503: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getMessage: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The message's id, a UUID.
                 * @example 019c1447-9135-7d5d-a1e8-e620b332e698
                 */
                messageId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The story. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "messageId": "019c1447-9135-7d5d-a1e8-e620b332e698",
                     *       "topic": "sensors/hall/aht10",
                     *       "broker": "default",
                     *       "source": "mqtt",
                     *       "receivedAt": "2026-01-31T12:34:56.789Z",
                     *       "recordedAt": "2026-01-31T12:34:56.789Z",
                     *       "position": "4711",
                     *       "qos": 1,
                     *       "retain": false,
                     *       "dup": false,
                     *       "properties": null,
                     *       "payload": {
                     *         "encoding": "utf8",
                     *         "data": "{\"temperature\":21.5,\"humidity\":48}"
                     *       },
                     *       "payloadBytes": 34,
                     *       "stores": {
                     *         "log": "sqlite:/var/lib/sluice/events.db",
                     *         "rows": {
                     *           "database": "sqlite:/var/lib/sluice/projection.db",
                     *           "table": "data"
                     *         }
                     *       },
                     *       "flows": [
                     *         {
                     *           "flow": "AHT10_SENSOR",
                     *           "messageNumber": 1200,
                     *           "flowVersion": 3,
                     *           "topic": "sensors/{site}/aht10",
                     *           "definition": {
                     *             "code": "AHT10_SENSOR",
                     *             "description": "Temperature and humidity",
                     *             "topic": "sensors/{site}/aht10",
                     *             "payloadSchema": {
                     *               "temperature": "float",
                     *               "humidity": "float"
                     *             },
                     *             "actions": [
                     *               {
                     *                 "id": "STORE_DB",
                     *                 "type": "STORE_DB"
                     *               },
                     *               {
                     *                 "id": "POST_ENDPOINT",
                     *                 "type": "POST_ENDPOINT",
                     *                 "url": "https://example.com/readings",
                     *                 "headers": {},
                     *                 "timeoutSeconds": 10,
                     *                 "maxAttempts": 20,
                     *                 "ordered": false,
                     *                 "concurrency": 8,
                     *                 "priority": 5
                     *               }
                     *             ],
                     *             "thresholds": [
                     *               {
                     *                 "attribute": "temperature",
                     *                 "max": 60,
                     *                 "onBreach": "flag"
                     *               }
                     *             ],
                     *             "broker": "default",
                     *             "qos": 1,
                     *             "payload": {
                     *               "codec": "json",
                     *               "onInvalid": "reject"
                     *             }
                     *           },
                     *           "captures": {
                     *             "site": "hall"
                     *           },
                     *           "verdict": "accepted",
                     *           "errors": [],
                     *           "rows": [
                     *             {
                     *               "id": "2399",
                     *               "flow": "AHT10_SENSOR",
                     *               "action": "STORE_DB",
                     *               "attribute": "temperature",
                     *               "value": 21.5,
                     *               "valueType": "number",
                     *               "text": "21.5",
                     *               "messageId": "019c1447-9135-7d5d-a1e8-e620b332e698",
                     *               "messageNumber": 1200,
                     *               "receivedAt": "2026-01-31T12:34:56.789Z",
                     *               "deviceTime": null,
                     *               "eventId": "019c1447-9136-7de4-8e2b-52a1c8d3f207"
                     *             }
                     *           ],
                     *           "deliveries": [
                     *             {
                     *               "action": "POST_ENDPOINT",
                     *               "type": "POST_ENDPOINT",
                     *               "state": "pending",
                     *               "url": "https://example.com/readings",
                     *               "attempts": 1,
                     *               "status": 503,
                     *               "reason": "answered 503 Service Unavailable",
                     *               "at": "2026-01-31T12:34:56.789Z",
                     *               "nextAttemptAt": "2026-01-31T12:34:58.000Z",
                     *               "steps": [
                     *                 {
                     *                   "at": "2026-01-31T12:34:56.789Z",
                     *                   "type": "EndpointForwardFailed",
                     *                   "eventId": "019c1447-9136-7de4-8e2b-52a1c8d3f207",
                     *                   "attempt": 1,
                     *                   "status": 503,
                     *                   "latencyMs": null,
                     *                   "url": "https://example.com/readings",
                     *                   "attribute": null,
                     *                   "reason": "answered 503 Service Unavailable",
                     *                   "retryAt": "2026-01-31T12:34:58.000Z",
                     *                   "edit": null,
                     *                   "actor": null
                     *                 }
                     *               ]
                     *             }
                     *           ]
                     *         }
                     *       ],
                     *       "nearMisses": [
                     *         {
                     *           "flow": "DHT22_SENSOR",
                     *           "topic": "sensors/{site}/dht22",
                     *           "flowVersion": 1,
                     *           "reason": "level",
                     *           "level": 3,
                     *           "detail": "level 3 is aht10 and not dht22"
                     *         }
                     *       ],
                     *       "nearMissCount": 1,
                     *       "pending": [],
                     *       "events": [
                     *         {
                     *           "id": "019c1447-9136-7de4-8e2b-52a1c8d3f207",
                     *           "stream": "traffic-AHT10_SENSOR-20260131",
                     *           "version": 2400,
                     *           "position": "4712",
                     *           "type": "StoredAttribute",
                     *           "schemaVersion": 1,
                     *           "data": {
                     *             "flow": "AHT10_SENSOR",
                     *             "messageId": "019c1447-9135-7d5d-a1e8-e620b332e698",
                     *             "messageNumber": 1200,
                     *             "action": "STORE_DB",
                     *             "attribute": "temperature",
                     *             "valueType": "number",
                     *             "value": 21.5,
                     *             "receivedAt": "2026-01-31T12:34:56.789Z"
                     *           },
                     *           "metadata": {},
                     *           "recordedAt": "2026-01-31T12:34:56.789Z"
                     *         }
                     *       ],
                     *       "truncated": false
                     *     }
                     */
                    "application/json": components["schemas"]["MessageStory"];
                };
            };
            /** @description `bad-request`: The request is not well-formed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: A valid bearer token is needed. */
            401: {
                headers: {
                    /** @description How to ask instead (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `message-not-found`: No message has this id. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests. */
            429: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal-error`: The server failed to answer. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `log-unavailable`: The event log cannot be written or read at the moment.
             *
             *     `projection-unavailable`: The projection database cannot be reached at the moment.
             */
            503: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    publishStatus: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "queue": {
                     *         "total": 2,
                     *         "byPriority": {
                     *           "5": 2
                     *         },
                     *         "oldestAgeSeconds": 1.5,
                     *         "capacityUsedPercent": 0.02
                     *       },
                     *       "publishers": [
                     *         {
                     *           "broker": "default",
                     *           "url": "mqtt://127.0.0.1:1883",
                     *           "clientId": "mqtt-gateway-publisher",
                     *           "connected": true,
                     *           "protocolVersion": 5,
                     *           "tls": false,
                     *           "currentBackoffSeconds": 0,
                     *           "lastError": null,
                     *           "waiting": 2,
                     *           "inFlight": 1,
                     *           "sent": 40,
                     *           "acknowledged": 39,
                     *           "lost": {
                     *             "refused": 0,
                     *             "evicted": 0,
                     *             "rejected": 0,
                     *             "expired": 0
                     *           }
                     *         }
                     *       ],
                     *       "stray": []
                     *     }
                     */
                    "application/json": components["schemas"]["PublishStatus"];
                };
            };
            /** @description `bad-request`: The request is not well-formed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: A valid bearer token is needed. */
            401: {
                headers: {
                    /** @description How to ask instead (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests. */
            429: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal-error`: The server failed to answer. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `publish-unavailable`: Messages to publish cannot be stored at the moment.
             *
             *     `log-unavailable`: The event log cannot be written or read at the moment.
             */
            503: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    publish: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "topic": "device/1/command",
                 *       "payload": "{\"led\":true}",
                 *       "qos": 1,
                 *       "wait": true
                 *     }
                 */
                "application/json": components["schemas"]["PublishInput"];
            };
        };
        responses: {
            /** @description Sent (QoS 0), or acknowledged by the broker (`wait`). */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "019c1447-91a0-7732-89ff-50f490695696",
                     *       "broker": "default",
                     *       "topic": "device/1/command",
                     *       "state": "acknowledged",
                     *       "reasonCode": 0
                     *     }
                     */
                    "application/json": components["schemas"]["PublishResult"];
                };
            };
            /** @description Queued. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "019c1447-91a0-7732-89ff-50f490695696",
                     *       "broker": "default",
                     *       "topic": "device/1/command",
                     *       "state": "acknowledged",
                     *       "reasonCode": 0
                     *     }
                     */
                    "application/json": components["schemas"]["PublishResult"];
                };
            };
            /** @description `bad-request`: The request is not well-formed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: A valid bearer token is needed. */
            401: {
                headers: {
                    /** @description How to ask instead (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The token's role does not suffice for this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload-too-large`: The request body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported-media-type`: The request body must be application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid-query`: The request has values that it cannot have. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests. */
            429: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal-error`: The server failed to answer. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `publish-failed`: The message was taken and will not be delivered. */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `publish-queue-full`: The queue of messages to publish is full.
             *
             *     `publish-unavailable`: Messages to publish cannot be stored at the moment.
             *
             *     `log-unavailable`: The event log cannot be written or read at the moment.
             */
            503: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    reload: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What has changed. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "flows": {
                     *         "defined": [],
                     *         "revised": [
                     *           "AHT10_SENSOR"
                     *         ],
                     *         "enabled": [],
                     *         "disabled": [],
                     *         "retired": [],
                     *         "refused": [],
                     *         "overruled": []
                     *       },
                     *       "brokers": {
                     *         "started": [],
                     *         "replaced": [],
                     *         "stopped": [],
                     *         "unchanged": [
                     *           "default"
                     *         ]
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["ReloadResult"];
                };
            };
            /** @description `bad-request`: The request is not well-formed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: A valid bearer token is needed. */
            401: {
                headers: {
                    /** @description How to ask instead (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The token's role does not suffice for this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests. */
            429: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal-error`: The server failed to answer. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `log-unavailable`: The event log cannot be written or read at the moment.
             *
             *     `projection-unavailable`: The projection database cannot be reached at the moment.
             */
            503: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listReplays: {
        parameters: {
            query?: {
                /**
                 * @description The `next` of the page before.
                 * @example WyJmbG93cyIsIkFIVDEwX1NFTlNPUiJd
                 */
                after?: string;
                /**
                 * @description Items at the most.
                 * @example 20
                 */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "id": "019c1447-9210-743d-9cdd-e7805856542f",
                     *           "kind": "re-drive",
                     *           "flow": "AHT10_SENSOR",
                     *           "action": null,
                     *           "sourceFlow": null,
                     *           "topic": null,
                     *           "from": "2026-01-31T00:00:00.000Z",
                     *           "to": null,
                     *           "messagesPerSecond": 2000,
                     *           "compareOnly": null,
                     *           "rollbackOf": null,
                     *           "state": "completed",
                     *           "requestedAt": "2026-01-31T12:00:00.000Z",
                     *           "requestedBy": "api:admin",
                     *           "endedAt": "2026-01-31T12:34:56.789Z",
                     *           "progress": 1,
                     *           "speed": null,
                     *           "figures": {
                     *             "scanned": 1200,
                     *             "accepted": 2,
                     *             "rejected": 0,
                     *             "present": 1198,
                     *             "unmatched": 0,
                     *             "cut": 0,
                     *             "refused": 0
                     *           },
                     *           "reason": null,
                     *           "whatIf": null,
                     *           "rebuild": null
                     *         }
                     *       ],
                     *       "next": null
                     *     }
                     */
                    "application/json": components["schemas"]["ReplayPage"];
                };
            };
            /**
             * @description `bad-cursor`: The paging cursor is not one that this server gave out.
             *
             *     `bad-request`: The request is not well-formed.
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: A valid bearer token is needed. */
            401: {
                headers: {
                    /** @description How to ask instead (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid-query`: The request has values that it cannot have. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests. */
            429: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal-error`: The server failed to answer. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `log-unavailable`: The event log cannot be written or read at the moment. */
            503: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    requestReplay: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "kind": "re-drive",
                 *       "flow": "AHT10_SENSOR",
                 *       "from": "2026-01-31"
                 *     }
                 */
                "application/json": components["schemas"]["ReplayInput"];
            };
        };
        responses: {
            /** @description It is recorded, and is done when its turn comes. */
            202: {
                headers: {
                    /** @description Where to look how far it is. */
                    location?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "019c1447-9210-743d-9cdd-e7805856542f",
                     *       "kind": "re-drive",
                     *       "flow": "AHT10_SENSOR",
                     *       "action": null,
                     *       "sourceFlow": null,
                     *       "topic": null,
                     *       "from": "2026-01-31T00:00:00.000Z",
                     *       "to": null,
                     *       "messagesPerSecond": 2000,
                     *       "compareOnly": null,
                     *       "rollbackOf": null,
                     *       "state": "completed",
                     *       "requestedAt": "2026-01-31T12:00:00.000Z",
                     *       "requestedBy": "api:admin",
                     *       "endedAt": "2026-01-31T12:34:56.789Z",
                     *       "progress": 1,
                     *       "speed": null,
                     *       "figures": {
                     *         "scanned": 1200,
                     *         "accepted": 2,
                     *         "rejected": 0,
                     *         "present": 1198,
                     *         "unmatched": 0,
                     *         "cut": 0,
                     *         "refused": 0
                     *       },
                     *       "reason": null,
                     *       "whatIf": null,
                     *       "rebuild": null
                     *     }
                     */
                    "application/json": components["schemas"]["Replay"];
                };
            };
            /** @description `bad-request`: The request is not well-formed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: A valid bearer token is needed. */
            401: {
                headers: {
                    /** @description How to ask instead (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The token's role does not suffice for this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `flow-not-found`: No flow has this code. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload-too-large`: The request body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported-media-type`: The request body must be application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `bad-definition`: The flow definition has errors.
             *
             *     `invalid-query`: The request has values that it cannot have.
             */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests. */
            429: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal-error`: The server failed to answer. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `log-unavailable`: The event log cannot be written or read at the moment. */
            503: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getReplay: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The replay's id.
                 * @example 019c1447-9210-743d-9cdd-e7805856542f
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The replay. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "019c1447-9210-743d-9cdd-e7805856542f",
                     *       "kind": "re-drive",
                     *       "flow": "AHT10_SENSOR",
                     *       "action": null,
                     *       "sourceFlow": null,
                     *       "topic": null,
                     *       "from": "2026-01-31T00:00:00.000Z",
                     *       "to": null,
                     *       "messagesPerSecond": 2000,
                     *       "compareOnly": null,
                     *       "rollbackOf": null,
                     *       "state": "completed",
                     *       "requestedAt": "2026-01-31T12:00:00.000Z",
                     *       "requestedBy": "api:admin",
                     *       "endedAt": "2026-01-31T12:34:56.789Z",
                     *       "progress": 1,
                     *       "speed": null,
                     *       "figures": {
                     *         "scanned": 1200,
                     *         "accepted": 2,
                     *         "rejected": 0,
                     *         "present": 1198,
                     *         "unmatched": 0,
                     *         "cut": 0,
                     *         "refused": 0
                     *       },
                     *       "reason": null,
                     *       "whatIf": null,
                     *       "rebuild": null
                     *     }
                     */
                    "application/json": components["schemas"]["Replay"];
                };
            };
            /** @description `bad-request`: The request is not well-formed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: A valid bearer token is needed. */
            401: {
                headers: {
                    /** @description How to ask instead (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `replay-not-found`: No replay has this id. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests. */
            429: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal-error`: The server failed to answer. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `log-unavailable`: The event log cannot be written or read at the moment. */
            503: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancelReplay: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The replay's id.
                 * @example 019c1447-9210-743d-9cdd-e7805856542f
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The replay. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "019c1447-9210-743d-9cdd-e7805856542f",
                     *       "kind": "re-drive",
                     *       "flow": "AHT10_SENSOR",
                     *       "action": null,
                     *       "sourceFlow": null,
                     *       "topic": null,
                     *       "from": "2026-01-31T00:00:00.000Z",
                     *       "to": null,
                     *       "messagesPerSecond": 2000,
                     *       "compareOnly": null,
                     *       "rollbackOf": null,
                     *       "state": "completed",
                     *       "requestedAt": "2026-01-31T12:00:00.000Z",
                     *       "requestedBy": "api:admin",
                     *       "endedAt": "2026-01-31T12:34:56.789Z",
                     *       "progress": 1,
                     *       "speed": null,
                     *       "figures": {
                     *         "scanned": 1200,
                     *         "accepted": 2,
                     *         "rejected": 0,
                     *         "present": 1198,
                     *         "unmatched": 0,
                     *         "cut": 0,
                     *         "refused": 0
                     *       },
                     *       "reason": null,
                     *       "whatIf": null,
                     *       "rebuild": null
                     *     }
                     */
                    "application/json": components["schemas"]["Replay"];
                };
            };
            /** @description `bad-request`: The request is not well-formed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: A valid bearer token is needed. */
            401: {
                headers: {
                    /** @description How to ask instead (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The token's role does not suffice for this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `replay-not-found`: No replay has this id. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests. */
            429: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal-error`: The server failed to answer. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `log-unavailable`: The event log cannot be written or read at the moment. */
            503: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listTokens: {
        parameters: {
            query?: {
                /**
                 * @description The `next` of the page before.
                 * @example WyJmbG93cyIsIkFIVDEwX1NFTlNPUiJd
                 */
                after?: string;
                /**
                 * @description Items at the most.
                 * @example 20
                 */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "name": "dashboard",
                     *           "id": "1d29ec1c48698daf",
                     *           "role": "viewer",
                     *           "createdAt": "2026-01-31T12:00:00.000Z",
                     *           "createdBy": "api:admin",
                     *           "expiresAt": "2026-05-01T12:00:00.000Z",
                     *           "expired": false,
                     *           "lastUsedAt": "2026-01-31T12:34:56.789Z"
                     *         }
                     *       ],
                     *       "next": null
                     *     }
                     */
                    "application/json": components["schemas"]["TokenPage"];
                };
            };
            /**
             * @description `bad-cursor`: The paging cursor is not one that this server gave out.
             *
             *     `bad-request`: The request is not well-formed.
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: A valid bearer token is needed. */
            401: {
                headers: {
                    /** @description How to ask instead (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The token's role does not suffice for this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid-query`: The request has values that it cannot have. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests. */
            429: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal-error`: The server failed to answer. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `log-unavailable`: The event log cannot be written or read at the moment. */
            503: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createToken: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "dashboard",
                 *       "role": "viewer",
                 *       "expiresIn": "90d"
                 *     }
                 */
                "application/json": components["schemas"]["TokenInput"];
            };
        };
        responses: {
            /** @description The token. */
            201: {
                headers: {
                    /** @description The token's address, which takes DELETE. */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "name": "dashboard",
                     *       "id": "1d29ec1c48698daf",
                     *       "role": "viewer",
                     *       "createdAt": "2026-01-31T12:00:00.000Z",
                     *       "createdBy": "api:admin",
                     *       "expiresAt": "2026-05-01T12:00:00.000Z",
                     *       "token": "slc_1d29ec1c48698daf_<43 more characters>"
                     *     }
                     */
                    "application/json": components["schemas"]["IssuedToken"];
                };
            };
            /** @description `bad-request`: The request is not well-formed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: A valid bearer token is needed. */
            401: {
                headers: {
                    /** @description How to ask instead (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The token's role does not suffice for this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token-exists`: A token with this name exists already. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload-too-large`: The request body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported-media-type`: The request body must be application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid-query`: The request has values that it cannot have. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests. */
            429: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal-error`: The server failed to answer. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `log-unavailable`: The event log cannot be written or read at the moment. */
            503: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    revokeToken: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Letters, digits, `.`, `_` and `-`, 64 at the most; the log has it as the actor `api:<name>`.
                 * @example dashboard
                 */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is revoked. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `bad-request`: The request is not well-formed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: A valid bearer token is needed. */
            401: {
                headers: {
                    /** @description How to ask instead (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The token's role does not suffice for this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token-not-found`: No token has this name. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid-query`: The request has values that it cannot have. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests. */
            429: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal-error`: The server failed to answer. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `log-unavailable`: The event log cannot be written or read at the moment. */
            503: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Healthy, or degraded: messages are safe, but something needs a look. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "degraded",
                     *       "client_id": "mqtt-gateway",
                     *       "reasons": [
                     *         {
                     *           "code": "dead-letters",
                     *           "status": "degraded",
                     *           "message": "forwarder: 1 dead letter"
                     *         }
                     *       ],
                     *       "brokers": [
                     *         {
                     *           "name": "default",
                     *           "url": "mqtt://127.0.0.1:1883",
                     *           "connected": true,
                     *           "protocolVersion": 5,
                     *           "subscriptions": 1,
                     *           "currentBackoffSeconds": 0,
                     *           "lastError": null
                     *         }
                     *       ],
                     *       "log": {
                     *         "writable": true,
                     *         "head": "4712",
                     *         "unacknowledged": 0,
                     *         "lastError": null
                     *       },
                     *       "spool": null,
                     *       "sinks": [
                     *         {
                     *           "name": "projection",
                     *           "status": "healthy",
                     *           "lagEvents": 0,
                     *           "lagSeconds": 0,
                     *           "pending": 0,
                     *           "oldestPendingSeconds": 0,
                     *           "dead": 0,
                     *           "lastError": null
                     *         },
                     *         {
                     *           "name": "forwarder",
                     *           "status": "degraded",
                     *           "lagEvents": 0,
                     *           "lagSeconds": 0,
                     *           "pending": 0,
                     *           "oldestPendingSeconds": 0,
                     *           "dead": 1,
                     *           "lastError": null
                     *         }
                     *       ],
                     *       "statistics": {
                     *         "connected": true,
                     *         "current_backoff_seconds": 0,
                     *         "offline_queue": {
                     *           "total_messages": 0,
                     *           "by_priority": {},
                     *           "oldest_message_age_seconds": null,
                     *           "capacity_used_percent": 0
                     *         },
                     *         "inflight_messages": 0,
                     *         "tls_enabled": false,
                     *         "active_subscriptions": 1
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description `bad-request`: The request is not well-formed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal-error`: The server failed to answer. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unhealthy: messages cannot be taken in. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
        };
    };
    live: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It does. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "healthy"
                     *     }
                     */
                    "application/json": components["schemas"]["Liveness"];
                };
            };
            /** @description `bad-request`: The request is not well-formed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal-error`: The server failed to answer. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    ready: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Ready. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "ready": true,
                     *       "status": "degraded",
                     *       "reasons": [
                     *         {
                     *           "code": "dead-letters",
                     *           "status": "degraded",
                     *           "message": "forwarder: 1 dead letter"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["Readiness"];
                };
            };
            /** @description `bad-request`: The request is not well-formed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal-error`: The server failed to answer. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not ready, or not any more. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
        };
    };
    metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Prometheus text format. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example # HELP sluice_flow_received_total Messages received.
                     *     # TYPE sluice_flow_received_total counter
                     *     sluice_flow_received_total{flow="AHT10_SENSOR"} 1200
                     */
                    "text/plain": string;
                };
            };
            /** @description `bad-request`: The request is not well-formed. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: A valid bearer token is needed. */
            401: {
                headers: {
                    /** @description How to ask instead (RFC 6750). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal-error`: The server failed to answer. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `log-unavailable`: The event log cannot be written or read at the moment. */
            503: {
                headers: {
                    /** @description Seconds after which to ask again, where that is known. */
                    "Retry-After"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
