/** The OpenAPI document, made from the routes' schemas, and a page to read it on. Neither needs a token. */
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import { apiSchemas } from "@sluice/contracts";
import type { FastifyInstance } from "fastify";
import { addExamples } from "./document-examples.ts";

const DESCRIPTION = `Flows, the event log and what was made of it.

**Paging.** A listing answers \`items\` and \`next\`. Give \`next\` as \`after\` to get the page that follows; \`null\` means
that there is nothing more now. A page may have fewer items than \`limit\`, even none, and still have a \`next\`.

**Times** are RFC 3339 in UTC with milliseconds. \`from\` and \`to\` are inclusive and take any zone, or a date.

**Changes** of a flow carry its \`ETag\`, which is its version. With \`If-Match\` a change is made only if the flow is still
at that version (412 otherwise); without it the last change wins. A change that another gateway made at the same moment is
a conflict (409): read the flow again.

**Errors** are \`application/problem+json\` (RFC 9457) with a stable \`code\`; docs/problems.md explains each.

**Request ids.** Every answer has an \`X-Request-Id\`, by which the gateway's log can be searched. One that the request
brings (letters, digits and \`._:-\`, 100 at the most) is kept.`;

const TOKEN =
  "ADMIN_TOKEN, or else the one in DATA_DIR/admin-token; or a token that was made here. Each operation says which role " +
  "it takes: a viewer reads, an operator runs what is defined, an admin defines. docs/access.md says more.";

/** Everything is served from here: no other origin is asked for anything. */
const PAGE_POLICY = {
  "default-src": "'none'",
  "script-src": "'self'",
  "style-src": "'self'",
  "img-src": "'self' data:",
  "connect-src": "'self'",
  "base-uri": "'none'",
  "form-action": "'none'",
  "frame-ancestors": "'none'",
};

/** To be called before any route is added. */
export const addDocumentation = async (app: FastifyInstance): Promise<void> => {
  for (const schema of apiSchemas) app.addSchema(schema);
  await app.register(swagger, {
    convertConstToEnum: false,
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Sluice admin API",
        version: "1",
        description: DESCRIPTION,
        license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      },
      components: {
        securitySchemes: {
          token: { type: "http", scheme: "bearer", description: TOKEN },
        },
      },
      servers: [{ url: "/", description: "The gateway that serves this document." }],
      security: [{ token: [] }],
      tags: [
        { name: "flows", description: "What is subscribed, how it is judged, where it goes." },
        { name: "log", description: "What happened." },
        { name: "data", description: "What was stored." },
        { name: "dead letters", description: "What was given up on." },
        { name: "replays", description: "What the log holds, decided again." },
        { name: "access", description: "Who may do what." },
        { name: "operation", description: "How the gateway is." },
      ],
    },
    transformObject: (document) => {
      if (!("openapiObject" in document)) return document.swaggerObject;
      addExamples(document.openapiObject.paths ?? {});
      return document.openapiObject;
    },
    refResolver: { buildLocalReference: (schema, _baseUri, _fragment, index) => `${schema.$id ?? `schema-${index}`}` },
  });
  await app.register(async (scope) => {
    // The plugin's own routes say nothing of access; they are the only ones in this scope.
    scope.addHook("onRoute", (route) => {
      route.config = { ...route.config, access: "anyone" };
    });
    await scope.register(swaggerUi, {
      routePrefix: "/documentation",
      staticCSP: PAGE_POLICY,
      theme: { title: "Sluice admin API" },
      uiConfig: {
        layout: "BaseLayout",
        validatorUrl: null,
        docExpansion: "list",
        displayRequestDuration: true,
        tryItOutEnabled: false,
      },
    });
  });
};
