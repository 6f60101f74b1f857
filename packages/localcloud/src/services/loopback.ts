import http from "node:http";

/** An agent of its own: with NODE_USE_ENV_PROXY set, Node's shared one would ask a person's proxy for 127.0.0.1. */
const direct = new http.Agent();

export type Answer = { status: number; body: string };

/** Asks a service on this machine, never through a proxy. */
export function ask(url: string, method: "GET" | "POST" = "GET", body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, agent: direct, timeout: 10_000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
    });
    request.on("timeout", () => request.destroy(new Error(`${url} did not answer`)));
    request.on("error", reject);
    request.end(body);
  });
}
