/** The OpenAPI document says everything that a reader needs, with examples that are right, and the client is made from it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { createConfig, lintFromString } from "@redocly/openapi-core";
import { clientTypes } from "@sluice/client-generator";
import { problems } from "@sluice/contracts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { ApiDocument, type Json, type Operation } from "./document.ts";

const CLIENT = new URL(import.meta.resolve("@sluice/contracts/client"));

describe("the OpenAPI document for its readers", () => {
  const gateway = new GatewayProcess();
  let text: string;
  let document: ApiDocument;
  before(async () => {
    await gateway.start();
    const { body } = await gateway.api<Json>("/documentation/json");
    text = JSON.stringify(body);
    document = new ApiDocument(body);
  });
  after(() => gateway.dispose());

  /** What is missing or wrong, in all operations. */
  const faults = (of: (operation: Operation) => readonly (string | false | undefined)[]): readonly string[] =>
    document.operations.flatMap((operation) =>
      of(operation)
        .filter((fault) => typeof fault === "string")
        .map((fault) => `${operation.operationId}: ${fault}`),
    );

  const exampleFault = (what: string, schema: Json, holder: object): string | undefined => {
    if (!("example" in holder)) return `${what} has no example`;
    const errors = document.errors(schema, holder.example);
    return errors.length === 0 ? undefined : `the example of ${what}: ${errors.join("; ")}`;
  };

  it("says of every operation what it does, for whom, and with which answers", () => {
    const ids = document.operations.map(({ operationId }) => operationId);
    assert.equal(new Set(ids).size, ids.length);
    assert.deepEqual(
      faults(({ operationId, summary, description, tags, security, parameters, answers }) => [
        !/^[a-z][A-Za-z]+$/.test(operationId) && "its id is no name for a method",
        !summary && "no summary",
        !description && "no description",
        tags?.length !== 1 && "not one tag",
        security === undefined && "nothing of security",
        ...parameters.map(({ name, description: of }) => !of && `nothing of ${name}`),
        ...Object.entries(answers).map(
          ([status, answer]) => (!answer.description || /default/i.test(answer.description)) && `nothing of ${status}`,
        ),
        !Object.keys(answers).some((status) => status.startsWith("2")) && "no good answer",
        answers["500"] === undefined && "nothing of its defects",
      ]),
      [],
    );
  });

  it("names the problems of every answer that is one, as the catalogue has them", () => {
    assert.deepEqual(
      faults(({ answers }) =>
        Object.entries(answers)
          .filter(([, { content }]) => content?.["application/problem+json"] !== undefined)
          .flatMap(([status, { description }]) => {
            const codes = [...description.matchAll(/`([a-z-]+)`:/g)].map(([, code]) => code as keyof typeof problems);
            return [
              codes.length === 0 && `${status} names no problem`,
              ...codes.map((code) => problems[code]?.status !== Number(status) && `${code} is not ${status}`),
            ];
          }),
      ),
      [],
    );
  });

  it("has an example of every parameter, body and good answer, each as its schema says", () => {
    assert.deepEqual(
      faults(({ parameters, body, bodyExample, answers }) => [
        ...parameters.map((parameter) =>
          exampleFault(`${parameter.in} ${parameter.name}`, parameter.schema, parameter),
        ),
        body === null ? undefined : exampleFault("the body", body, bodyExample),
        ...Object.entries(answers)
          .filter(([status]) => status.startsWith("2"))
          .flatMap(([status, { content = {} }]) =>
            Object.entries(content).map(([type, media]) => exampleFault(`${status} ${type}`, media.schema, media)),
          ),
      ]),
      [],
    );
  });

  it("passes the linter", async () => {
    const config = await createConfig({ extends: ["recommended-strict"] });
    const found = await lintFromString({ source: text, absoluteRef: "openapi.json", config });
    assert.deepEqual(
      found.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`),
      [],
    );
  });

  it("is what the typed client was made from", async () => {
    const made = readFileSync(new URL("api.generated.ts", CLIENT), "utf8");
    assert.ok(
      made === (await clientTypes(JSON.parse(text))),
      "the document has changed: run `node packages/app/src/http/write-client.ts` and commit what it writes",
    );
  });
});
