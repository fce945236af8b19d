import type * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { partsOfNumber } from "../../codecs/managedEntry.ts"
import type * as Call from "../../driver/Call.ts"
import { atNow } from "../../time/atNow.ts"
import { type Failure, send } from "./commands.ts"
import type { Connection } from "./connection.ts"
import { type Form, millisLeft } from "./entries.ts"
import { increment } from "./script.ts"

/**
 * Increments counters by a script, which replaces the number in the JSON text of the entry. The script leaves any other form
 * of an entry alone, such as one that py-key-value wrote.
 */
export const incrementing =
  (connection: Connection, form: Form) =>
  (call: Call.Increment): Effect.Effect<Call.Incremented, Failure> =>
    atNow((now) => {
      const { by, min, max, initial, expiresAt, renews } = call
      const key = call.keys[0]!
      const parts = partsOfNumber(call.collection, key, call)
      const expiry = expiresAt === undefined ? ["", ""] : [parts.expiresAt, millisLeft(expiresAt, now)]
      return send(
        connection,
        call,
        [
          increment,
          1,
          form.names.encode(call.collection, key),
          ...[by, min, max, parts.before, parts.between, parts.after, parts.createdAt, initial, ...expiry],
          ...(renews ? [1] : [])
        ],
        (reply: Buffer) => Exit.succeed(resultOf(reply.toString()))
      )
    })

const resultOf = (reply: string): Call.Incremented =>
  reply === "" ? undefined : { applied: reply.startsWith("="), value: Number(reply.slice(1)) }
