// Holds one conversation over REST with each generated TypeScript client: create a room, list it, read it, delete it, and
// be refused.
import assert from "node:assert/strict";

import { client } from "./hey-api/client.gen";
import * as hey from "./hey-api/sdk.gen";
import type { paths } from "./openapi-typescript/schema";
import * as orval from "./orval/api";
import * as axiosClient from "./typescript-axios";
import * as fetchClient from "./typescript-fetch";

const base = variable("BASE_URL");
const token = variable("TOKEN");
const another = subject(variable("TOKEN_OF_ANOTHER"));

function variable(name: string): string {
  const value = process.env[name];
  assert(value, `${name} is not set`);
  return value;
}

/** The user that a token names. */
function subject(text: string): string {
  return JSON.parse(Buffer.from(text.split(".")[1] ?? "", "base64url").toString("utf8")).sub;
}

async function typescriptFetch() {
  const rooms = new fetchClient.RoomsApi(new fetchClient.Configuration({ basePath: base, accessToken: token }));
  const created = await rooms.createRoom({ newRoom: { users: [another], apartmentId: 12 } });
  const id = created.data;
  assert(id !== null && created.errorMessage === null);
  const listed = (await rooms.listRooms({})).data.find((room) => room.roomId === id);
  assert.deepEqual([listed?.apartmentId, listed?.isOwner, listed?.lastMessage], [12, true, null]);
  const room = await rooms.readRoom({ id });
  assert(room.participantsId.includes(another) && room.createdAt instanceof Date);
  assert.equal((await rooms.deleteRoom({ id })).data, null);
  const refused = await rooms.readRoom({ id }).catch((error: unknown) => error);
  assert(refused instanceof fetchClient.ResponseError && refused.response.status === 404);
  const failure: fetchClient.Failure = fetchClient.FailureFromJSON(await refused.response.json());
  assert(failure.errorMessage.length > 0 && failure.data === null);
}

async function typescriptAxios() {
  const configuration = new axiosClient.Configuration({ basePath: base, accessToken: token });
  const rooms = new axiosClient.RoomsApi(configuration);
  const id = (await rooms.createRoom({ users: [another], apartment_id: null })).data.data;
  assert(id !== null);
  const listed = (await rooms.listRooms()).data.data.find((room) => room.room_id === id);
  assert.deepEqual([listed?.apartment_id, listed?.last_message], [null, null]);
  assert((await rooms.readRoom(id)).data.participants_id.includes(another));
  assert.equal((await rooms.deleteRoom(id)).data.data, null);
  const refused = await rooms.readRoom(id).catch((error) => error.response);
  assert.equal(refused.status, 404);
}

async function orvalFetch() {
  const platform = globalThis.fetch;
  globalThis.fetch = (address, options) => {
    const headers = new Headers(options?.headers);
    headers.set("authorization", `Bearer ${token}`);
    return platform(new URL(String(address), base), { ...options, headers });
  };
  try {
    const created = await orval.createRoom({ users: [another], apartment_id: 7 });
    assert(created.status === 200 && created.data.data !== null);
    const id = created.data.data;
    const listed = await orval.listRooms();
    assert(listed.status === 200 && listed.data.data.some((room) => room.room_id === id));
    const room = await orval.readRoom(id);
    assert(room.status === 200 && room.data.owner_id === subject(token));
    assert.equal((await orval.deleteRoom(id)).status, 200);
    const refused = await orval.readRoom(id);
    assert(refused.status === 404 && refused.data.error_message.length > 0);
  } finally {
    globalThis.fetch = platform;
  }
}

async function heyApi() {
  client.setConfig({ baseUrl: base, auth: token });
  const created = await hey.createRoom({ body: { users: [another] } });
  const id = created.data?.data;
  assert(typeof id === "number");
  const listed = await hey.listRooms();
  assert(listed.data?.data.some((room) => room.room_id === id));
  assert((await hey.readRoom({ path: { id } })).data?.participants_id.includes(another));
  assert.equal((await hey.deleteRoom({ path: { id } })).data?.data, null);
  const refused = await hey.readRoom({ path: { id } });
  assert(refused.response?.status === 404 && refused.error?.error_message);
}

async function openapiTypescript() {
  type Listed = paths["/rooms"]["get"]["responses"]["200"]["content"]["application/json"];
  const answer = await fetch(`${base}/rooms`, { headers: { authorization: `Bearer ${token}` } });
  const listed = (await answer.json()) as Listed;
  assert(Array.isArray(listed.data) && listed.error_message === null);
}

async function main() {
  for (const conversation of [typescriptFetch, typescriptAxios, orvalFetch, heyApi, openapiTypescript]) {
    await conversation();
    console.log(`${conversation.name}: ok`);
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
