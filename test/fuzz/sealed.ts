/** Entries with damage that only shows behind a codec: rightly framed, compressed, encrypted and signed. */
import { Effect, Result } from "effect"
import { type Entry, ManagedEntry, Value } from "effect-kv"
import * as content from "../../src/codecs/content.ts"
import * as frame from "../../src/codecs/frame.ts"
import type { Dice } from "./Dice.ts"
import { damaged } from "./mutations.ts"
import { ownValues } from "./stack.ts"

const plain = ownValues.map((value) => content.encode(Result.getOrThrow(Value.Payload.from(value))))

/** What a codec finds when it has done its work: damaged JSON, bytes, or what another codec made. */
export const damagedContent = (dice: Dice): Uint8Array =>
  dice.oneIn(8)
    ? Uint8Array.from([dice.pick(Object.values(frame.codecs)), ...damaged(dice, plain)])
    : damaged(dice, plain)

/** The bytes of an entry around what a codec made. */
export const entryOf = (payload: Value.Payload, times: Partial<Entry.Entry> = {}): Uint8Array => {
  const stored = ManagedEntry.encode("collection", "own", {
    createdAt: undefined,
    expiresAt: undefined,
    ...times,
    payload
  })
  return typeof stored === "string" ? Buffer.from(stored) : stored
}

/** The value of content, or bytes where there is none. */
export const payloadOf = (bytes: Uint8Array): Value.Payload =>
  Result.getOrElse(content.decode(bytes), () => Value.Payload.bytes(bytes))

/** Codecs in Node do small inputs at once. */
export const now = <A>(effect: Effect.Effect<A>): A => Effect.runSync(effect)
