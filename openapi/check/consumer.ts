// What a front end does with the generated types; it need only compile, under `tsc --strict`.
import type { components, operations } from "./schema";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type IsRequired<T, K extends keyof T> = {} extends Pick<T, K> ? false : true;
const holds = <_T extends true>(): void => {};

type Schemas = components["schemas"];
// What is always null is written as an empty object or null, which every generator reads.
type Nothing = Record<string, never> | null;
type Json<T> = T extends { content: { "application/json": infer J } } ? J : never;
type Answer<O extends keyof operations> = Json<operations[O]["responses"][200]>;

// Keys that can be null are there, and can be null.
holds<Equal<Answer<"createRoom">["data"], number | null>>();
holds<IsRequired<Answer<"createRoom">, "data">>();
holds<Equal<Answer<"createRoom">["error_message"], string | null>>();
holds<IsRequired<Answer<"createRoom">, "error_message">>();
holds<Equal<Schemas["Room"]["apartment_id"], number | null>>();
holds<IsRequired<Schemas["Room"], "apartment_id">>();
holds<Equal<Schemas["RoomDetail"]["apartment_id"], number | null>>();
holds<IsRequired<Schemas["RoomDetail"], "apartment_id">>();
holds<Equal<Schemas["Room"]["last_message"], Schemas["LastMessage"] | null>>();
holds<IsRequired<Schemas["Room"], "last_message">>();
holds<Equal<Answer<"changeParticipants">["data"], Nothing>>();
holds<Equal<Answer<"deleteRoom">["data"], Nothing>>();
holds<Equal<Answer<"listRooms">["data"], Schemas["Room"][]>>();
holds<Equal<Answer<"readRoom">, Schemas["RoomDetail"]>>();

// Every failure is the same envelope.
type Failures = operations["createRoom"]["responses"];
holds<Equal<Json<Failures[401]>, Schemas["Failure"]>>();
holds<Equal<Json<Failures[422]>, Schemas["Failure"]>>();
holds<Equal<Json<Failures[503]>, Schemas["Failure"]>>();
holds<Equal<Schemas["Failure"]["error_message"], string>>();
holds<Equal<Schemas["Failure"]["data"], Nothing>>();

// What moderators are answered: a rule is told from others by its kind.
holds<Equal<Answer<"readRule">["data"], Schemas["Rule"]>>();
holds<Equal<Answer<"listRules">["data"], Schemas["Rule"][]>>();
holds<Equal<Schemas["Rule"]["kind"], Schemas["RuleDraft"]["kind"]>>();
holds<Equal<Schemas["Rule"]["updated_by"], string | null>>();
holds<IsRequired<Schemas["Rule"], "updated_by">>();
holds<Equal<Answer<"readIncident">["data"]["message_id"], number | null>>();
holds<IsRequired<Schemas["Incident"], "decided_by">>();
holds<Equal<Answer<"checkText">["data"]["code"], number | null>>();
holds<Equal<Answer<"banUser">["data"], Schemas["Ban"]>>();
holds<Equal<Schemas["Ban"]["expires_at"], string | null>>();
holds<Equal<Answer<"liftBan">["data"], Nothing>>();
holds<Equal<Answer<"reportMessage">["data"], number>>();
holds<Equal<Json<operations["updateRule"]["responses"][428]>, Schemas["Failure"]>>();

export function threshold(rule: Schemas["Rule"]): number | null {
  return rule.kind === "classifier" ? rule.threshold : null;
}

// A rule can be sent back as it was read, and a new one needs little.
export const again = (rule: Schemas["Rule"]): Schemas["RuleDraft"] => rule;
export const masked: Schemas["RuleDraft"] = {
  name: "Contact details", kind: "contact", category: "contact", action: "mask", state: "live",
};

// A room about no apartment is written either way.
export const plain: Schemas["NewRoom"] = { users: [], apartment_id: null };
export const short: Schemas["NewRoom"] = { users: [] };

export function preview(room: Schemas["Room"]): string {
  // @ts-expect-error: without a look at null this must not compile.
  room.last_message.message;
  return room.last_message?.message ?? "";
}
