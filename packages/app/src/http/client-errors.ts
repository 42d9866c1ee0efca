/** What is wrong with a request before it is one: answered on the socket, as problems too. */
import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { type ProblemCode, problems } from "@sluice/contracts";
import type { IdSource } from "@sluice/domain";
import type { Logger } from "pino";
import { HttpProblem, PROBLEM_TYPE, problemBody } from "./problems.ts";

const codes: Readonly<Record<string, ProblemCode>> = {
  HPE_HEADER_OVERFLOW: "headers-too-large",
  ERR_HTTP_REQUEST_TIMEOUT: "request-timeout",
};

export const clientErrorHandler = (ids: IdSource, log: Logger) => {
  return (error: Error & { readonly code?: string }, socket: Socket): void => {
    if (error.code === "ECONNRESET" || !socket.writable) {
      socket.destroy(error);
      return;
    }
    const problem = new HttpProblem(codes[error.code ?? ""] ?? "bad-request");
    const { status } = problems[problem.code];
    const id = ids.next();
    log.debug({ err: error, reqId: id }, "request cannot be read");
    const body = JSON.stringify(problemBody(problem, id));
    const head = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      `Content-Type: ${PROBLEM_TYPE}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      `X-Request-Id: ${id}`,
      "Connection: close",
    ];
    socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
  };
};
