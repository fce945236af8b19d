/** Memory: its limits and evictions, heap use, seed, options and versions, and the Slots that hold its entries. */
import { assert, describe, it, vi } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { Atomic } from "../../src/Atomic.ts"
import type { Entry } from "../../src/Entry.ts"
import { Enumeration } from "../../src/Enumeration.ts"
import { KeyValue, type Service } from "../../src/KeyValue.ts"
import { Maintenance } from "../../src/Maintenance.ts"
import * as Memory from "../../src/stores/Memory.ts"
import type { Slot } from "../../src/stores/memory/Slots.ts"
import { Slots } from "../../src/stores/memory/Slots.ts"
import * as Compression from "../../src/wrappers/Compression.ts"
import * as LimitSize from "../../src/wrappers/LimitSize.ts"
import { call, entry } from "../driver/recording.ts"
import { collectGarbage } from "../support/collectGarbage.ts"
import { buildError } from "../support/faults.ts"

const keys = (collection?: string) =>
  Effect.flatMap(Enumeration, (enumeration) =>
    Effect.map(Stream.runCollect(enumeration.keys({ collection })), (keys) => keys.sort().join())
  )

const putAll = (names: string, options?: { readonly collection?: string }) =>
  KeyValue.use((kv) => Effect.forEach(names, (key) => kv.put(key, key, options), { discard: true }))

const within = <A, E>(
  options: Memory.Options,
  test: Effect.Effect<A, E, Layer.Success<ReturnType<typeof Memory.layer>>>
) => Effect.provide(test, Memory.layer(options))

describe("Memory", () => {
  describe("maxEntries", () => {
    it.effect("evicts the least recently used entry, where reads and writes count as use", () =>
      within(
        { maxEntries: 3 },
        Effect.gen(function* () {
          const kv = yield* KeyValue
          yield* putAll("abc")
          yield* kv.get("a")
          yield* kv.put("d", "d")
          assert.strictEqual(yield* keys(), "a,c,d")
          yield* kv.put("c", "again")
          yield* kv.put("e", "e")
          assert.strictEqual(yield* keys(), "c,d,e")
          yield* kv.ttl("d")
          yield* kv.getMany(["none", "c"])
          yield* kv.put("f", "f")
          assert.strictEqual(yield* keys(), "c,d,f")
        })
      )
    )

    it.effect("does not count misses, deletes and listings as use", () =>
      within(
        { maxEntries: 2 },
        Effect.gen(function* () {
          const kv = yield* KeyValue
          yield* putAll("ab")
          yield* keys()
          yield* kv.get("none")
          yield* kv.delete("none")
          yield* kv.put("c", "c")
          assert.strictEqual(yield* keys(), "b,c")
        })
      )
    )

    it.effect("limits all collections together, and forgets empty collections", () =>
      within(
        { maxEntries: 2 },
        Effect.gen(function* () {
          yield* putAll("a", { collection: "one" })
          yield* putAll("bc", { collection: "two" })
          assert.strictEqual(yield* keys("one"), "")
          const { collections } = yield* Enumeration
          assert.deepStrictEqual(yield* Stream.runCollect(collections()), ["two"])
        })
      )
    )

    it.effect("limits each collection separately when limitsPer is collection", () =>
      within(
        { maxEntries: 2, limitsPer: "collection" },
        Effect.gen(function* () {
          yield* putAll("abc", { collection: "one" })
          yield* putAll("d", { collection: "two" })
          assert.strictEqual(yield* keys("one"), "b,c")
          assert.strictEqual(yield* keys("two"), "d")
        })
      )
    )

    it.effect("limits a collection whose only entry was overwritten or has expired", () =>
      within(
        { maxEntries: 2, limitsPer: "collection" },
        Effect.gen(function* () {
          yield* putAll("aabc", { collection: "one" })
          assert.strictEqual(yield* keys("one"), "b,c")
          const kv = yield* KeyValue
          yield* kv.put("a", 1, { collection: "two", ttl: "1 second" })
          yield* TestClock.adjust("1 second")
          yield* putAll("bcd", { collection: "two" })
          assert.strictEqual(yield* keys("two"), "c,d")
        })
      )
    )

    it.effect("keeps the last entry when maxEntries is 1", () =>
      within(
        { maxEntries: 1 },
        Effect.gen(function* () {
          const kv = yield* KeyValue
          yield* kv.putMany([
            ["a", 1],
            ["b", 2],
            ["a", 3]
          ])
          assert.deepStrictEqual(yield* kv.getMany(["a", "b"]), [3, undefined])
        })
      )
    )

    it.effect("limits atomic writes", () =>
      within(
        { maxEntries: 2 },
        Effect.gen(function* () {
          const { putIfAbsent } = yield* Atomic
          for (const key of "abc") yield* putIfAbsent(key, key)
          assert.strictEqual(yield* keys(), "b,c")
        })
      )
    )
  })

  describe("maxSize", () => {
    it.effect("counts JSON in UTF-8, bytes, keys and the collection's name", () =>
      within(
        { maxSize: 18, defaultCollection: "é" },
        Effect.gen(function* () {
          const kv = yield* KeyValue
          yield* kv.put("é", "é")
          yield* kv.put("bc", new Uint8Array(6))
          assert.strictEqual(yield* keys(), "bc,é", "2 + 2 + 4 and 2 + 2 + 6 bytes")
          yield* kv.put("d", 1)
          assert.strictEqual(yield* keys(), "bc,d")
        })
      )
    )

    it.effect("limits the size of keys even when the values are small", () =>
      within(
        { maxSize: "64 KiB" },
        Effect.gen(function* () {
          const kv = yield* KeyValue
          for (let i = 0; i < 1000; i++) yield* kv.put(`${i}`.padStart(1000, "k"), 1)
          const kept = yield* Stream.runCollect((yield* Enumeration).keys())
          assert.isAbove(kept.length, 60)
          assert.isBelow(kept.length, 66)
          yield* kv.put("k".repeat(65_536), 1)
          assert.isUndefined(yield* kv.get("k".repeat(65_536)))
        })
      )
    )

    it.effect("limits the size of collection names", () =>
      within(
        { maxSize: "64 KiB" },
        Effect.gen(function* () {
          const kv = yield* KeyValue
          for (let i = 0; i < 1000; i++) yield* kv.put("a", 1, { collection: `${i}`.padStart(1000, "c") })
          const kept = yield* Stream.runCollect((yield* Enumeration).collections())
          assert.isAbove(kept.length, 60)
          assert.isBelow(kept.length, 66)
        })
      )
    )

    it.effect("evicts as many entries as a write needs, and frees the space of deleted entries", () =>
      within(
        { maxSize: 12, defaultCollection: "" },
        Effect.gen(function* () {
          const kv = yield* KeyValue
          yield* putAll("abc")
          yield* kv.put("d", new Uint8Array(11))
          assert.strictEqual(yield* keys(), "d")
          yield* kv.put("d", 1)
          yield* putAll("ab")
          assert.strictEqual(yield* keys(), "a,b,d")
          yield* kv.deleteMany(["a", "b", "d"])
          yield* kv.put("e", new Uint8Array(11))
          assert.strictEqual(yield* keys(), "e")
        })
      )
    )

    it.effect("keeps neither an entry that is larger than maxSize nor the entry that it replaces", () =>
      within(
        { maxSize: 12, defaultCollection: "" },
        Effect.gen(function* () {
          const kv = yield* KeyValue
          yield* putAll("ab")
          yield* kv.put("a", new Uint8Array(12))
          assert.strictEqual(yield* keys(), "b")
          assert.isUndefined(yield* kv.get("a"))
        })
      )
    )

    it.effect("limits the size of each collection separately when limitsPer is collection", () =>
      within(
        { maxSize: "14 B", limitsPer: "collection" },
        Effect.gen(function* () {
          yield* putAll("abc", { collection: "one" })
          yield* putAll("d", { collection: "two" })
          assert.strictEqual(yield* keys("one"), "b,c")
          assert.strictEqual(yield* keys("two"), "d")
        })
      )
    )
  })

  describe("the heap", () => {
    const count = 500
    const size = 20_000

    /** How many bytes of the heap the store takes for each byte of a value. */
    const bytesPerByte = <E>(
      layer: Layer.Layer<KeyValue, E>,
      write: (kv: Service, key: string, value: string) => Effect.Effect<unknown>
    ) =>
      Effect.gen(function* () {
        const kv = yield* KeyValue
        yield* write(kv, "first", "x")
        collectGarbage()
        const before = process.memoryUsage().heapUsed
        // A flat string: the parts of a rope would be shared, and counted once for all entries.
        for (let i = 0; i < count; i++) yield* write(kv, `k${i}`, Buffer.alloc(size, `${i} `).toString("latin1"))
        collectGarbage()
        const used = process.memoryUsage().heapUsed - before
        assert.strictEqual(((yield* kv.get(`k${count - 1}`)) as { readonly text: string }).text.length, size)
        return used / (count * size)
      }).pipe(Effect.provide(layer))

    const layers = {
      "without limits": Memory.layer(),
      "within maxSize": Memory.layer({ maxSize: "100 MiB" }),
      "below LimitSize, which turns values into text": Memory.layer({ maxSize: "100 MiB" }).pipe(LimitSize.wrap({})),
      "below Compression, which takes text": Memory.layer().pipe(Compression.wrap({ minSize: "1 MiB" }))
    }
    for (const [name, layer] of Object.entries(layers)) {
      it.effect(`holds each value once on the heap, ${name}`, () =>
        Effect.gen(function* () {
          const put = (kv: Service, key: string, text: string) => Effect.orDie(kv.put(key, { text }))
          assert.isBelow(yield* bytesPerByte(layer, put), 1.3)
          const read = (kv: Service, key: string, text: string) =>
            Effect.orDie(Effect.andThen(kv.put(key, { text }), kv.get(key)))
          assert.isBelow(yield* bytesPerByte(layer, read), 1.3, "after it was read")
        })
      )
    }
  })

  describe("seed", () => {
    it.effect("stores the seed when the layer is built, without a TTL", () =>
      within(
        { seed: { test_collection: { test_key: { obj_key: "obj_value" } }, bytes: { a: Uint8Array.of(1) } } },
        Effect.gen(function* () {
          const kv = yield* KeyValue
          assert.deepStrictEqual(yield* kv.ttl("test_key", { collection: "test_collection" }), {
            value: { obj_key: "obj_value" },
            ttl: undefined
          })
          assert.deepStrictEqual(yield* kv.get("a", { collection: "bytes" }), Uint8Array.of(1))
        })
      )
    )

    it.effect("copies the seed", () => {
      const list = [1]
      const layer = Memory.layer({ seed: { c: { list } } })
      return Effect.gen(function* () {
        const kv = yield* KeyValue
        list.push(2)
        assert.deepStrictEqual(yield* kv.get("list", { collection: "c" }), [1])
      }).pipe(Effect.provide(layer))
    })

    it.effect("fails the layer when the seed cannot be stored", () =>
      Effect.gen(function* () {
        const seed = { c: { good: 1, bad: { date: new Date(0) as unknown as string } } }
        const error = yield* buildError(Memory.layer({ seed }))
        assert.strictEqual(
          error.message,
          "Memory: the seed value c/bad cannot be stored: an instance of Date (not JSON) at $.date"
        )
      })
    )
  })

  it.effect("fails with StoreSetupError for options out of range", () =>
    Effect.gen(function* () {
      const wrong: ReadonlyArray<Memory.Options> = [
        { maxEntries: 0 },
        { maxEntries: 1.5 },
        { maxEntries: Number.NaN },
        { maxSize: "many" as "1 B" },
        { maxSize: -1 }
      ]
      for (const options of wrong) {
        const error = yield* buildError(Memory.layer(options))
        assert.strictEqual(error._tag, "StoreSetupError", JSON.stringify(options))
        assert.strictEqual(error.module, "Memory")
      }
    })
  )

  it.effect("uses the given default collection", () =>
    within(
      { defaultCollection: "mine" },
      Effect.gen(function* () {
        yield* putAll("a")
        assert.strictEqual(yield* keys("mine"), "a")
      })
    )
  )

  it.effect("returns from removeExpired the number of removed entries, for limits per store and per collection", () =>
    Effect.gen(function* () {
      for (const limitsPer of ["store", "collection"] as const) {
        yield* within(
          { limitsPer },
          Effect.gen(function* () {
            const kv = yield* KeyValue
            yield* kv.put("live", 1)
            for (const collection of ["a", "b", "c"]) yield* kv.put("k", 1, { collection, ttl: "1 second" })
            yield* TestClock.adjust("1 second")
            const { removeExpired } = yield* Maintenance
            assert.strictEqual(yield* removeExpired, 3)
            assert.strictEqual(yield* removeExpired, 0)
          })
        )
      }
    })
  )

  it.effect("keeps no memory for unknown collections", () =>
    Effect.gen(function* () {
      const driver = yield* Memory.make({ limitsPer: "collection" })
      const set = vi.spyOn(Map.prototype, "set")
      yield* driver.get(call.get("unknown", "a"))
      yield* driver.delete(call.delete("unknown", "a"))
      yield* driver.atomic.compareAndPut(call.compareAndPut("unknown", "a", undefined, 1))
      const kept = set.mock.calls.some(([name]) => name === "unknown")
      set.mockRestore()
      assert.isFalse(kept)
    })
  )

  it.effect("never reuses a version, so that a late writer cannot win", () =>
    Effect.gen(function* () {
      const driver = yield* Memory.make({})
      const version = Effect.map(driver.get({ ...call.get("c", "a"), versioned: true }), ([found]) => found?.version)
      yield* driver.put(call.put("c", { a: 1 }))
      const before = yield* version
      yield* driver.delete(call.delete("c", "a"))
      yield* driver.put(call.put("c", { a: 1 }))
      assert.notStrictEqual(yield* version, before)
      assert.isFalse(yield* driver.atomic.compareAndPut(call.compareAndPut("c", "a", 2, before)))
      assert.isTrue(yield* driver.atomic.compareAndPut(call.compareAndPut("c", "a", 2, yield* version)))
    })
  )

  it.effect("removes expired entries of all collections during writes to one, with limits per collection", () =>
    Effect.gen(function* () {
      const driver = yield* Memory.make({ limitsPer: "collection", maxEntries: 1000 })
      const put = (collection: string, expiresAt?: number) =>
        driver.put({ ...call.put(collection, { k: 1 }), entries: [{ ...entry(1), expiresAt }] })
      for (let i = 0; i < 2000; i++) yield* put(`user-${i}`, 10)
      yield* TestClock.adjust(10)
      for (let i = 0; i < 1000; i++) yield* put("other")
      assert.strictEqual((yield* driver.maintenance.removeExpired(call.removeExpired())).count, 0)
      assert.deepStrictEqual((yield* driver.listing.collections(call.collections())).names, ["other"])
    })
  )

  for (const limitsPer of ["store", "collection"] as const) {
    it.effect(`evicts no live entry while there are expired ones, with limits per ${limitsPer}`, () =>
      within(
        { maxSize: 149, limitsPer, defaultCollection: "" },
        Effect.gen(function* () {
          const kv = yield* KeyValue
          yield* kv.put("live", "12345678")
          yield* kv.putMany(
            Array.from({ length: 9 }, (_, i) => [`old-${i}`, "12345678"]),
            { ttl: "1 second" }
          )
          yield* TestClock.adjust("1 second")
          yield* kv.put("large", new Uint8Array(130))
          assert.strictEqual(yield* keys(), "large,live")
        })
      )
    )
  }

  it.effect("lists collections without reading every entry", () =>
    Effect.gen(function* () {
      const driver = yield* Memory.make({})
      let looks = 0
      const counting = (): Entry => ({
        ...entry(1),
        get expiresAt() {
          looks++
          return undefined
        }
      })
      const names = Array.from({ length: 500 }, (_, i) => `k${i}`)
      const values = Object.fromEntries(names.map((name) => [name, 1]))
      for (const collection of "abc") {
        yield* driver.put({ ...call.put(collection, values), entries: names.map(counting) })
      }
      looks = 0
      assert.deepStrictEqual((yield* driver.listing.collections(call.collections())).names, ["a", "b", "c"])
      assert.isAtMost(looks, 3)
    })
  )
})

describe("Slots", () => {
  const unlimited = { maxEntries: Number.MAX_SAFE_INTEGER, maxSize: Number.POSITIVE_INFINITY }
  const make = (limits = unlimited) => {
    const collections = new Map<string, Map<string, Slot>>()
    const owners = new Map<string, Slots>()
    const slots = new Slots(collections, limits, owners)
    const put = (key: string, now: number, expiresAt?: number) => slots.set("c", key, { ...entry(key), expiresAt }, now)
    const kept = () => [...(collections.get("c")?.keys() ?? [])]
    return { collections, owners, slots, put, kept }
  }

  it("sweeps expired entries that are never read", () => {
    const { put, kept } = make()
    for (let i = 0; i < 100; i++) put(`old-${i}`, 0, 10)
    for (let i = 0; i < 100; i++) put(`new-${i}`, 20)
    assert.isFalse(kept().some((key) => key.startsWith("old")))
    assert.strictEqual(kept().length, 100)
  })

  it("sweeps as fast as entries expire when every entry has a TTL", () => {
    const { put, kept } = make()
    for (let now = 0; now < 10_000; now++) put(`key-${now}`, now, now + 50)
    assert.isBelow(kept().length, 150)
  })

  it("sweeps all entries although others are read, deleted and written meanwhile", () => {
    const { put, slots, kept } = make()
    for (let i = 0; i < 20; i++) put(`live-${i}`, 0)
    for (let i = 0; i < 20; i++) put(`old-${i}`, 0, 10)
    for (let i = 0; i < 50; i++) {
      slots.get("c", `live-${i % 20}`, 20)
      slots.delete("c", `live-${(i * 7) % 20}`, 20)
      put(`live-${(i * 3) % 20}`, 20)
    }
    assert.isFalse(kept().some((key) => key.startsWith("old")))
  })

  it("frees an expired entry when it is read or deleted", () => {
    const { put, slots, kept } = make()
    put("a", 0, 10)
    put("b", 0, 10)
    put("c", 0, 10)
    assert.isUndefined(slots.get("c", "a", 10))
    assert.isFalse(slots.delete("c", "b", 10))
    assert.deepStrictEqual(kept(), ["c"])
  })

  it("drops the references of a deleted entry to other entries", () => {
    const { put, slots, collections } = make()
    for (const key of "abc") put(key, 0, 10)
    const slot = collections.get("c")!.get("b")!
    slots.delete("c", "b", 0)
    assert.deepStrictEqual([slot.older, slot.newer, slot.heapIndex], [undefined, undefined, -1])
  })

  it("finds expired entries in whatever order entries were written, replaced and deleted", () => {
    let seed = 1
    const random = (below: number) => {
      seed = (seed * 48_271) % 2_147_483_647
      return seed % below
    }
    for (let round = 0; round < 50; round++) {
      const { put, slots, kept } = make()
      const expiries = new Map<string, number | undefined>()
      for (let i = 0; i < 300; i++) {
        const key = `k${random(80)}`
        const expiresAt = random(5) === 0 ? undefined : 1 + random(100)
        if (random(4) === 0) {
          slots.delete("c", key, 0)
          expiries.delete(key)
        } else {
          put(key, 0, expiresAt)
          expiries.set(key, expiresAt)
        }
      }
      for (const now of [10, 35, 70]) {
        const even = ({ key }: Slot) => Number(key.slice(1)) % 2 === 0
        const expired = [...expiries].filter(
          ([key, time]) => time !== undefined && time <= now && Number(key.slice(1)) % 2 === 0
        )
        assert.strictEqual(slots.removeExpired(now, even), expired.length)
        for (const [key] of expired) expiries.delete(key)
      }
      const left = [...expiries].filter(([, time]) => time !== undefined && time <= 70).length
      for (let i = 0; i < left; i += 4) slots.freeExpired(70)
      const live = [...expiries].flatMap(([key, time]) => (time === undefined || time > 70 ? [key] : []))
      assert.deepStrictEqual(kept().sort(), live.sort())
    }
  })

  it("forgets collections that are empty or were only read", () => {
    const { put, slots, collections, owners } = make()
    for (let i = 0; i < 1000; i++) slots.get(`unknown-${i}`, "a", 0)
    assert.deepStrictEqual([collections.size, owners.size], [0, 0])
    put("a", 0)
    assert.strictEqual(owners.get("c"), slots)
    slots.delete("c", "a", 0)
    assert.deepStrictEqual([collections.size, owners.size], [0, 0])
  })

  it("counts an entry once when it is removed at the position of the sweep", () => {
    for (let gone = 0; gone < 12; gone++) {
      const { put, slots, kept } = make({ ...unlimited, maxEntries: 12 })
      for (let i = 0; i < 12; i++) put(`old-${i}`, 0, 10)
      slots.get("c", `old-${gone}`, 20)
      for (let i = 0; i < 100; i++) put(`new-${i}`, 20)
      assert.strictEqual(kept().length, 12)
    }
  })

  it("stays within its limits during mixed reads, writes and deletes", () => {
    const { put, slots, kept } = make({ maxEntries: 7, maxSize: 60 })
    for (let i = 0; i < 5000; i++) {
      put("k".repeat((i * 13) % 40) + (i % 11), i, i % 3 === 0 ? i + 5 : undefined)
      slots.get("c", kept()[i % 7] ?? "", i)
      if (i % 5 === 0) slots.delete("c", kept()[i % 3] ?? "", i)
      const size = kept().reduce((size, key) => size + 2 * key.length + 3, 0)
      assert.isAtMost(kept().length, 7)
      assert.isAtMost(size, 60)
    }
  })
})
