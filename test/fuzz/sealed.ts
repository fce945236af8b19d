/** Entries whose damage shows only after decoding: their frame, compression, encryption and signature are valid. */
import { Effect, Result } from "effect"
import { type Entry, ManagedEntry, Value } from "effect-kv"
import * as content from "../../src/codecs/content.ts"
import * as frame from "../../src/codecs/frame.ts"
import type { Dice } from "./Dice.ts"
import { damaged } from "./mutations.ts"
import { ownValues } from "./stack.ts"

const plain = ownValues.map((value) => content.encode(Result.getOrThrow(Value.Payload.from(value))))

/** The content that a codec decodes to: damaged JSON, bytes, or the output of another codec. */
export const damagedContent = (dice: Dice): Uint8Array =>
  dice.oneIn(8)
    ? Uint8Array.from([dice.pick(Object.values(frame.codecs)), ...damaged(dice, plain)])
    : damaged(dice, plain)

/** The bytes of an entry around the output of a codec. */
export const entryOf = (payload: Value.Payload, times: Partial<Entry.Entry> = {}): Uint8Array => {
  const stored = ManagedEntry.encode("collection", "own", {
    createdAt: undefined,
    expiresAt: undefined,
    ...times,
    payload
  })
  return typeof stored === "string" ? Buffer.from(stored) : stored
}

/** Decodes a content. Returns the bytes themselves if they are not one. */
export const payloadOf = (bytes: Uint8Array): Value.Payload =>
  Result.getOrElse(content.decode(bytes), () => Value.Payload.bytes(bytes))

/** Runs a codec synchronously, which works for small inputs in Node. */
export const now = <A>(effect: Effect.Effect<A>): A => Effect.runSync(effect)
