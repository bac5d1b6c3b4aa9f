// TLS with a certificate that an own authority signed: the SDK over HTTP/1.1, and node's own HTTP/2.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http2 from "node:http2";
import https from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { CreateTableCommand, DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { startServer } from "./endpoint.mjs";

const skip = process.env.STATOR_URL ? "needs a server of its own" : false;
const TableName = "tls";
let folder, server, ca;

const openssl = (...args) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });

before(async () => {
  if (skip) return;
  folder = mkdtempSync(join(tmpdir(), "stator-tls-"));
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  openssl("req", "-x509", ...key, "-days", "10", "-subj", "/CN=Test CA", "-keyout", "ca.key", "-out", "ca.crt");
  openssl("req", ...key, "-subj", "/CN=server", "-keyout", "server.key", "-out", "server.csr");
  writeFileSync(join(folder, "extensions"), "subjectAltName=IP:127.0.0.1\n");
  const sign = ["-CA", "ca.crt", "-CAkey", "ca.key", "-set_serial", "2", "-days", "10", "-extfile", "extensions"];
  openssl("x509", "-req", "-in", "server.csr", ...sign, "-out", "server.crt");
  chmodSync(join(folder, "server.key"), 0o600);
  ca = readFileSync(join(folder, "ca.crt"));
  const files = ["--tls-cert", join(folder, "server.crt"), "--tls-key", join(folder, "server.key")];
  server = await startServer(process.env.STATOR_BINARY, ...files);
});

after(async () => {
  if (skip) return;
  await server.stop();
  rmSync(folder, { recursive: true });
});

function connect(options) {
  return new DynamoDBClient({
    endpoint: server.url,
    region: "us-east-1",
    credentials: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "secret" },
    maxAttempts: 1,
    requestHandler: { httpsAgent: new https.Agent({ keepAlive: true, ...options }) },
  });
}

test("the SDK over TLS", { skip }, async () => {
  const client = connect({ ca });
  const KeySchema = [{ AttributeName: "pk", KeyType: "HASH" }];
  const AttributeDefinitions = [{ AttributeName: "pk", AttributeType: "S" }];
  await client.send(new CreateTableCommand({ TableName, KeySchema, AttributeDefinitions, BillingMode: "PAY_PER_REQUEST" }));
  const Item = { pk: { S: "a" }, text: { S: "ü".repeat(50000) } };
  await client.send(new PutItemCommand({ TableName, Item }));
  const read = await client.send(new GetItemCommand({ TableName, Key: { pk: { S: "a" } } }));
  assert.deepEqual(read.Item, Item);
  client.destroy();
});

test("the SDK refuses a certificate that it does not know", { skip }, async () => {
  const client = connect({});
  await assert.rejects(client.send(new GetItemCommand({ TableName, Key: { pk: { S: "a" } } })), /unable to verify|certificate/);
  client.destroy();
});

test("node's HTTP/2", { skip }, async () => {
  const session = http2.connect(server.url, { ca });
  const call = (operation, params) =>
    new Promise((resolve, reject) => {
      const stream = session.request({
        ":method": "POST",
        "x-amz-target": `DynamoDB_20120810.${operation}`,
        "content-type": "application/x-amz-json-1.0",
      });
      let text = "";
      stream.setEncoding("utf8");
      stream.on("data", (more) => (text += more));
      stream.on("end", () => resolve(JSON.parse(text)));
      stream.on("error", reject);
      stream.end(JSON.stringify(params));
    });
  const numbers = [...Array(300).keys()];
  await Promise.all(numbers.map((n) => call("PutItem", { TableName, Item: { pk: { S: `k${n}` }, n: { N: `${n}` } } })));
  const all = await Promise.all(numbers.map((n) => call("GetItem", { TableName, Key: { pk: { S: `k${n}` } } })));
  all.forEach((answer, n) => assert.equal(answer.Item.n.N, `${n}`));
  const page = await call("Scan", { TableName, Select: "COUNT" });
  assert.equal(page.Count, 301);
  await new Promise((resolve) => session.close(resolve));
});
