import { RDSClient } from "@aws-sdk/client-rds";

export type Recorded = { action: string; status: number; body: string };
export type Recording = { api: RDSClient; recorded: Recorded[] };

/** A client of the double that keeps each answer as it came, beside parsing it. */
export function recording(endpoint: string, region: string): Recording {
  const api = new RDSClient({ endpoint, region, credentials: { accessKeyId: "test", secretAccessKey: "test" } });
  const recorded: Recorded[] = [];
  const { requestHandler } = api.config;
  api.config.requestHandler = {
    ...requestHandler,
    async handle(...request: Parameters<typeof requestHandler.handle>) {
      const answer = await requestHandler.handle(...request);
      const body = await text(answer.response.body);
      const action = new URLSearchParams(String(request[0].body)).get("Action") ?? "";
      recorded.push({ action, status: answer.response.statusCode, body });
      answer.response.body = new Blob([body]).stream();
      return answer;
    },
  } as typeof requestHandler;
  return { api, recorded };
}

async function text(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
