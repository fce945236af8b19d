/** Rotation of encryption keys in Redis while others write. */
import { assert, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { KeyValue } from "../../../src/KeyValue.ts"
import * as Rotation from "../../../src/Rotation.ts"
import * as Redis from "../../../src/stores/Redis.ts"
import * as Aead from "../../../src/wrappers/Aead.ts"
import * as FernetEncryption from "../../../src/wrappers/FernetEncryption.ts"
import { describeWithRedis } from "../../servers/redis.ts"
import { connect, uniquePrefix } from "./support.ts"

const old = Redacted.make("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
const fresh = Redacted.make("ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1-f4CBgoM=")

type Keys = readonly [Redacted.Redacted, ...Array<Redacted.Redacted>]

const ciphers = {
  FernetEncryption: (keys: Keys) => FernetEncryption.wrap({ keys, envelope: "binary" }),
  Aead: ([first, ...others]: Keys) => {
    const named = (key: Redacted.Redacted) => ({ id: key === old ? "old" : "new", key })
    return Aead.wrap({ keys: [named(first), ...others.map(named)] })
  }
}

describeWithRedis("a rotation", (server) => {
  for (const [name, cipher] of Object.entries(ciphers)) {
    it.live(`keeps the last write of every concurrent writer with ${name}`, () => {
      const prefix = uniquePrefix()
      const store = Redis.layer({ url: server().url, prefix })
      const keys = Array.from({ length: 300 }, (_, i) => `k${i}`)
      const at = (...ring: Keys) => store.pipe(cipher(ring))
      return Effect.gen(function* () {
        yield* KeyValue.use((kv) =>
          kv.putMany(
            keys.map((key) => [key, { written: 0 }] as const),
            { ttl: "1 hour" }
          )
        ).pipe(Effect.provide(at(old)))
        const client = yield* connect(server().url)
        yield* Effect.promise(() => client.pexpire(`${prefix}default_collection::k1`, 600_000))
        const written = new Map<string, number>()
        const writer = Effect.gen(function* () {
          const kv = yield* KeyValue
          for (let round = 1; round <= 5; round++) {
            for (const key of keys.filter((_, i) => i % 3 === 0)) {
              yield* kv.put(key, { written: round }, { ttl: "1 hour" })
              written.set(key, round)
            }
          }
        })
        const rotate = Stream.runCollect(Rotation.rotate({ chunkSize: 20 }))
        const [progress] = yield* Effect.all(
          [
            Effect.provide(rotate, at(fresh, old)),
            Effect.provide(writer, at(old)),
            Effect.provide(writer, at(fresh, old))
          ],
          { concurrency: 3 }
        )
        assert.deepStrictEqual(
          progress.flatMap(({ failed }) => failed),
          []
        )
        yield* Effect.provide(rotate, at(fresh, old))
        yield* Effect.gen(function* () {
          const kv = yield* KeyValue
          const found = yield* kv.ttlMany(keys)
          for (const [i, key] of keys.entries()) {
            assert.deepStrictEqual(found[i]?.value, { written: written.get(key) ?? 0 }, key)
            const left = Duration.toMinutes(found[i]!.ttl!)
            const given = key === "k1" ? 10 : 60
            assert.isTrue(left > given - 1 && left <= given, `${key} has ${left} minutes`)
          }
        }).pipe(Effect.provide(at(fresh)))
      }).pipe(Effect.provide(Layer.fresh(store)))
    })
  }
})
