// The server under test: $STATOR_URL, or a `stator serve --ephemeral` of our own from $STATOR_BINARY.
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";

const START_MS_MAX = 30000;

export async function startServer(binary, ...options) {
  const child = spawn(binary, ["serve", "--listen", "127.0.0.1:0", "--ephemeral", ...options], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines = [];
  const url = await new Promise((resolve, reject) => {
    const fail = (why) => reject(new Error(`${binary} did not start: ${why}\n${lines.join("\n")}`));
    const timer = setTimeout(() => fail("no address in time"), START_MS_MAX);
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        lines.push(line);
        const found = /https?:\/\/127\.0\.0\.1:[1-9]\d*/.exec(line);
        if (found) {
          clearTimeout(timer);
          resolve(found[0]);
        }
      });
    }
    child.once("error", (error) => fail(error.message));
    child.once("exit", (code) => fail(`exit code ${code}`));
  });
  const stop = () =>
    new Promise((resolve, reject) => {
      child.once("exit", (code) =>
        code === 0 ? resolve() : reject(new Error(`exit code ${code} after SIGTERM\n${lines.join("\n")}`)),
      );
      child.kill("SIGTERM");
    });
  return { url, stop };
}

/** { client, another, stop }: a client as anybody would make it, pointed at the server; another() makes one more. */
export async function connect() {
  const url = process.env.STATOR_URL;
  const server = url ? { url, stop: async () => {} } : await startServer(process.env.STATOR_BINARY);
  const clients = [];
  const another = () => {
    const client = new DynamoDBClient({
      endpoint: server.url,
      region: "us-east-1",
      credentials: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "secret" },
      maxAttempts: 1,
    });
    clients.push(client);
    return client;
  };
  return {
    client: another(),
    another,
    async stop() {
      clients.forEach((client) => client.destroy());
      await server.stop();
    },
  };
}

/** A table name that no other run uses. */
export const tableName = (label) => `sdk-js-${label}-${randomUUID()}`;
