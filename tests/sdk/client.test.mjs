// @aws-sdk/client-dynamodb: commands, waiters, paginators, typed errors.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  ConditionalCheckFailedException,
  CreateTableCommand,
  DeleteItemCommand,
  DeleteTableCommand,
  DescribeEndpointsCommand,
  DescribeLimitsCommand,
  DescribeTableCommand,
  DynamoDBServiceException,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ResourceInUseException,
  ResourceNotFoundException,
  ScanCommand,
  UpdateItemCommand,
  UpdateTableCommand,
  paginateListTables,
  paginateQuery,
  paginateScan,
  waitUntilTableExists,
  waitUntilTableNotExists,
} from "@aws-sdk/client-dynamodb";
import { connect, tableName } from "./endpoint.mjs";

const TableName = tableName("client");
let client;
let stop;

const album = (artist, year, title, genre) => ({
  artist: { S: artist },
  title: { S: title },
  year: { N: String(year) },
  ...(genre && { genre: { S: genre } }),
});

const specification = {
  TableName,
  BillingMode: "PAY_PER_REQUEST",
  AttributeDefinitions: [
    { AttributeName: "artist", AttributeType: "S" },
    { AttributeName: "title", AttributeType: "S" },
    { AttributeName: "year", AttributeType: "N" },
    { AttributeName: "genre", AttributeType: "S" },
  ],
  KeySchema: [
    { AttributeName: "artist", KeyType: "HASH" },
    { AttributeName: "title", KeyType: "RANGE" },
  ],
  LocalSecondaryIndexes: [
    {
      IndexName: "by-year",
      KeySchema: [
        { AttributeName: "artist", KeyType: "HASH" },
        { AttributeName: "year", KeyType: "RANGE" },
      ],
      Projection: { ProjectionType: "KEYS_ONLY" },
    },
  ],
  GlobalSecondaryIndexes: [
    {
      IndexName: "by-genre",
      KeySchema: [
        { AttributeName: "genre", KeyType: "HASH" },
        { AttributeName: "year", KeyType: "RANGE" },
      ],
      Projection: { ProjectionType: "ALL" },
    },
  ],
};

before(async () => {
  ({ client, stop } = await connect());
  await client.send(new CreateTableCommand(specification));
  await waitUntilTableExists({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 2 }, { TableName });
});

after(async () => {
  try {
    await client.send(new DeleteTableCommand({ TableName }));
    await waitUntilTableNotExists({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 2 }, { TableName });
  } finally {
    await stop();
  }
});

test("DescribeTable shows keys and indexes", async () => {
  const { Table } = await client.send(new DescribeTableCommand({ TableName }));
  assert.equal(Table.TableStatus, "ACTIVE");
  assert.ok(Table.CreationDateTime instanceof Date);
  assert.ok(Math.abs(Date.now() - Table.CreationDateTime.getTime()) < 600000);
  assert.equal(Table.LocalSecondaryIndexes[0].IndexName, "by-year");
  assert.equal(Table.GlobalSecondaryIndexes[0].IndexStatus, "ACTIVE");
  assert.equal(Table.BillingModeSummary.BillingMode, "PAY_PER_REQUEST");
});

test("UpdateTable changes deletion protection", async () => {
  await client.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: true }));
  const { Table } = await client.send(new DescribeTableCommand({ TableName }));
  assert.equal(Table.DeletionProtectionEnabled, true);
  await assert.rejects(client.send(new DeleteTableCommand({ TableName })), { name: "ValidationException" });
  await client.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: false }));
});

test("limits and endpoints", async () => {
  const limits = await client.send(new DescribeLimitsCommand({}));
  assert.ok(limits.TableMaxReadCapacityUnits > 0);
  const { Endpoints } = await client.send(new DescribeEndpointsCommand({}));
  assert.equal(Endpoints.length, 1);
  assert.ok(Endpoints[0].CachePeriodInMinutes > 0);
});

test("all ten types come back as they went", async () => {
  const Item = {
    artist: { S: "types" },
    title: { S: "ünïcödé 🎵" },
    number: { N: "-12345678901234567890.123456789012345678" },
    binary: { B: Uint8Array.from([0, 1, 254, 255]) },
    yes: { BOOL: true },
    nothing: { NULL: true },
    list: { L: [{ S: "" }, { N: "0" }, { L: [] }] },
    map: { M: { inner: { M: {} }, "a.b": { S: "dot" } } },
    strings: { SS: ["a", "b"] },
    numbers: { NS: ["1", "2.5"] },
    binaries: { BS: [Uint8Array.from([7]), Uint8Array.from([7, 7])] },
  };
  await client.send(new PutItemCommand({ TableName, Item }));
  const { artist, title } = Item;
  const reply = await client.send(new GetItemCommand({ TableName, Key: { artist, title }, ConsistentRead: true }));
  for (const set of ["SS", "NS", "BS"]) {
    for (const value of Object.values(reply.Item)) {
      value[set]?.sort();
    }
  }
  assert.deepEqual(reply.Item, Item);
});

test("UpdateItem returns what changed", async () => {
  const Key = { artist: { S: "update" }, title: { S: "t" } };
  const reply = await client.send(
    new UpdateItemCommand({
      TableName,
      Key,
      UpdateExpression: "SET #p = if_not_exists(#p, :zero) + :one, tags = list_append(if_not_exists(tags, :none), :tag)",
      ExpressionAttributeNames: { "#p": "plays" },
      ExpressionAttributeValues: {
        ":zero": { N: "0" },
        ":one": { N: "1" },
        ":none": { L: [] },
        ":tag": { L: [{ S: "new" }] },
      },
      ReturnValues: "UPDATED_NEW",
      ReturnConsumedCapacity: "TOTAL",
    }),
  );
  assert.deepEqual(reply.Attributes, { plays: { N: "1" }, tags: { L: [{ S: "new" }] } });
  assert.equal(reply.ConsumedCapacity.TableName, TableName);
  assert.equal(reply.ConsumedCapacity.CapacityUnits, 1);
});

test("a failed condition is a typed error and carries the item", async () => {
  const Item = album("condition", 1999, "first");
  await client.send(new PutItemCommand({ TableName, Item }));
  const again = new PutItemCommand({
    TableName,
    Item: album("condition", 2000, "first"),
    ConditionExpression: "attribute_not_exists(artist)",
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  });
  await assert.rejects(client.send(again), (error) => {
    assert.ok(error instanceof ConditionalCheckFailedException);
    assert.equal(error.message, "The conditional request failed");
    assert.equal(error.$metadata.httpStatusCode, 400);
    assert.match(error.$metadata.requestId, /^[A-Z0-9]{52}$/);
    assert.deepEqual(error.Item, Item);
    return true;
  });
});

test("DeleteItem with a condition, and what it removed", async () => {
  const Item = album("delete", 1980, "gone");
  const Key = { artist: Item.artist, title: Item.title };
  await client.send(new PutItemCommand({ TableName, Item }));
  const request = {
    TableName,
    Key,
    ConditionExpression: "#y BETWEEN :a AND :b",
    ExpressionAttributeNames: { "#y": "year" },
    ReturnValues: "ALL_OLD",
  };
  const values = (a, b) => ({ ":a": { N: a }, ":b": { N: b } });
  await assert.rejects(
    client.send(new DeleteItemCommand({ ...request, ExpressionAttributeValues: values("1990", "1999") })),
    ConditionalCheckFailedException,
  );
  const reply = await client.send(
    new DeleteItemCommand({ ...request, ExpressionAttributeValues: values("1980", "1989") }),
  );
  assert.deepEqual(reply.Attributes, Item);
  assert.equal((await client.send(new GetItemCommand({ TableName, Key }))).Item, undefined);
});

test("batches write and read", async () => {
  const items = Array.from({ length: 60 }, (_, n) =>
    album("batch", 1950 + n, `title ${String(n).padStart(2, "0")}`, n % 2 ? "odd" : "even"),
  );
  for (let start = 0; start < items.length; start += 25) {
    const reply = await client.send(
      new BatchWriteItemCommand({
        RequestItems: { [TableName]: items.slice(start, start + 25).map((Item) => ({ PutRequest: { Item } })) },
      }),
    );
    assert.deepEqual(reply.UnprocessedItems, {});
  }
  const Keys = items.map(({ artist, title }) => ({ artist, title }));
  Keys.push({ artist: { S: "batch" }, title: { S: "not there" } });
  const reply = await client.send(new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys } } }));
  assert.deepEqual(reply.UnprocessedKeys, {});
  const found = reply.Responses[TableName].sort((a, b) => a.year.N - b.year.N);
  assert.deepEqual(found, items);
});

// The tests below read what "batches write and read" wrote; tests of a file run in order.

test("paginateQuery gives every item once, in both directions", async () => {
  for (const ScanIndexForward of [true, false]) {
    const titles = [];
    let pages = 0;
    const query = {
      TableName,
      KeyConditionExpression: "artist = :a AND begins_with(title, :t)",
      ExpressionAttributeValues: { ":a": { S: "batch" }, ":t": { S: "title" } },
      ScanIndexForward,
    };
    for await (const page of paginateQuery({ client, pageSize: 7 }, query)) {
      pages++;
      assert.equal(page.Count, page.Items.length);
      titles.push(...page.Items.map((item) => item.title.S));
    }
    const expected = Array.from({ length: 60 }, (_, n) => `title ${String(n).padStart(2, "0")}`);
    assert.deepEqual(titles, ScanIndexForward ? expected : expected.reverse());
    assert.equal(pages, 9);
  }
});

test("a local index sorts by its own key and fetches what it does not project", async () => {
  const query = {
    TableName,
    IndexName: "by-year",
    KeyConditionExpression: "artist = :a AND #y > :y",
    ExpressionAttributeNames: { "#y": "year" },
    ExpressionAttributeValues: { ":a": { S: "batch" }, ":y": { N: "2004" } },
    ConsistentRead: true,
  };
  const keys = await client.send(new QueryCommand(query));
  assert.deepEqual(keys.Items.map((item) => item.year.N), ["2005", "2006", "2007", "2008", "2009"]);
  assert.deepEqual(Object.keys(keys.Items[0]).sort(), ["artist", "title", "year"]);
  const whole = await client.send(new QueryCommand({ ...query, Select: "ALL_ATTRIBUTES" }));
  assert.equal(whole.Items[0].genre.S, "odd");
});

test("a global index is paged by its own key", async () => {
  const years = [];
  const query = {
    TableName,
    IndexName: "by-genre",
    KeyConditionExpression: "genre = :g",
    FilterExpression: "artist = :a AND title < :t",
    ExpressionAttributeValues: { ":g": { S: "even" }, ":a": { S: "batch" }, ":t": { S: "title 50" } },
  };
  for await (const page of paginateQuery({ client, pageSize: 4 }, query)) {
    assert.ok(page.ScannedCount <= 4);
    years.push(...page.Items.map((item) => Number(item.year.N)));
  }
  assert.deepEqual(years, Array.from({ length: 25 }, (_, n) => 1950 + 2 * n));
  await assert.rejects(client.send(new QueryCommand({ ...query, ConsistentRead: true })), {
    name: "ValidationException",
    message: "Consistent reads are not supported on global secondary indexes",
  });
});

test("paginateScan in parallel segments sees every item once", async () => {
  const TotalSegments = 5;
  const filter = {
    TableName,
    FilterExpression: "artist = :a",
    ExpressionAttributeValues: { ":a": { S: "batch" } },
    TotalSegments,
  };
  const segments = await Promise.all(
    Array.from({ length: TotalSegments }, async (_, Segment) => {
      const titles = [];
      for await (const page of paginateScan({ client, pageSize: 10 }, { ...filter, Segment })) {
        titles.push(...page.Items.map((item) => item.title.S));
      }
      return titles;
    }),
  );
  const titles = segments.flat();
  assert.equal(titles.length, 60);
  assert.equal(new Set(titles).size, 60);
});

test("Select COUNT counts", async () => {
  const reply = await client.send(
    new ScanCommand({
      TableName,
      Select: "COUNT",
      FilterExpression: "genre = :g",
      ExpressionAttributeValues: { ":g": { S: "odd" } },
    }),
  );
  assert.equal(reply.Count, 30);
  assert.ok(reply.ScannedCount >= 60);
  assert.equal(reply.Items, undefined);
});

test("paginateListTables finds the table", async () => {
  const names = [];
  for await (const page of paginateListTables({ client, pageSize: 1 }, {})) {
    names.push(...page.TableNames);
  }
  assert.ok(names.includes(TableName));
});

test("errors have the classes that the SDK knows", async () => {
  const Key = { artist: { S: "a" }, title: { S: "t" } };
  await assert.rejects(client.send(new GetItemCommand({ TableName: tableName("missing"), Key })), (error) => {
    assert.ok(error instanceof ResourceNotFoundException);
    assert.equal(error.message, "Requested resource not found");
    return true;
  });
  await assert.rejects(client.send(new CreateTableCommand(specification)), (error) => {
    assert.ok(error instanceof ResourceInUseException);
    assert.equal(error.message, `Table already exists: ${TableName}`);
    return true;
  });
  await assert.rejects(client.send(new GetItemCommand({ TableName, Key: { artist: { S: "a" } } })), (error) => {
    assert.ok(error instanceof DynamoDBServiceException);
    assert.equal(error.name, "ValidationException");
    assert.equal(error.message, "The provided key element does not match the schema");
    assert.equal(error.$fault, "client");
    return true;
  });
});
