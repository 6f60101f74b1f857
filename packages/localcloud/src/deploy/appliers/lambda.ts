import { constants } from "node:fs";
import { cp, mkdir, readFile, symlink } from "node:fs/promises";
import path from "node:path";
import {
  AddPermissionCommand,
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
} from "@aws-sdk/client-lambda";
import { unzipSync, zipSync } from "fflate";
import { z } from "zod";
import { folderName, runtimeLoop } from "../runtime.ts";
import { type Applier, applier, type Site } from "./applier.ts";

const functionInputs = z.strictObject({
  name: z.string().optional(),
  description: z.string().optional(),
  role: z.string(),
  handler: z.string(),
  runtime: z.literal("nodejs24.x"),
  timeout: z.number(),
  memorySize: z.number(),
  environment: z.strictObject({ variables: z.record(z.string(), z.string()) }).optional(),
  layers: z.array(z.string()).optional(),
  reservedConcurrentExecutions: z.number().optional(),
  packageType: z.literal("Zip"),
  s3Bucket: z.string(),
  s3Key: z.string(),
  loggingConfig: z.strictObject({ logFormat: z.enum(["JSON", "Text"]), logGroup: z.string() }).optional(),
});
type FunctionInputs = z.infer<typeof functionInputs>;

const fn = applier({
  type: "aws:lambda/function:Function",
  inputs: functionInputs,
  ignores: {
    architectures: "functions run on this machine's own processor",
    ephemeralStorage: "a function's /tmp is a folder of this machine's disk, as large as that is",
    publish: "nothing names a version of a function",
    vpcConfig: "functions run on this machine and reach what it reaches",
    tags: "nothing reads a function's tags",
  },
  differs: [
    "Functions run as provided.al2023 with a runtime loop of ours around the same bundle: on nodejs runtimes of the local AWS every error arrives as Runtime.HandlerError, and Retry and Catch by name would never match.",
    "Memory is stored and not enforced.",
    "With the JSON log format AWS wraps lines that are not JSON; here every line stands in the log as the function wrote it.",
    "/opt and /tmp are folders of their own: values of the environment that begin with /opt/, and TMPDIR, lead there.",
  ],
  async make({ inputs, described, site }) {
    const name = described.id;
    const folders = await foldersOf(name, inputs.layers ?? [], site);
    const { FunctionArn } = await site.clients.lambda.send(
      new CreateFunctionCommand({
        FunctionName: name,
        Description: inputs.description,
        Role: inputs.role,
        Runtime: "provided.al2023",
        Handler: inputs.handler,
        Timeout: inputs.timeout,
        MemorySize: inputs.memorySize,
        LoggingConfig: inputs.loggingConfig && { LogFormat: inputs.loggingConfig.logFormat, LogGroup: inputs.loggingConfig.logGroup },
        Environment: { Variables: environmentOf(inputs, site, folders) },
        Code: { ZipFile: await zipOf(inputs, site) },
      }),
    );
    if (inputs.reservedConcurrentExecutions !== undefined && inputs.reservedConcurrentExecutions >= 0)
      await site.clients.lambda.send(
        new PutFunctionConcurrencyCommand({ FunctionName: name, ReservedConcurrentExecutions: inputs.reservedConcurrentExecutions }),
      );
    return { arn: FunctionArn ?? null, invokeArn: FunctionArn ?? null };
  },
});

/** A folder for what is /tmp in Lambda, and one for /opt with the content of all layers, as Lambda unpacks them over each other. */
async function foldersOf(name: string, layers: string[], site: Site): Promise<Folders> {
  const own = path.join(site.folder, folderName(name));
  const at = { scratch: path.join(own, "tmp"), opt: path.join(own, "opt") };
  await mkdir(at.scratch, { recursive: true });
  const contents = layers.map((layer) => contentOf(layer, site));
  // One layer is not copied for each function: it is read-only in Lambda too.
  if (contents.length === 1 && contents[0]) await symlink(contents[0], at.opt);
  else
    for (const content of contents)
      await cp(content, at.opt, { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE });
  return at;
}

type Folders = { scratch: string; opt: string };

function contentOf(layer: string, site: Site): string {
  const content = site.layers.get(layer);
  if (!content) throw new Error(`the layer ${layer} was not made in this deployment`);
  return content;
}

/** The function's own variables, where to find the local AWS, and where its folders are. Credentials come from its role. */
function environmentOf(inputs: FunctionInputs, site: Site, { scratch, opt }: Folders): Record<string, string> {
  const given = Object.entries(inputs.environment?.variables ?? {});
  const own = Object.fromEntries(given.map(([key, value]) => [key, value.replace(/^\/opt(?=\/|$)/, opt)]));
  return {
    ...own,
    HOLDFAST_VARIABLES: Object.keys(own).join(","),
    AWS_ENDPOINT_URL: site.endpoint,
    HOME: scratch,
    TMPDIR: scratch,
    LD_LIBRARY_PATH: path.join(opt, "lib"),
    PATH: `${path.join(opt, "bin")}:/usr/local/bin:/usr/bin:/bin`,
    ...(site.trace ? { HOLDFAST_TRACE: site.trace } : {}),
  };
}

/** What SST would upload, and beside it the runtime. */
async function zipOf(inputs: FunctionInputs, site: Site): Promise<Uint8Array> {
  const file = site.code.get(`${inputs.s3Bucket}/${inputs.s3Key}`);
  if (!file) throw new Error(`its code ${inputs.s3Bucket}/${inputs.s3Key} was not made in this deployment`);
  const bundle = unzipSync(await readFile(file), { filter: ({ name }) => !name.endsWith("/") });
  const bootstrap = `#!/bin/sh\nexec ${JSON.stringify(process.execPath)} "$LAMBDA_TASK_ROOT/holdfast-runtime.mjs"\n`;
  const executable = { os: 3, attrs: 0o755 << 16, level: 0 } as const;
  return zipSync({ ...bundle, bootstrap: [Buffer.from(bootstrap), executable], "holdfast-runtime.mjs": await runtimeLoop() }, { level: 1 });
}

const permission = applier({
  type: "aws:lambda/permission:Permission",
  inputs: z.strictObject({
    action: z.string(),
    function: z.string(),
    principal: z.string(),
    sourceArn: z.string().optional(),
    sourceAccount: z.string().optional(),
    statementId: z.string().optional(),
  }),
  async make({ inputs, described, site }) {
    await site.clients.lambda.send(
      new AddPermissionCommand({
        FunctionName: inputs.function,
        StatementId: inputs.statementId ?? described.id,
        Action: inputs.action,
        Principal: inputs.principal,
        SourceArn: inputs.sourceArn,
        SourceAccount: inputs.sourceAccount,
      }),
    );
    return undefined;
  },
});

const mapping = applier({
  type: "aws:lambda/eventSourceMapping:EventSourceMapping",
  inputs: z.strictObject({
    eventSourceArn: z.string(),
    functionName: z.string(),
    batchSize: z.number().optional(),
    maximumBatchingWindowInSeconds: z.number().optional(),
    enabled: z.boolean().optional(),
    functionResponseTypes: z.array(z.literal("ReportBatchItemFailures")).optional(),
    scalingConfig: z.strictObject({ maximumConcurrency: z.number() }).optional(),
    filterCriteria: z.strictObject({ filters: z.array(z.strictObject({ pattern: z.string() })) }).optional(),
  }),
  ignores: { tags: "nothing reads a mapping's tags" },
  async make({ inputs, site }) {
    const { UUID } = await site.clients.lambda.send(
      new CreateEventSourceMappingCommand({
        EventSourceArn: inputs.eventSourceArn,
        FunctionName: inputs.functionName,
        BatchSize: inputs.batchSize,
        MaximumBatchingWindowInSeconds: inputs.maximumBatchingWindowInSeconds,
        Enabled: inputs.enabled,
        FunctionResponseTypes: inputs.functionResponseTypes,
        ScalingConfig: inputs.scalingConfig && { MaximumConcurrency: inputs.scalingConfig.maximumConcurrency },
        FilterCriteria: inputs.filterCriteria && { Filters: inputs.filterCriteria.filters.map(({ pattern }) => ({ Pattern: pattern })) },
      }),
    );
    return { id: UUID ?? null, uuid: UUID ?? null };
  },
});

const destination = z.strictObject({ destination: z.string() });

const invokeConfig = applier({
  type: "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
  inputs: z.strictObject({
    functionName: z.string(),
    maximumRetryAttempts: z.number().optional(),
    maximumEventAgeInSeconds: z.number().optional(),
    destinationConfig: z.strictObject({ onFailure: destination.optional(), onSuccess: destination.optional() }).optional(),
  }),
  async make({ inputs, site }) {
    const { onFailure, onSuccess } = inputs.destinationConfig ?? {};
    await site.clients.lambda.send(
      new PutFunctionEventInvokeConfigCommand({
        FunctionName: inputs.functionName,
        MaximumRetryAttempts: inputs.maximumRetryAttempts,
        MaximumEventAgeInSeconds: inputs.maximumEventAgeInSeconds,
        DestinationConfig: inputs.destinationConfig && {
          OnFailure: onFailure && { Destination: onFailure.destination },
          OnSuccess: onSuccess && { Destination: onSuccess.destination },
        },
      }),
    );
    return undefined;
  },
});

/** The folder of a layer for this machine's processor, which stands beside the one that the graph names. */
const hostFolders: Record<string, string> = { x64: "x86_64", arm64: "arm64" };

const layer = applier({
  type: "aws:lambda/layerVersion:LayerVersion",
  inputs: z.strictObject({ layerName: z.string(), code: z.strictObject({ $archive: z.string() }), description: z.string().optional() }),
  ignores: {
    compatibleArchitectures: "functions run on this machine's own processor",
    compatibleRuntimes: "every function runs the same runtime loop",
  },
  differs: [
    "Of a layer whose folder is named after an architecture, this machine's own is taken. It is laid out in each function's /opt, and not published.",
  ],
  async make({ inputs, described, site }) {
    const host = hostFolders[process.arch] ?? "x86_64";
    const content = inputs.code.$archive.replace(/\/(arm64|x86_64)(?=\/)/, `/${host}`);
    site.layers.set(String(described.outputs.arn), content);
    return undefined;
  },
});

export const lambda: Applier[] = [fn, permission, mapping, invokeConfig, layer];
