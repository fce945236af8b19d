/** Tests collections whose schema encodes values to bytes. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as Stream from "effect/Stream"
import { Atomic, Collection, Enumeration } from "../../src/index.ts"
import { memory, plant, stored } from "../support/inspect.ts"

const at = { collection: "files" }
const bytes = Uint8Array.of(0, 255, 7)

const Text = Schema.Uint8Array.pipe(
  Schema.decodeTo(Schema.String, {
    decode: SchemaGetter.transform((bytes) => new TextDecoder().decode(bytes)),
    encode: SchemaGetter.transform((text) => new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>)
  })
)

describe("a collection of bytes", () => {
  const NotEmpty = Schema.Uint8Array.check(Schema.makeFilter((it) => it.length > 0)).pipe(Schema.brand("NotEmpty"))

  it.effect("stores Schema.Uint8Array as bytes, also with checks, brands and annotations", () =>
    Effect.gen(function* () {
      for (const schema of [Schema.Uint8Array, NotEmpty, Schema.Uint8Array.annotate({ title: "file" })]) {
        const files = yield* Collection.make({ ...at, schema: schema as typeof Schema.Uint8Array })
        yield* files.put("a", bytes)
        assert.deepStrictEqual(yield* stored("a", at), bytes)
        assert.deepStrictEqual(yield* files.get("a"), Option.some(bytes))
        assert.deepStrictEqual(yield* files.getOrSet("b", Effect.succeed(bytes)), bytes)
      }
    }).pipe(Effect.provide(memory()))
  )

  it.effect("checks bytes with the schema, when they are written and when they are read", () =>
    Effect.gen(function* () {
      const files = yield* Collection.make({ ...at, schema: NotEmpty })
      yield* plant("a", Uint8Array.of(), at)
      assert.strictEqual((yield* Effect.flip(files.get("a")))._tag, "DeserializationError")
      const empty = Uint8Array.of() as typeof NotEmpty.Type
      assert.strictEqual((yield* Effect.flip(files.put("b", empty)))._tag, "SerializationError")
    }).pipe(Effect.provide(memory()))
  )

  it.effect("stores what a transformation encodes to bytes", () =>
    Effect.gen(function* () {
      const texts = yield* Collection.make({ ...at, schema: Text })
      yield* texts.put("a", "é")
      assert.deepStrictEqual(yield* stored("a", at), Uint8Array.of(0xc3, 0xa9))
      assert.deepStrictEqual(yield* texts.get("a"), Option.some("é"))
    }).pipe(Effect.provide(memory()))
  )

  it.effect("stores bytes inside of other values, and those that the schema encodes to Base64, as Base64", () =>
    Effect.gen(function* () {
      const nested = yield* Collection.make({ ...at, schema: Schema.Struct({ file: Schema.Uint8Array }) })
      yield* nested.put("a", { file: bytes })
      assert.deepStrictEqual(yield* stored("a", at), { file: "AP8H" })
      const base64 = yield* Collection.make({ ...at, schema: Schema.Uint8ArrayFromBase64 })
      yield* base64.put("b", bytes)
      assert.strictEqual(yield* stored("b", at), "AP8H")
    }).pipe(Effect.provide(memory()))
  )

  it.effect("reads the Base64 that effect-kv 0.1 wrote, and upgrade rewrites it as bytes", () =>
    Effect.gen(function* () {
      const capabilities = [Atomic.Atomic, Enumeration.Enumeration] as const
      const files = yield* Collection.make({ ...at, schema: Schema.Uint8Array, capabilities })
      yield* plant("a", "AP8H", at)
      yield* plant("b", "not Base64", at)
      yield* files.put("c", bytes)
      assert.deepStrictEqual(yield* files.get("a"), Option.some(bytes))
      assert.strictEqual((yield* Effect.flip(files.get("b")))._tag, "DeserializationError")
      const [progress] = yield* Stream.runCollect(files.upgrade())
      assert.deepInclude(progress, { upgraded: 1, current: 1, gone: 0 })
      assert.strictEqual(progress?.failed.length, 1)
      assert.deepStrictEqual(yield* stored("a", at), bytes)
    }).pipe(Effect.provide(memory()))
  )
})
