import { expect, test } from "vitest";
import { clearEnvironment } from "./environment.ts";

test("a function keeps its own variables, Lambda's and local endpoints, and loses the rest", () => {
  const environment: NodeJS.ProcessEnv = {
    HOLDFAST_VARIABLES: "BUCKET,NODE_OPTIONS",
    BUCKET: "b",
    NODE_OPTIONS: "--enable-source-maps",
    _HANDLER: "a.handler",
    AWS_REGION: "eu-west-1",
    AWS_ACCESS_KEY_ID: "ASIA",
    AWS_LAMBDA_FUNCTION_NAME: "f",
    LAMBDA_TASK_ROOT: "/var/task",
    PATH: "/bin",
    TMPDIR: "/tmp",
    AWS_ENDPOINT_URL: "http://127.0.0.1:4599",
    AWS_ENDPOINT_URL_RDS: "http://localhost:1",
    AWS_ENDPOINT_URL_S3: "https://s3.eu-west-1.amazonaws.com",
    AWS_PROFILE: "prod",
    AWS_CONFIG_FILE: "/home/me/.aws/config",
    HTTPS_PROXY: "http://proxy.example",
    PGPASSWORD: "secret",
    PYTHONPATH: "/x",
  };
  clearEnvironment(environment);
  expect(Object.keys(environment).sort()).toEqual([
    "AWS_ACCESS_KEY_ID",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_RDS",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_REGION",
    "BUCKET",
    "LAMBDA_TASK_ROOT",
    "NODE_OPTIONS",
    "PATH",
    "TMPDIR",
    "_HANDLER",
  ]);
});
