import type * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { partsOfNumber } from "../../codecs/managedEntry.ts"
import type * as Call from "../../driver/Call.ts"
import { atNow } from "../../time/atNow.ts"
import { type Failure, request } from "./commands.ts"
import type { Connection } from "./connection.ts"
import { type Form, millisLeft } from "./entries.ts"
import { Increments } from "./Increments.ts"
import { increment } from "./script.ts"

/**
 * Increments counters by a script, which replaces the number in the JSON text of the entry. The script leaves any other form
 * of an entry alone, such as one that py-key-value wrote.
 */
export const incrementing = (connection: Connection, form: Form) => {
  const increments = new Increments(connection)
  return (call: Call.Increment): Effect.Effect<Call.Incremented, Failure> =>
    atNow((now) => {
      const { min, max, initial, expiresAt, renews } = call
      const key = call.keys[0]!
      const name = form.names.encode(call.collection, key)
      return request(
        connection,
        call,
        (receiver) =>
          increments.add(name, { call, receiver }, (by) => {
            const parts = partsOfNumber(call.collection, key, call)
            const expiry = expiresAt === undefined ? ["", ""] : [parts.expiresAt, millisLeft(expiresAt, now)]
            const { before, between, after, createdAt } = parts
            const args = [by, min, max, before, between, after, createdAt, initial, ...expiry, ...(renews ? [1] : [])]
            return [increment, 1, name, ...args]
          }),
        (result: Call.Incremented) => Exit.succeed(result)
      )
    })
}
