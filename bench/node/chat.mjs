// The chat that a web team would write itself: the contract's main path on `ws` and better-sqlite3, in one process.
import { createServer } from "node:http";
import Database from "better-sqlite3";
import jwt from "jsonwebtoken";
import { WebSocketServer } from "ws";

const { DATABASE = "chat.db", PORT = "0", SUPABASE_JWT_SECRET, SYNCHRONOUS = "FULL" } = process.env;
const CLOSINGS = {
  CloseNoAuthToken: [4001, "No authentication token was provided."],
  CloseInvalidToken: [4002, "The token is not valid."],
  CloseNewDevice: [4008, "You connected from a new device."],
  BadMessageStructure: [4010, "The message has a bad structure."],
  HatefullSpeach: [4011, "Hateful speech is not permitted."],
  UnAuthorizedAction: [4012, "You may not do this."],
};
const HATEFUL = /\b(?:bastard|bitch|cunt|nazi|scum|vermin|whore)(?:s|es)?\b|\bkill yourself\b/iu;
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

const db = new Database(DATABASE);
db.exec(`
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = ${SYNCHRONOUS};
  CREATE TABLE IF NOT EXISTS rooms (id INTEGER PRIMARY KEY, owner TEXT NOT NULL, apartment_id INTEGER, created_at TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS participants (room_id INTEGER, user_id TEXT, PRIMARY KEY (room_id, user_id)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS messages (id INTEGER PRIMARY KEY, room_id INTEGER NOT NULL, sender_id TEXT NOT NULL, temp_id TEXT NOT NULL,
    message TEXT NOT NULL, created_at TEXT NOT NULL, UNIQUE (sender_id, room_id, temp_id));
  CREATE INDEX IF NOT EXISTS messages_by_room ON messages (room_id, id);`);
const addRoom = db.prepare("INSERT INTO rooms (owner, apartment_id, created_at) VALUES (?, ?, ?)");
const addParticipant = db.prepare("INSERT INTO participants VALUES (?, ?)");
const addMessage = db.prepare("INSERT OR IGNORE INTO messages (room_id, sender_id, temp_id, message, created_at) VALUES (?, ?, ?, ?, ?)");

const rooms = new Map(); // the participants of each room; no route changes them
for (const { room_id, user_id } of db.prepare("SELECT * FROM participants").iterate())
  rooms.set(room_id, (rooms.get(room_id) ?? new Set()).add(user_id));
const createRoom = db.transaction((owner, users, apartment) => {
  const room = addRoom.run(owner, apartment, new Date().toISOString()).lastInsertRowid;
  const members = new Set([owner, ...users]);
  for (const member of members) addParticipant.run(room, member);
  rooms.set(room, members);
  return room;
});
const userOf = (token) => jwt.verify(token, SUPABASE_JWT_SECRET, { algorithms: ["HS256"] }).sub;

const http = createServer(async (request, response) => {
  const answer = (status, data, error_message = null) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify({ error_message, data }));
  if (request.method !== "POST" || request.url !== "/rooms") return answer(404, null, "There is no such page.");
  let user, body;
  try { user = userOf(request.headers.authorization?.replace(/^Bearer /i, "")); } catch { return answer(401, null, "Please sign in."); }
  try { body = JSON.parse(Buffer.concat(await request.toArray())); } catch { return answer(400, null, "The body is not JSON."); }
  const { users, apartment_id = null } = body ?? {};
  const valid = Array.isArray(users) && users.every((id) => UUID.test(id)) && (apartment_id === null || Number.isSafeInteger(apartment_id));
  return valid ? answer(200, createRoom(user, users, apartment_id)) : answer(422, null, "The room is not valid.");
});

const clients = new Map();
const frame = (type, data) => JSON.stringify({ type, data });
function disconnect(client, name) {
  const [code, reason] = CLOSINGS[name];
  client.send(frame("Disconnection", { code, reason }));
  client.close(code, name);
}
function confirm(client, message_id, reason = "") {
  client.send(frame("MessageSentConfirmation", { confirmed: reason === "", reason, message_id }));
  if (reason !== "") disconnect(client, reason);
}

function receive(client, user, text, isBinary) {
  let command = null;
  try { if (!isBinary) command = JSON.parse(text); } catch {} // null is a bad structure too
  const { room_id, message, message_temp_id } = command?.data ?? {};
  const id = typeof message_temp_id === "string" ? message_temp_id : "";
  const wellFormed = command?.type === "SendMessage" && typeof message_temp_id === "string" && Number.isSafeInteger(room_id)
    && typeof message === "string" && message.trim() !== "" && (message.length <= 4000 || [...message].length <= 4000);
  if (!wellFormed) return confirm(client, id, "BadMessageStructure");
  if (HATEFUL.test(message)) return confirm(client, id, "HatefullSpeach");
  const members = rooms.get(room_id);
  if (!members?.has(user)) return confirm(client, id, "UnAuthorizedAction");
  if (addMessage.run(room_id, user, id, message, new Date().toISOString()).changes === 1) {
    const received = Buffer.from(frame("MessageReceived", { room_id, sender_id: user, message }));
    for (const member of members) if (member !== user) clients.get(member)?.send(received, { binary: false });
  }
  confirm(client, id);
}

new WebSocketServer({ server: http, maxPayload: 64 * 1024 }).on("connection", (client, request) => {
  client.on("error", (error) => console.error(error.message));
  const token = new URL(request.url, "ws://host").searchParams.get("token");
  if (!token) return disconnect(client, "CloseNoAuthToken");
  let user;
  try { user = userOf(token); } catch { return disconnect(client, "CloseInvalidToken"); }
  if (clients.has(user)) disconnect(clients.get(user), "CloseNewDevice");
  clients.set(user, client);
  client.on("message", (text, isBinary) => client.readyState === client.OPEN && receive(client, user, text, isBinary));
  client.on("close", () => clients.get(user) === client && clients.delete(user));
});

http.listen({ port: Number(PORT), host: "127.0.0.1", backlog: 16384 }, () =>
  console.log(`listening on 127.0.0.1:${http.address().port}`));
