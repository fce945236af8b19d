/** The schema of a vectors file: what the real py-key-value wrote and returned. */
import { Data, Effect, FileSystem, Schema } from "effect"

/** The wrappers of a stack, the outermost first, and the store. `stack.ts` interprets them. */
export type Stack = ReadonlyArray<Readonly<Record<string, unknown>>>

const Stack = Schema.NonEmptyArray(Schema.Record(Schema.String, Schema.Unknown))

/** An entry that Python wrote. */
export interface Vector extends Schema.Schema.Type<typeof Vector> {}

export const Vector = Schema.Struct({
  id: Schema.String,
  stack: Stack,
  collection: Schema.NullOr(Schema.String),
  key: Schema.String,
  /** Seconds. */
  ttl: Schema.NullOr(Schema.Finite),
  /** The value that was put. */
  value_json: Schema.String,
  redis: Schema.Struct({
    key_base64: Schema.Uint8ArrayFromBase64,
    value_base64: Schema.Uint8ArrayFromBase64,
    /** -1 for none. */
    pttl_ms: Schema.Finite
  }),
  managed_entry: Schema.Struct({ created_at: Schema.String, expires_at: Schema.NullOr(Schema.String) }),
  /** The value that Python read. */
  python_read: Schema.Struct({ found: Schema.Boolean, value_json: Schema.NullOr(Schema.String) })
})

/** A hand-made stored value, with the result of Python. */
export interface RawCase extends Schema.Schema.Type<typeof RawCase> {}

export const RawCase = Schema.Struct({
  id: Schema.String,
  stack: Stack,
  redis_key: Schema.String,
  redis_value_base64: Schema.Uint8ArrayFromBase64,
  python_get: Schema.Union([
    Schema.Struct({
      ok: Schema.Literal(true),
      found: Schema.Boolean,
      value_json: Schema.NullOr(Schema.String)
    }),
    Schema.Struct({ ok: Schema.Literal(false), error: Schema.String })
  ])
})

export const Derivation = Schema.Struct({
  source_material: Schema.String,
  salt: Schema.String,
  fernet_key: Schema.String
})

export const Token = Schema.Struct({
  key: Schema.String,
  /** Seconds. */
  timestamp: Schema.Int,
  iv_hex: Schema.Uint8ArrayFromHex,
  plaintext_base64: Schema.Uint8ArrayFromBase64,
  token: Schema.String
})

export interface Vectors extends Schema.Schema.Type<typeof Vectors> {}

export const Vectors = Schema.Struct({
  kdf: Schema.Array(Derivation),
  fernet_deterministic: Schema.Array(Token),
  vectors: Schema.Array(Vector),
  raw_read_cases: Schema.Array(RawCase)
})

/** The file cannot be read, or is not a vectors file. */
export class VectorsError extends Data.TaggedError("VectorsError")<{ readonly message: string }> {}

const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(Vectors))

export const read = Effect.fn("interop.read")(
  function* (path: string) {
    return yield* decode(yield* (yield* FileSystem.FileSystem).readFileString(path))
  },
  (effect, path) =>
    Effect.mapError(effect, ({ message }) => new VectorsError({ message: `${path} cannot be read. ${message}` }))
)
