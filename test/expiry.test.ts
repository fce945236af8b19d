/** Tests that an expiry does not drift when its entry is updated or encoded many times. */
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import { TestClock } from "effect/testing"
import * as managedEntry from "../src/codecs/managedEntry.ts"
import {
  Aead,
  Atomic,
  Compression,
  DefaultValue,
  type Driver,
  FernetEncryption,
  KeyValue,
  LimitSize,
  Memory,
  PrefixKeys,
  SingleCollection,
  TtlClamp
} from "../src/index.ts"
import * as Sqlite from "../src/stores/Sqlite.ts"
import { entry } from "./driver/recording.ts"

type Wrap = Driver.Wrapper<never, unknown>

const aead = Aead.wrap({ keys: [{ id: "1", key: Effect.runSync(Aead.generateKey) }] })
const fernet = (envelope: "json" | "binary") =>
  FernetEncryption.wrap({ keys: [Effect.runSync(FernetEncryption.generateKey)], envelope })

const wrappers: Readonly<Record<string, Wrap>> = {
  "nothing else": (self) => self,
  Aead: aead,
  FernetEncryption: fernet("json"),
  "FernetEncryption, binary": fernet("binary"),
  Compression: Compression.wrap({ minSize: 0 }),
  "Aead inside of Compression": (self) => self.pipe(aead, Compression.wrap({ minSize: 0, envelope: "binary" })),
  "TtlClamp with minTtl": TtlClamp.wrap({ minTtl: "30 seconds" }),
  "TtlClamp with maxTtl and missingTtl": TtlClamp.wrap({ maxTtl: "1 hour", missingTtl: "30 minutes" }),
  "PrefixKeys, SingleCollection, LimitSize and DefaultValue": (self) =>
    self.pipe(
      PrefixKeys.wrap("a"),
      SingleCollection.wrap("all"),
      LimitSize.wrap({ maxSize: "1 KiB" }),
      DefaultValue.wrap({ value: 0, ttl: "1 day" })
    )
}

const stores = { Memory: () => Memory.layer(), Sqlite: () => Sqlite.layer({ filename: ":memory:" }) }

const expiryOf = Effect.fnUntraced(function* (key: string) {
  const kv = yield* KeyValue.KeyValue
  const found = yield* kv.ttl(key)
  return found?.ttl === undefined ? undefined : (yield* Clock.currentTimeMillis) + Duration.toMillis(found.ttl)
})

const increment = (value: unknown) => Number(value) + 1

describe("Atomic.update without a TTL", () => {
  for (const [store, base] of Object.entries(stores)) {
    // `sqlite/keptExpiry.test.ts` has Sqlite with encryption. The other wrappers do not depend on the store.
    const tested = store === "Memory" ? Object.entries(wrappers) : Object.entries(wrappers).slice(0, 1)
    for (const [name, wrap] of tested) {
      it.effect(`keeps the expiry to the millisecond over 1,000 updates, through ${name} over ${store}`, () =>
        Effect.gen(function* () {
          const kv = yield* KeyValue.KeyValue
          const atomic = yield* Atomic.Atomic
          yield* TestClock.adjust("1234567 millis")
          yield* kv.put("n", 0, { ttl: "1 minute" })
          const expiry = yield* expiryOf("n")
          for (let i = 0; i < 1000; i++) {
            yield* TestClock.adjust(i % 2 === 0 ? Duration.micros(55_700n) : "37 millis")
            yield* atomic.update("n", increment)
          }
          assert.strictEqual(yield* kv.get("n"), 1000)
          assert.approximately((yield* expiryOf("n"))!, expiry!, 0.001)
        }).pipe(Effect.provide(base().pipe(wrap) as Layer.Layer<KeyValue.KeyValue | Atomic.Atomic, unknown>))
      )
    }
  }

  it.effect("does not give an expiry to an entry without one, with any missingTtl of TtlClamp", () =>
    Effect.gen(function* () {
      const base = Memory.layer()
      const memo = yield* Layer.makeMemoMap
      const scope = yield* Effect.scope
      const plain = yield* Layer.buildWithMemoMap(base, memo, scope)
      const clamped = yield* Layer.buildWithMemoMap(base.pipe(TtlClamp.wrap({ missingTtl: "1 minute" })), memo, scope)
      yield* Effect.provide(
        KeyValue.KeyValue.use((kv) => kv.put("n", 0)),
        plain
      )
      const update = (key: string) => Atomic.Atomic.use((atomic) => atomic.update(key, () => 1))
      yield* Effect.provide(Effect.andThen(update("n"), update("new")), clamped)
      assert.isUndefined(yield* Effect.provide(expiryOf("n"), plain))
      assert.strictEqual(yield* Effect.provide(expiryOf("new"), plain), 60_000)
    }).pipe(Effect.scoped)
  )
})

describe("managedEntry", () => {
  const times = [0.001, 1.5, 1234.567, 1_764_000_000_000.123, 1_764_000_000_000.9995]

  for (const [name, payload] of [
    ["text", entry(1).payload],
    ["bytes", entry(Uint8Array.of(1)).payload]
  ] as const) {
    it(`does not change the expiry over 1,000 times of encoding and decoding, in an entry of ${name}`, () => {
      const again = (expiresAt: number): number => {
        const stored = managedEntry.encode("c", "k", { payload, createdAt: expiresAt, expiresAt })
        return Result.getOrThrow(managedEntry.decode(stored)).entry.expiresAt!
      }
      for (const time of times) {
        const first = again(time)
        let last = first
        for (let i = 0; i < 1000; i++) last = again(last)
        assert.strictEqual(last, first)
        assert.approximately(first, time, 0.001)
      }
    })
  }
})
