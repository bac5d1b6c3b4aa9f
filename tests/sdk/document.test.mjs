// @aws-sdk/lib-dynamodb: the document client, with native values.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { CreateTableCommand, DeleteTableCommand } from "@aws-sdk/client-dynamodb";
import {
  BatchGetCommand,
  BatchWriteCommand,
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  NumberValue,
  PutCommand,
  QueryCommand,
  ScanCommand,
  UpdateCommand,
  paginateQuery,
} from "@aws-sdk/lib-dynamodb";
import { connect, tableName } from "./endpoint.mjs";

const TableName = tableName("document");
let client;
let another;
let document;
let stop;

before(async () => {
  ({ client, another, stop } = await connect());
  document = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [
        { AttributeName: "pk", AttributeType: "S" },
        { AttributeName: "sk", AttributeType: "N" },
      ],
      KeySchema: [
        { AttributeName: "pk", KeyType: "HASH" },
        { AttributeName: "sk", KeyType: "RANGE" },
      ],
    }),
  );
});

after(async () => {
  try {
    await client.send(new DeleteTableCommand({ TableName }));
  } finally {
    await stop();
  }
});

test("native values come back as they went", async () => {
  const Item = {
    pk: "values",
    sk: 1,
    text: "plain",
    empty: "",
    real: 0.1,
    flag: false,
    nothing: null,
    bytes: Uint8Array.from([1, 2, 3]),
    list: [1, "two", [3, { four: 4 }]],
    map: { nested: { deep: { deeper: true } } },
    strings: new Set(["a", "b"]),
    numbers: new Set([1, 2, 3]),
    missing: undefined,
  };
  await document.send(new PutCommand({ TableName, Item }));
  const reply = await document.send(new GetCommand({ TableName, Key: { pk: "values", sk: 1 }, ConsistentRead: true }));
  delete Item.missing;
  assert.deepEqual(reply.Item, Item);
});

test("numbers keep 38 digits", async () => {
  // Document clients of one client share its settings, so this one needs a client of its own.
  const exact = DynamoDBDocumentClient.from(another(), { unmarshallOptions: { wrapNumbers: true } });
  const text = "12345678901234567890123456789012345678";
  await exact.send(new PutCommand({ TableName, Item: { pk: "exact", sk: 1, big: NumberValue.from(text) } }));
  const update = await exact.send(
    new UpdateCommand({
      TableName,
      Key: { pk: "exact", sk: 1 },
      UpdateExpression: "SET big = big + :one",
      ExpressionAttributeValues: { ":one": 1 },
      ReturnValues: "ALL_NEW",
    }),
  );
  assert.equal(update.Attributes.big.value, "12345678901234567890123456789012345679");
});

test("a counter that many increment at once is exact", async () => {
  const Key = { pk: "counter", sk: 0 };
  const increment = () =>
    document.send(
      new UpdateCommand({
        TableName,
        Key,
        UpdateExpression: "ADD hits :one",
        ExpressionAttributeValues: { ":one": 1 },
        ReturnValues: "UPDATED_NEW",
      }),
    );
  const replies = await Promise.all(Array.from({ length: 100 }, increment));
  const seen = replies.map((reply) => reply.Attributes.hits).sort((a, b) => a - b);
  assert.deepEqual(seen, Array.from({ length: 100 }, (_, n) => n + 1));
});

test("of many conditional puts one wins", async () => {
  const claim = (owner) =>
    document.send(
      new PutCommand({
        TableName,
        Item: { pk: "claim", sk: 0, owner },
        ConditionExpression: "attribute_not_exists(pk)",
      }),
    );
  const results = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => claim(n)));
  const winners = results.flatMap((result, n) => (result.status === "fulfilled" ? [n] : []));
  assert.equal(winners.length, 1);
  for (const result of results.filter(({ status }) => status === "rejected")) {
    assert.equal(result.reason.name, "ConditionalCheckFailedException");
  }
  const { Item } = await document.send(new GetCommand({ TableName, Key: { pk: "claim", sk: 0 }, ConsistentRead: true }));
  assert.equal(Item.owner, winners[0]);
});

test("batches and pages", async () => {
  const items = Array.from({ length: 50 }, (_, sk) => ({ pk: "pages", sk, body: "x".repeat(1000) }));
  for (let start = 0; start < items.length; start += 25) {
    await document.send(
      new BatchWriteCommand({
        RequestItems: { [TableName]: items.slice(start, start + 25).map((Item) => ({ PutRequest: { Item } })) },
      }),
    );
  }
  const batch = await document.send(
    new BatchGetCommand({
      RequestItems: { [TableName]: { Keys: [{ pk: "pages", sk: 3 }], ProjectionExpression: "sk" } },
    }),
  );
  assert.deepEqual(batch.Responses[TableName], [{ sk: 3 }]);

  const found = [];
  const query = {
    TableName,
    KeyConditionExpression: "pk = :pk AND sk BETWEEN :a AND :b",
    ExpressionAttributeValues: { ":pk": "pages", ":a": 10, ":b": 39 },
    ScanIndexForward: false,
  };
  for await (const page of paginateQuery({ client: document, pageSize: 8 }, query)) {
    found.push(...page.Items);
  }
  assert.deepEqual(found, items.slice(10, 40).reverse());
});

test("items larger than a page are cut at one megabyte", async () => {
  for (let sk = 0; sk < 4; sk++) {
    await document.send(new PutCommand({ TableName, Item: { pk: "large", sk, body: "y".repeat(399000) } }));
  }
  const query = { TableName, KeyConditionExpression: "pk = :pk", ExpressionAttributeValues: { ":pk": "large" } };
  const first = await document.send(new QueryCommand(query));
  assert.equal(first.Count, 3);
  assert.deepEqual(first.LastEvaluatedKey, { pk: "large", sk: 2 });
  const second = await document.send(new QueryCommand({ ...query, ExclusiveStartKey: first.LastEvaluatedKey }));
  assert.equal(second.Count, 1);
  assert.equal(second.LastEvaluatedKey, undefined);
});

test("delete, then a scan with a filter does not find it", async () => {
  const Key = { pk: "gone", sk: 9 };
  await document.send(new PutCommand({ TableName, Item: { ...Key, color: "red" } }));
  const { Attributes } = await document.send(new DeleteCommand({ TableName, Key, ReturnValues: "ALL_OLD" }));
  assert.equal(Attributes.color, "red");
  let found = 0;
  let ExclusiveStartKey;
  do {
    const page = await document.send(
      new ScanCommand({
        TableName,
        FilterExpression: "color = :red",
        ExpressionAttributeValues: { ":red": "red" },
        ExclusiveStartKey,
      }),
    );
    found += page.Count;
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey);
  assert.equal(found, 0);
});
