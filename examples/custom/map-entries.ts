/**
 * A wrapper made with `Driver.mapEntries`, which changes values when they are written and read.
 */
import { createHmac, timingSafeEqual } from "node:crypto"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Redacted, Result, Schema } from "effect"
import { Base64 } from "effect/encoding"
import { Driver, KeyValue, KeyValueError, Memory, Value } from "effect-kv"

const Signed = Schema.Struct({
  kind: Schema.Literals(["json", "bytes"]),
  content: Schema.String,
  signature: Schema.Uint8ArrayFromBase64
})

/** A payload is JSON or bytes. Both must be read back exactly as they were written. */
const open = ({ kind, content }: typeof Signed.Type) =>
  kind === "json"
    ? Value.Payload.parse(content)
    : Result.map(Base64.decode(content), (bytes) => Value.Payload.bytes(bytes))

/** Signs values and their names, so that nobody else can write a value or move it to another key. */
export const signed = (secret: Redacted.Redacted) => {
  const sign = ({ collection, keys }: KeyValueError.Place, kind: string, content: string) =>
    createHmac("sha256", Redacted.value(secret))
      .update(JSON.stringify([collection, keys[0], kind, content]))
      .digest()

  const verify = (stored: Value.Value, place: KeyValueError.Place) =>
    Schema.decodeUnknownResult(Signed)(stored).pipe(
      Result.filterOrFail(
        ({ kind, content, signature }) =>
          signature.length === 32 && timingSafeEqual(signature, sign(place, kind, content)),
        () => "the signature is wrong"
      ),
      Result.flatMap(open),
      Result.mapError(
        (cause) => new KeyValueError.DeserializationError({ ...place, reason: "it is not signed", cause })
      )
    )

  return Driver.wrapper(
    Driver.mapEntries({
      encode: (entry, place) => {
        const { value } = entry.payload
        const kind = value instanceof Uint8Array ? "bytes" : "json"
        const content = value instanceof Uint8Array ? Base64.encode(value) : entry.payload.text
        const signature = sign(place, kind, content).toString("base64")
        return Effect.succeed({ ...entry, payload: Value.Payload.json({ kind, content, signature }) })
      },
      decode: (entry, place) => {
        if (entry === undefined) return Effect.succeed(entry)
        // The spread keeps `version`, which `Atomic` needs.
        return Effect.map(Effect.fromResult(verify(entry.payload.value, place)), (payload) => ({ ...entry, payload }))
      }
    })
  )
}

const Base = Memory.layer()
const Store = Base.pipe(signed(Redacted.make("s3cret")))

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  yield* kv.put("alice", { role: "admin" })
  yield* Console.log(yield* kv.get("alice"))

  const moved = KeyValue.KeyValue.use((base) =>
    Effect.flatMap(base.get("alice"), (stored) => base.put("mallory", stored ?? null))
  )
  yield* Effect.provide(moved, Base)
  yield* Effect.catchTag(kv.get("mallory"), "DeserializationError", (error) => Console.log(error.message))
})

if (import.meta.main) program.pipe(Effect.provide(Store), NodeRuntime.runMain)

// Prints:
// { role: 'admin' }
// get in collection "default_collection": the stored entry cannot be read: it is not signed.
