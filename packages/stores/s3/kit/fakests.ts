import http from "node:http";
import type { AddressInfo } from "node:net";

/** What arrived at an exchange, and how it is answered: as documented, unless a test says otherwise. */
export type Arrived = { path: string; headers: http.IncomingHttpHeaders; body: string; form: URLSearchParams };
export type Answered = { status?: number; headers?: Record<string, string>; body: string };
export type FakeExchange = { address: string; arrived: Arrived[]; close(): Promise<void> };

/** One address that answers POSTs by a function; `nth` counts from 1. "reset": the connection breaks instead. */
export async function fakeExchange(answer: (arrived: Arrived, nth: number) => Answered | "reset"): Promise<FakeExchange> {
  const arrived: Arrived[] = [];
  const server = http.createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const told = { path: request.url ?? "", headers: request.headers, body, form: new URLSearchParams(body) };
    const said = answer(told, arrived.push(told));
    if (said === "reset") return void request.socket.destroy();
    response.sendDate = false;
    response.writeHead(said.status ?? 200, said.headers).end(said.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    arrived,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** As AWS, Ceph and MinIO answer AssumeRoleWithWebIdentity. https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html#API_AssumeRoleWithWebIdentity_Examples */
export const grantedBody = (nth: number, expires: Date): string =>
  `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult>
    <SubjectFromWebIdentityToken>arn:aws:iam::111111111111:role/copy</SubjectFromWebIdentityToken>
    <Audience>holdfast</Audience>
    <AssumedRoleUser><Arn>arn:aws:sts::1:assumed-role/copy/holdfast-copy</Arn><AssumedRoleId>AROA:holdfast-copy</AssumedRoleId></AssumedRoleUser>
    <Credentials>
      <SessionToken>verysecretsession-${nth}</SessionToken>
      <SecretAccessKey>verysecretkey-${nth}</SecretAccessKey>
      <Expiration>${expires.toISOString()}</Expiration>
      <AccessKeyId>ASIATEMPORARY${nth}</AccessKeyId>
    </Credentials>
  </AssumeRoleWithWebIdentityResult>
  <ResponseMetadata><RequestId>ad4156e9-bce1-11e2-82e6-6b6efEXAMPLE</RequestId></ResponseMetadata>
</AssumeRoleWithWebIdentityResponse>`;
export const refusedBody = (code: string, message = code): string =>
  `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>1</RequestId></ErrorResponse>`;
