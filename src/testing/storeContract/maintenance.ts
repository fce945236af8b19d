import * as Calls from "../../driver/Calls.ts"
import { Maintenance } from "../../Maintenance.ts"
import { defineFor } from "./Case.ts"
import { equal, isTrue } from "./check.ts"

const define = defineFor("Maintenance", Maintenance)

/** Cases for stores with the capability `Maintenance`. */
export const maintenance = [
  define("clears one collection and leaves the others [MA1]", ["Misses"], function* ({ kv, at }, maintenance) {
    const other = { collection: `${at.collection}-other` }
    yield* kv.putMany(Object.entries({ a: 1, b: 2 }), at)
    yield* kv.put("a", 3, other)
    yield* equal(yield* maintenance.clearCollection(at), 2)
    yield* equal(yield* kv.getMany(["a", "b"], at), [undefined, undefined])
    yield* equal(yield* kv.get("a", other), 3)
    yield* equal(yield* maintenance.clearCollection(at), 0, "when cleared twice")
  }),
  define("clears by name, not by pattern [MA2]", ["Misses"], function* ({ kv, at: { collection } }, maintenance) {
    const names = ["t*", "t", "t::b", "tx", "t?", "t[x]", "t%"].map((name) => `${collection}${name}`)
    for (const name of names) yield* kv.put("b::c", name, { collection: name })
    for (const [i, name] of names.entries()) {
      yield* equal(yield* maintenance.clearCollection({ collection: name }), 1, name)
      for (const rest of names.slice(i + 1)) {
        yield* equal(yield* kv.get("b::c", { collection: rest }), rest, `clearing ${name} touched ${rest}`)
      }
    }
  }),
  define("clears a large collection [MA3]", ["Misses"], function* ({ kv, at, maxEntries }, maintenance) {
    const keys = Array.from({ length: Math.min(2500, maxEntries) }, (_, i) => `key-${i}`)
    yield* kv.putMany(
      keys.map((key) => [key, 1]),
      at
    )
    yield* equal(yield* maintenance.clearCollection(at), keys.length)
    yield* equal(yield* kv.getMany(keys, at), Array(keys.length).fill(undefined))
  }),
  define("clears all collections [MA4]", ["Misses", "Exclusive"], function* ({ kv, at }, maintenance) {
    yield* maintenance.clear
    const places = [at, { collection: `${at.collection}*` }, { collection: "a::b" }, {}]
    for (const place of places) yield* kv.put("key", 1, place)
    yield* equal(yield* maintenance.clear, places.length)
    for (const place of places) yield* equal(yield* kv.get("key", place), undefined)
    yield* equal(yield* maintenance.clear, 0, "when cleared twice")
    yield* kv.put("key", 2, at)
    yield* equal(yield* kv.get("key", at), 2, "a put after clear")
  }),
  define("removes expired entries only [MA5]", ["Misses"], function* ({ kv, at, advance }, maintenance) {
    yield* kv.putMany(Object.entries({ a: 1, b: 2 }), { ...at, ttl: "1 second" })
    yield* kv.put("live", 3, at)
    yield* kv.put("later", 4, { ...at, ttl: "1 hour" })
    yield* advance("1100 millis")
    const count = yield* maintenance.removeExpired
    yield* isTrue(Number.isInteger(count) && count >= 0, `${count} is not a count`)
    yield* equal(yield* kv.getMany(["a", "b", "live", "later"], at), [undefined, undefined, 3, 4])
  }),
  define("does not count expired entries as cleared [MA6]", [], function* ({ kv, at, advance }, maintenance) {
    yield* kv.put("a", 1, { ...at, ttl: "1 second" })
    yield* kv.put("b", 1, at)
    yield* advance("1100 millis")
    yield* equal(yield* maintenance.clearCollection(at), 1)
  }),
  define("clears the default collection [MA7]", ["Misses", "Exclusive"], function* ({ kv, at }, maintenance) {
    yield* maintenance.clearCollection()
    yield* kv.put("key", 1)
    yield* kv.put("key", 2, at)
    yield* equal(yield* maintenance.clearCollection(), 1)
    yield* equal(yield* kv.get("key"), undefined)
    yield* equal(yield* kv.get("key", at), 2)
  }),
  define("removes only expired entries that a call selects [MA8]", [], function* ({ kv, at, advance }) {
    const { removeExpired } = kv.driver.maintenance!
    const place = { operation: "removeExpired", collection: "", keys: [] } as const
    yield* kv.putMany(Object.entries({ a: 1, b: 2 }), { ...at, ttl: "1 second" })
    yield* advance("1100 millis")
    let count = 0
    let cursor: unknown
    do {
      const selects = (collection: string, key: string) => collection === at.collection && key === "c"
      const page = yield* removeExpired(Calls.removeExpired(place, { cursor, selects }))
      count += page.count
      cursor = page.next
    } while (cursor !== undefined)
    yield* equal(count, 0)
  })
]
