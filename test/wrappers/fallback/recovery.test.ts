/** Tests what an application sees of Fallback with recovery during an outage and after it. */
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Metric from "effect/Metric"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import { Enumeration, Fallback, KeyValue, LimitSize, Maintenance, Memory } from "../../../src/index.ts"
import { buildError } from "../../support/faults.ts"
import { journal, setup, slotsOf } from "./setup.ts"

const list = <E>(names: Stream.Stream<string, E>) => Effect.map(Stream.runCollect(names), (names) => [...names].sort())

describe("Fallback with recovery", () => {
  it.effect("accepts and returns writes during an outage, and sends them to the primary after it", () =>
    Effect.gen(function* () {
      const { primary, fallback, layer } = yield* setup()
      yield* primary.kv.putMany([
        ["kept", 0],
        ["changed", 0],
        ["deleted", 0]
      ])
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        primary.plan.always = "unavailable"
        yield* kv.put("changed", 1)
        yield* kv.put("changed", 2, { ttl: "1 hour" })
        yield* kv.putMany([
          ["new", 1],
          ["new", 2],
          ["bytes", Uint8Array.of(1, 2)]
        ])
        yield* kv.delete("deleted")
        const seen = kv.getMany(["changed", "new", "bytes", "deleted"])
        const expected = [2, 2, Uint8Array.of(1, 2), undefined]
        assert.deepStrictEqual(yield* seen, expected)
        assert.strictEqual(Duration.toMinutes((yield* kv.ttl("changed"))!.ttl!), 60)
        assert.deepStrictEqual(yield* primary.kv.getMany(["changed", "deleted"]), [0, 0])

        primary.plan.always = undefined
        assert.deepStrictEqual(yield* seen, expected, "it is back, but was not told yet")
        assert.strictEqual(yield* kv.get("kept"), 0)
        yield* TestClock.adjust("1 minute")
        assert.deepStrictEqual(yield* seen, expected)
        assert.deepStrictEqual(yield* primary.kv.getMany(["changed", "new", "bytes", "deleted"]), expected)
        assert.strictEqual(Duration.toMinutes((yield* primary.kv.ttl("changed"))!.ttl!), 59, "the TTL is absolute")
        assert.deepStrictEqual(yield* slotsOf(fallback), [])
        yield* kv.put("changed", 3)
        assert.strictEqual(yield* primary.kv.get("changed"), 3)
      }).pipe(Effect.provide(layer))
    })
  )

  it.effect("sends no writes to a failed primary until it responds again", () =>
    Effect.gen(function* () {
      const { primary, layer } = yield* setup({ initialDelay: "1 second", maxDelay: "1 second" })
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        primary.plan.always = "unavailable"
        for (let i = 0; i < 10; i++) yield* kv.put(`k${i}`, i)
        assert.strictEqual(primary.plan.calls.length, 1)
        yield* TestClock.adjust("5 seconds")
        assert.isAtLeast(primary.plan.calls.length, 4)
        assert.isAtMost(primary.plan.calls.length, 8)
        assert.isTrue(primary.plan.calls.slice(1).every(({ _tag }) => _tag === "get"))
      }).pipe(Effect.provide(layer))
    })
  )

  it.effect("returns entries that only the fallback has in an outage, but not its misses", () =>
    Effect.gen(function* () {
      const { primary, fallback, layer } = yield* setup()
      yield* fallback.kv.put("default", "its own")
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        primary.plan.always = "unavailable"
        yield* kv.put("written", 1)
        assert.deepStrictEqual(yield* kv.getMany(["default", "written"]), ["its own", 1])
        for (const keys of [["other"], ["default", "other"], ["written", "other"]]) {
          assert.strictEqual((yield* Effect.flip(kv.getMany(keys)))._tag, "StoreUnavailableError")
        }
        const [slot] = yield* slotsOf(fallback)
        assert.strictEqual((yield* Effect.flip(kv.get(slot!, journal)))._tag, "StoreUnavailableError")
      }).pipe(Effect.provide(layer))
    })
  )

  it.effect("returns a miss for a key deleted in an outage, even if neither store can be reached", () =>
    Effect.gen(function* () {
      const { primary, fallback, layer } = yield* setup()
      yield* primary.kv.put("deleted", 0)
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        primary.plan.always = "unavailable"
        yield* kv.delete("deleted")
        fallback.plan.always = "unavailable"
        assert.isUndefined(yield* kv.get("deleted"))
      }).pipe(Effect.provide(layer))
    })
  )

  it.effect("loses no write in a restart during an outage", () =>
    Effect.gen(function* () {
      const { primary, fallback, layer } = yield* setup({ settleTime: "10 seconds" })
      yield* primary.kv.put("deleted", 0)
      primary.plan.always = "unavailable"
      yield* Effect.provide(
        KeyValue.KeyValue.use((kv) => Effect.all([kv.put("a", 1), kv.put("a", 2), kv.delete("deleted")])),
        layer
      )
      yield* TestClock.adjust("1 hour")
      primary.plan.always = undefined
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        assert.deepStrictEqual(yield* kv.getMany(["a", "deleted"]), [2, undefined])
        yield* kv.put("a", 3)
        assert.strictEqual(yield* kv.get("a"), 3)
        yield* TestClock.adjust("30 seconds")
        assert.deepStrictEqual(yield* primary.kv.getMany(["a", "deleted"]), [3, undefined])
        assert.deepStrictEqual(yield* slotsOf(fallback), [])
      }).pipe(Effect.provide(layer))
    })
  )

  it.effect("keeps the last write of a key, in whichever order the fallback lists the slots", () =>
    Effect.gen(function* () {
      const { fallback, layer } = yield* setup()
      for (const acceptedAt of [2, 3, 1]) {
        const write = { version: 1, collection: "default_collection", key: "a", acceptedAt, operation: "put" }
        const name = `${String(acceptedAt).padStart(15, "0")}-0000000000-other`
        yield* fallback.kv.put(name, { ...write, json: String(acceptedAt) }, journal)
      }
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        assert.strictEqual(yield* kv.get("a"), 3)
        yield* kv.put("a", 4)
        yield* TestClock.adjust("2 minutes")
        assert.strictEqual(yield* kv.get("a"), 4)
        assert.deepStrictEqual(yield* slotsOf(fallback), [])
      }).pipe(Effect.provide(layer))
    })
  )

  it.effect("keeps the newer write when the primary applies a failed one late", () =>
    Effect.gen(function* () {
      const { primary, layer } = yield* setup({ settleTime: "10 seconds" })
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        primary.plan.steps = ["late"]
        yield* kv.put("a", "late")
        yield* TestClock.adjust("1 second")
        yield* kv.put("a", "newer")
        yield* TestClock.adjust("5 seconds")
        assert.strictEqual(yield* primary.kv.get("a"), "late")
        assert.strictEqual(yield* kv.get("a"), "newer")
        yield* TestClock.adjust("30 seconds")
        assert.strictEqual(yield* primary.kv.get("a"), "newer")
      }).pipe(Effect.provide(layer))
    })
  )

  it.effect("runs writes of the same key one after the other, so that a slow one cannot replace a later one", () =>
    Effect.gen(function* () {
      const { primary, layer } = yield* setup()
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        primary.plan.steps = [1000]
        const first = yield* Effect.forkChild(kv.put("a", 1))
        yield* TestClock.adjust(1)
        const second = yield* Effect.forkChild(kv.put("a", 2))
        yield* TestClock.adjust(1000)
        yield* Fiber.join(first)
        yield* Fiber.join(second)
        assert.strictEqual(yield* primary.kv.get("a"), 2)
      }).pipe(Effect.provide(layer))
    })
  )

  it.effect("fails with an unknown outcome when neither store accepts a write and one may have applied it", () =>
    Effect.gen(function* () {
      for (const [first, second, outcome] of [
        ["unavailable", "unavailable", "not-applied"],
        ["lost", "unavailable", "unknown"],
        ["unavailable", "lost", "unknown"],
        ["unavailable", "refused", "not-applied"]
      ] as const) {
        const { primary, fallback, layer } = yield* setup()
        yield* Effect.gen(function* () {
          const kv = yield* KeyValue.KeyValue
          primary.plan.steps = [first]
          fallback.plan.steps = [second]
          const error = yield* Effect.flip(kv.put("a", 1))
          assert.strictEqual("outcome" in error && error.outcome, outcome, `${first}, ${second}`)
          yield* TestClock.adjust("2 minutes")
          assert.deepStrictEqual(yield* slotsOf(fallback), [], "nothing is left of it")
          assert.strictEqual(yield* kv.get("a"), first === "lost" ? 1 : undefined)
        }).pipe(Effect.provide(layer))
      }
    })
  )

  it.effect("keeps what another process wrote later, and counts the conflict", () =>
    Effect.gen(function* () {
      const { primary, layer } = yield* setup({ store: "conflicts" })
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        primary.plan.always = "unavailable"
        yield* kv.putMany([
          ["a", "journal"],
          ["b", "journal"]
        ])
        yield* kv.delete("c")
        yield* TestClock.adjust(10)
        yield* primary.kv.put("a", "newer")
        yield* primary.kv.put("c", "newer")
        const metric = Effect.map(Metric.snapshot, (all) =>
          Object.fromEntries(
            all.flatMap(({ id, attributes, state }) =>
              attributes?.["db.namespace"] === "conflicts" && id.startsWith("effect_kv.fallback.")
                ? [[id.replace("effect_kv.fallback.", ""), "value" in state ? state.value : (state as any).count]]
                : []
            )
          )
        )
        assert.deepStrictEqual(yield* metric, { journal: 3, journaled: 3, replayed: 0, conflicts: 0 })
        primary.plan.always = undefined
        yield* TestClock.adjust("1 minute")
        assert.deepStrictEqual(yield* primary.kv.getMany(["a", "b", "c"]), ["newer", "journal", "newer"])
        assert.deepStrictEqual(yield* metric, { journal: 0, journaled: 3, replayed: 1, conflicts: 2 })
      }).pipe(Effect.provide(layer))
    })
  )

  it.effect("returns a miss for an entry that expired in the journal, and replays it as a deletion", () =>
    Effect.gen(function* () {
      const { primary, layer } = yield* setup()
      yield* primary.kv.put("a", "old")
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        primary.plan.always = "unavailable"
        yield* kv.put("a", "short", { ttl: "10 seconds" })
        yield* TestClock.adjust("10 seconds")
        assert.isUndefined(yield* kv.get("a"))
        primary.plan.always = undefined
        yield* TestClock.adjust("1 minute")
        assert.isUndefined(yield* primary.kv.get("a"))
      }).pipe(Effect.provide(layer))
    })
  )

  it.effect("lists and clears the entries that the primary will have after the replay", () =>
    Effect.gen(function* () {
      const { primary, layer } = yield* setup()
      const inC = { collection: "c" }
      yield* primary.kv.putMany(["a", "b", "x"].map((key) => [key, 0] as const))
      yield* primary.kv.put("only", 0, inC)
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        const { keys, collections } = yield* Enumeration.Enumeration
        const maintenance = yield* Maintenance.Maintenance
        primary.plan.always = "refused"
        primary.plan.steps = ["unavailable"]
        yield* kv.putMany(["b", "n1", "n2", "n3"].map((key) => [key, 1] as const))
        yield* kv.put("d", 1, { collection: "d" })
        yield* kv.delete("a")
        yield* kv.delete("only", inC)
        assert.strictEqual((yield* Effect.flip(list(keys())))._tag, "StoreError", "the primary's failure")
        primary.plan.always = undefined
        assert.deepStrictEqual(yield* list(keys({ pageSize: 2 })), ["b", "n1", "n2", "n3", "x"])
        assert.deepStrictEqual(yield* list(keys({ prefix: "n" })), ["n1", "n2", "n3"])
        assert.deepStrictEqual(yield* list(collections()), ["d", "default_collection"])
        assert.strictEqual(yield* maintenance.clearCollection(), 4)
        assert.strictEqual(yield* maintenance.clear, 1)
        assert.deepStrictEqual(yield* list(collections()), [])
        yield* TestClock.adjust("1 minute")
        assert.deepStrictEqual(yield* list(keys()), [])
        yield* kv.put("a", 1)
        assert.strictEqual(yield* maintenance.clear, 1)
      }).pipe(Effect.provide(layer))
    })
  )

  it.effect("keeps a write that the primary refuses for good in the journal, and replays the others", () =>
    Effect.gen(function* () {
      const { primary, fallback } = yield* setup()
      const layer = primary.layer.pipe(
        LimitSize.wrap({ maxSize: 10 }),
        Fallback.wrap({ fallback: fallback.layer, recovery: {} })
      )
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        primary.plan.always = "unavailable"
        yield* kv.put("small", 1)
        yield* kv.put("large", "x".repeat(20))
        yield* kv.put("last", 1)
        primary.plan.always = undefined
        yield* TestClock.adjust("1 minute")
        assert.deepStrictEqual(yield* primary.kv.getMany(["small", "large", "last"]), [1, undefined, 1])
        assert.strictEqual(yield* kv.get("large"), "x".repeat(20))
        yield* kv.put("large", "small")
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(yield* primary.kv.get("large"), "small")
        assert.deepStrictEqual(yield* slotsOf(fallback), [])
      }).pipe(Effect.provide(layer))
    })
  )

  it.effect("removes the newest slot of a key last, so that a restarted process never finds only an older one", () =>
    Effect.gen(function* () {
      const { primary, fallback, layer } = yield* setup({ settleTime: "10 seconds" })
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        primary.plan.always = "unavailable"
        // The slot of the first write may be there, although the write failed.
        fallback.plan.steps = ["lost"]
        yield* Effect.flip(kv.put("a", 1))
        yield* kv.put("a", 2)
        const slots = [...(yield* slotsOf(fallback))].sort()
        assert.lengthOf(slots, 2)
        primary.plan.always = undefined
        yield* TestClock.adjust("1 minute")
        const removed = fallback.plan.calls.flatMap((call) => (call._tag === "delete" ? call.keys : []))
        assert.deepStrictEqual(removed, slots)
        assert.strictEqual(yield* primary.kv.get("a"), 2)
      }).pipe(Effect.provide(layer))
    })
  )

  it.effect("logs one warning, without names, for each write that the primary refuses in the replay", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      const logger = Logger.make(({ logLevel, message }) => {
        const line = `${logLevel} ${[message].flat().join(" ")}`
        if (line.includes("refused")) lines.push(line)
      })
      const { primary, layer } = yield* setup()
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        primary.plan.always = "unavailable"
        yield* kv.put("secret-key", 1)
        primary.plan.always = "refused"
        yield* TestClock.adjust("1 hour")
        assert.lengthOf(lines, 1)
        assert.match(lines[0]!, /^Warn .* StoreError$/)
        assert.notInclude(lines[0], "secret-key")
        yield* kv.put("secret-key", 2)
        yield* TestClock.adjust("1 hour")
        assert.lengthOf(lines, 2, "the newer write is another one")
      }).pipe(Effect.provide(Layer.provideMerge(layer, Logger.layer([logger]))))
    })
  )

  it.effect("refuses writes of new keys when the journal holds maxEntries keys", () =>
    Effect.gen(function* () {
      const { primary, layer } = yield* setup({ maxEntries: 2 })
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        primary.plan.always = "unavailable"
        yield* kv.put("a", 1)
        yield* kv.put("b", 1)
        const error = yield* Effect.flip(kv.put("c", 1))
        assert.deepStrictEqual(
          [error._tag, "outcome" in error && error.outcome],
          ["StoreUnavailableError", "not-applied"]
        )
        yield* kv.put("a", 2)
        assert.strictEqual(yield* kv.get("a"), 2)
      }).pipe(Effect.provide(layer))
    })
  )

  it.effect("removes replaced slots during the outage", () =>
    Effect.gen(function* () {
      const { primary, fallback, layer } = yield* setup()
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        primary.plan.always = "unavailable"
        for (let i = 0; i < 20; i++) yield* kv.put("a", i)
        assert.strictEqual((yield* slotsOf(fallback)).length, 20)
        yield* TestClock.adjust("1 minute")
        assert.strictEqual((yield* slotsOf(fallback)).length, 1)
        assert.strictEqual(yield* kv.get("a"), 19)
      }).pipe(Effect.provide(layer))
    })
  )

  it.effect("does not replay a slot that could not be removed over later writes, even after a restart", () =>
    Effect.gen(function* () {
      const { primary, fallback, layer } = yield* setup()
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        primary.plan.always = "unavailable"
        yield* kv.put("a", 1)
        primary.plan.always = undefined
        fallback.plan.steps = ["ok"]
        fallback.plan.always = "unavailable"
        yield* TestClock.adjust(250)
        assert.strictEqual(yield* primary.kv.get("a"), 1)
        assert.strictEqual((yield* slotsOf(fallback)).length, 1)
        assert.strictEqual(yield* kv.get("a"), 1, "from the primary")
        assert.strictEqual((yield* Effect.flip(kv.put("a", 2)))._tag, "StoreUnavailableError")
        fallback.plan.always = undefined
        yield* kv.put("a", 2)
      }).pipe(Effect.provide(layer))
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        assert.strictEqual(yield* kv.get("a"), 2)
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(yield* primary.kv.get("a"), 2)
      }).pipe(Effect.provide(layer))
    })
  )

  it.effect("reads from the primary what another process has replayed", () =>
    Effect.gen(function* () {
      const { primary, fallback, layer } = yield* setup()
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        primary.plan.steps = ["unavailable"]
        yield* kv.put("a", 1)
        yield* primary.kv.put("a", "by another")
        yield* fallback.kv.deleteMany(yield* slotsOf(fallback), journal)
        assert.deepStrictEqual(yield* kv.getMany(["a", "b"]), ["by another", undefined])
        yield* TestClock.adjust("1 minute")
        yield* kv.put("a", 2)
        assert.strictEqual(yield* primary.kv.get("a"), 2)
      }).pipe(Effect.provide(layer))
    })
  )

  it.effect("fails reads of a key whose slot is damaged, and ignores the slot after a restart", () =>
    Effect.gen(function* () {
      const { primary, fallback, layer } = yield* setup()
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        primary.plan.always = "unavailable"
        yield* kv.put("a", 1)
        const [slot] = yield* slotsOf(fallback)
        yield* fallback.kv.put(slot!, { version: 2 }, journal)
        assert.strictEqual((yield* Effect.flip(kv.get("a")))._tag, "DeserializationError")
      }).pipe(Effect.provide(layer))
      primary.plan.always = undefined
      assert.isUndefined(
        yield* Effect.provide(
          KeyValue.KeyValue.use((kv) => kv.get("a")),
          layer
        )
      )
    })
  )

  it.effect("fails to build over a journal that cannot be read, or with options out of range", () =>
    Effect.gen(function* () {
      const { fallback, layer } = yield* setup()
      fallback.plan.steps = ["unavailable"]
      assert.strictEqual((yield* buildError(layer))._tag, "StoreSetupError")
      for (const recovery of [{ initialDelay: 0 }, { maxDelay: -1 }, { settleTime: 0 }, { maxEntries: 0 }]) {
        const { layer } = yield* setup(recovery)
        assert.strictEqual((yield* buildError(layer))._tag, "StoreSetupError")
      }
    })
  )

  it.effect("ends its background work when the layer is closed", () =>
    Effect.gen(function* () {
      const { primary, layer } = yield* setup()
      yield* Effect.gen(function* () {
        primary.plan.steps = ["unavailable", "hang"]
        yield* KeyValue.KeyValue.use((kv) => kv.put("a", 1))
        yield* TestClock.adjust("1 second")
      }).pipe(Effect.provide(layer))
      assert.strictEqual(primary.plan.interrupted, 1)
    })
  )

  it.effect("counts deletions in an outage by the entries of the journal", () =>
    Effect.gen(function* () {
      const { primary, layer } = yield* setup()
      yield* primary.kv.put("b", 1)
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        primary.plan.always = "unavailable"
        yield* kv.put("a", 1)
        assert.strictEqual(yield* kv.deleteMany(["a", "a", "b"]), 1)
        assert.isFalse(yield* kv.delete("a"))
      }).pipe(Effect.provide(layer))
    })
  )

  it.effect("works over stores that do not fail", () =>
    Effect.gen(function* () {
      const layer = Memory.layer().pipe(Fallback.wrap({ fallback: Memory.layer(), recovery: {} }))
      const value = KeyValue.KeyValue.use((kv) => Effect.andThen(kv.put("a", 1), kv.get("a")))
      assert.strictEqual(yield* Effect.provide(value, layer), 1)
    })
  )
})
