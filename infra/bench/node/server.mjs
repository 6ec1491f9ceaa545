// An HTTP server in Node that puts, gets and updates the same JSON in DynamoDB, and does nothing else: no sign-in, no
// validation, no encryption, no log, no planned call. The peer of our latencies over HTTP.
import http from "node:http";
import { randomUUID } from "node:crypto";
import { DynamoDBClient, GetItemCommand, PutItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";

const client = new DynamoDBClient({});
const TableName = process.env.VIO_TABLE;
const key = (id) => ({ pk: { S: `node#${id}` }, sk: { S: "contact" } });

async function body(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString());
}

async function answer(request) {
  const id = request.url.split("/").at(-1);
  switch (request.method) {
    case "POST": {
      const contact = { ...(await body(request)), id: randomUUID(), version: 1 };
      await client.send(
        new PutItemCommand({
          TableName,
          Item: { ...key(contact.id), body: { S: JSON.stringify(contact) }, version: { N: "1" } },
          ConditionExpression: "attribute_not_exists(pk)",
        }),
      );
      return [201, contact];
    }
    case "GET": {
      const found = await client.send(new GetItemCommand({ TableName, Key: key(id), ConsistentRead: true }));
      return found.Item ? [200, JSON.parse(found.Item.body.S)] : [404, {}];
    }
    case "PATCH": {
      const changes = await body(request);
      const found = await client.send(new GetItemCommand({ TableName, Key: key(id), ConsistentRead: true }));
      if (!found.Item) return [404, {}];
      const contact = { ...JSON.parse(found.Item.body.S), ...changes };
      const version = Number(found.Item.version.N);
      contact.version = version + 1;
      await client.send(
        new UpdateItemCommand({
          TableName,
          Key: key(id),
          UpdateExpression: "SET #body = :body, #version = :next",
          ConditionExpression: "#version = :now",
          ExpressionAttributeNames: { "#body": "body", "#version": "version" },
          ExpressionAttributeValues: {
            ":body": { S: JSON.stringify(contact) },
            ":next": { N: String(version + 1) },
            ":now": { N: String(version) },
          },
        }),
      );
      return [200, contact];
    }
    default:
      return [405, {}];
  }
}

const server = http.createServer(async (request, response) => {
  try {
    const [status, json] = await answer(request);
    const text = JSON.stringify(json);
    response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
    response.end(text);
  } catch (error) {
    response.writeHead(500).end(error.name);
  }
});
server.listen(0, "127.0.0.1", () => console.log(`ready http://127.0.0.1:${server.address().port}`));
