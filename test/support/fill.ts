import * as Effect from "effect/Effect"
import type * as KeyValue from "../../src/KeyValue.ts"

/** Puts entries with a TTL of a second until the store refuses one; returns how many it took. */
export const fill = Effect.fnUntraced(function* (kv: KeyValue.Service, prefix: string, value: string) {
  let i = 0
  while (yield* Effect.isSuccess(kv.put(`${prefix}-${i}`, value, { ttl: "1 second" }))) i++
  return i
})
