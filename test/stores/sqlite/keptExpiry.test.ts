/** The stored expiry of an entry in Sqlite, which updates must not change. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import * as Atomic from "../../../src/Atomic.ts"
import * as KeyValue from "../../../src/KeyValue.ts"
import type { StoreSetupError } from "../../../src/KeyValueError.ts"
import * as Aead from "../../../src/wrappers/Aead.ts"
import * as FernetEncryption from "../../../src/wrappers/FernetEncryption.ts"
import { withConnection } from "./support.ts"

describe("the expiry of an entry", () => {
  it.effect("does not change in 1,000 updates at odd times, with and without Aead and Fernet", () =>
    Effect.gen(function* () {
      const key = yield* Aead.generateKey
      const wrappers: ReadonlyArray<
        <A>(
          store: Layer.Layer<A | KeyValue.KeyValue, StoreSetupError>
        ) => Layer.Layer<A | KeyValue.KeyValue, StoreSetupError>
      > = [
        (store) => store,
        Aead.wrap({ keys: [{ id: "1", key }] }),
        FernetEncryption.wrap({ keys: [Redacted.make("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=")] })
      ]
      for (const wrap of wrappers) {
        const { database, store } = yield* withConnection
        yield* Effect.gen(function* () {
          const kv = yield* KeyValue.KeyValue
          const { update } = yield* Atomic.Atomic
          yield* TestClock.adjust("333 micros")
          yield* kv.put("n", 0, { ttl: "1 hour" })
          const stored = () => database.prepare("SELECT expires_at FROM entries").get()?.expires_at
          const first = stored()
          for (let i = 0; i < 1000; i++) {
            yield* TestClock.adjust("777 micros")
            yield* update("n", (n) => Number(n) + 1)
          }
          assert.strictEqual(yield* kv.get("n"), 1000)
          assert.strictEqual(stored(), first)
        }).pipe(Effect.provide(wrap(store)))
      }
    })
  )
})
