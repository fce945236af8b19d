/** Tests stacks in Cloudflare's runtime, where a request cannot use the I/O of another. */
import { afterAll, assert, beforeAll, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { describeUnless } from "../servers/process.ts"
import { problem, worker } from "./workerd.ts"

/** The path of an operation on a layer that the Worker keeps between requests, unless `more` says otherwise. */
const path = (on: string, action: string, key: string, more = "") => `/?on=${on}&do=${action}&key=${key}${more}`

describeUnless(problem, "Cloudflare Workers (workerd)", () => {
  const scope = Scope.makeUnsafe()
  let ask: (path: string) => Effect.Effect<string>

  beforeAll(() =>
    Effect.runPromise(
      Effect.map(Scope.provide(worker("test/workers/worker.ts"), scope), (started) => {
        ask = started
      })
    )
  )
  afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

  /** Makes requests at the same time. Returns their responses, and the keys that they requested from the store. */
  const together = Effect.fnUntraced(function* (paths: ReadonlyArray<string>) {
    const answers = yield* Effect.forEach(paths, (each) => ask(each), { concurrency: "unbounded" })
    const told = JSON.parse(yield* ask("/told")) as {
      readonly asked: ReadonlyArray<string>
      readonly mostRunning: number
    }
    return { answers, ...told }
  })

  /** Makes requests one after another. Returns their responses, and the keys that they requested from the store. */
  const inOrder = Effect.fnUntraced(function* (paths: ReadonlyArray<string>) {
    const answers = yield* Effect.forEach(paths, (each) => ask(each))
    return { answers, ...(JSON.parse(yield* ask("/told")) as { readonly asked: ReadonlyArray<string> }) }
  })

  const times = (count: number, each: string) => Array<string>(count).fill(each)

  it.live("Timeout releases a request after other requests have used the layer", () =>
    Effect.gen(function* () {
      const { answers } = yield* inOrder([
        path("timeout", "get", "quick"),
        path("timeout", "get", "hang"),
        path("timeout", "get", "quick")
      ])
      assert.deepStrictEqual(answers, ["nothing", "TimeoutError", "nothing"])
      const parallel = yield* together([...times(3, path("timeout", "get", "hang")), path("timeout", "get", "slow")])
      assert.deepStrictEqual(parallel.answers, [...times(3, "TimeoutError"), "nothing"])
    })
  )

  it.live("Deadline releases each request at its own limit", () =>
    Effect.gen(function* () {
      const hang = path("deadline", "within", "hang")
      assert.strictEqual((yield* inOrder([path("deadline", "within", "quick")])).answers[0], "nothing")
      const { answers } = yield* together([hang, hang, path("deadline", "within", "slow")])
      assert.deepStrictEqual(answers, ["TimeoutError", "TimeoutError", "nothing"])
    })
  )

  it.live("Retry pauses and tries again in each request", () =>
    Effect.gen(function* () {
      yield* ask(path("retry", "get", "quick"))
      const { answers } = yield* together(["a", "b", "c"].map((each) => path("retry", "get", `flaky-${each}`)))
      assert.deepStrictEqual(answers, times(3, "nothing"))
    })
  )

  it.live("Hedge sends its second attempt in the slow request", () =>
    Effect.gen(function* () {
      yield* ask(path("hedge", "get", "quick"))
      yield* ask("/told")
      const { answers, asked } = yield* together([path("hedge", "get", "slow"), path("hedge", "get", "quick")])
      assert.deepStrictEqual(answers, times(2, "nothing"))
      assert.deepStrictEqual([...asked].sort(), ["quick", "slow", "slow"])
    })
  )

  it.live("Bulkhead passes places from one request to the next, which continues in its own request", () =>
    Effect.gen(function* () {
      yield* ask(path("bulkhead", "get", "quick"))
      yield* ask("/told")
      const { answers, asked, mostRunning } = yield* together(times(5, path("bulkhead", "get", "slow")))
      assert.deepStrictEqual(answers, times(5, "nothing"))
      assert.strictEqual(asked.length, 5)
      assert.strictEqual(mostRunning, 1)
    })
  )

  it.live("Bulkhead fails requests that wait too long for the place of a request that was ended", () =>
    Effect.gen(function* () {
      yield* ask(path("fullBulkhead", "get", "hang", "&leave=1"))
      const { answers } = yield* together(times(2, path("fullBulkhead", "get", "quick")))
      assert.deepStrictEqual(answers, times(2, "BulkheadFullError"))
    })
  )

  it.live("RateLimit lets each request wait for its turn", () =>
    Effect.gen(function* () {
      yield* ask(path("rateLimit", "get", "quick"))
      yield* ask("/told")
      const { answers, asked } = yield* together(times(3, path("rateLimit", "get", "quick")))
      assert.deepStrictEqual(answers, times(3, "nothing"))
      assert.strictEqual(asked.length, 3)
    })
  )

  it.live("CircuitBreaker opens and closes again over several requests", () =>
    Effect.gen(function* () {
      const down = path("breaker", "get", "down")
      const { answers } = yield* inOrder([
        path("breaker", "get", "quick"),
        path("breaker", "get", "down-a"),
        path("breaker", "get", "down-b"),
        down
      ])
      assert.deepStrictEqual(answers, ["nothing", "StoreUnavailableError", "StoreUnavailableError", "CircuitOpenError"])
      yield* Effect.sleep("250 millis")
      assert.deepStrictEqual(
        (yield* inOrder([path("breaker", "get", "slow"), path("breaker", "get", "quick")])).answers,
        times(2, "nothing")
      )
    })
  )

  it.live("PassthroughCache fills a key in each request that misses it, and returns the copy to later requests", () =>
    Effect.gen(function* () {
      yield* ask(path("cache", "put", "slow"))
      yield* ask("/told")
      const get = path("cache", "get", "slow")
      const { answers, asked } = yield* together([get, get, get])
      assert.deepStrictEqual(answers, times(3, '"value of slow"'))
      assert.deepStrictEqual(asked, times(3, "slow"))
      const later = yield* together([get, get])
      assert.deepStrictEqual(later.answers, times(2, '"value of slow"'))
      assert.deepStrictEqual(later.asked, [])
    })
  )

  it.live("PassthroughCache does not keep a fill during which another request wrote the key", () =>
    Effect.gen(function* () {
      yield* together([path("cache", "get", "slow-2"), path("cache", "put", "slow-2"), path("cache", "get", "slow-2")])
      assert.strictEqual((yield* inOrder([path("cache", "get", "slow-2")])).answers[0], '"value of slow-2"')
    })
  )

  it.live("PassthroughCache fills again after a request was ended during a fill", () =>
    Effect.gen(function* () {
      yield* ask(path("cache", "get", "slow-3", "&leave=1"))
      const { answers } = yield* together(times(2, path("cache", "get", "slow-3")))
      assert.deepStrictEqual(answers, times(2, "nothing"))
    })
  )

  it.live(
    "PassthroughCache refreshes a stale copy in the background of a known request, and before it returns in an unknown one",
    () =>
      Effect.gen(function* () {
        const get = path("staleCache", "get", "slow-s")
        yield* inOrder([path("staleCache", "put", "slow-s"), get])
        yield* Effect.sleep("420 millis")
        assert.deepStrictEqual((yield* inOrder([get])).asked, ["slow-s"])
        yield* Effect.sleep("420 millis")
        const started = performance.now()
        assert.strictEqual(yield* ask(`${get}&known=1`), '"value of slow-s"')
        assert.isBelow(performance.now() - started, 140, "the copy is returned before the store has answered")
        yield* Effect.sleep("170 millis")
        assert.deepStrictEqual((yield* inOrder([])).asked, ["slow-s"])
        assert.deepStrictEqual((yield* inOrder([get])).asked, [], "the refresh ended after its request was answered")
      }),
    // Its steps are as short as the store is slow, which other load can exceed.
    { retry: 4 }
  )

  it.live("getOrSet loads in each unknown request, and stores the value for later requests", () =>
    Effect.gen(function* () {
      const load = path("timeout", "load", "loaded")
      const { answers, asked } = yield* together([load, load, load])
      assert.deepStrictEqual(answers, times(3, '"loaded"'))
      assert.strictEqual(asked.filter((each) => each === "load loaded").length, 3)
      assert.deepStrictEqual((yield* inOrder([load])).asked, ["loaded"])
    })
  )

  it.live("getOrSet shares one load within a known request", () =>
    Effect.gen(function* () {
      const { answers, asked } = yield* together([path("timeout", "loadThrice", "known", "&known=1")])
      assert.deepStrictEqual(answers, ['["loaded","loaded","loaded"]'])
      assert.deepStrictEqual(
        asked.filter((each) => each === "load known"),
        ["load known"]
      )
    })
  )

  it.live("getOrSet loads again after a request was ended during a load", () =>
    Effect.gen(function* () {
      yield* ask(path("timeout", "load", "ended", "&leave=1"))
      const load = path("timeout", "load", "ended")
      assert.deepStrictEqual((yield* together([load, load])).answers, times(2, '"loaded"'))
    })
  )

  it.live("Memory and a Collection keep entries between requests until they expire", () =>
    Effect.gen(function* () {
      const { answers } = yield* inOrder([
        path("memory", "put", "kept"),
        path("memory", "get", "kept"),
        path("memory", "putShort", "short"),
        path("memory", "get", "short")
      ])
      assert.deepStrictEqual(answers, ["nothing", '"value of kept"', "nothing", '"short"'])
      yield* Effect.sleep("120 millis")
      assert.deepStrictEqual((yield* inOrder([path("memory", "get", "short")])).answers, ["nothing"])
      const users = yield* together(["a", "b", "c"].map((key) => path("memory", "collection", key)))
      assert.deepStrictEqual(users.answers, times(3, '"1970-01-01T00:00:00.000Z"'))
    })
  )

  it.live("EffectStore over a binding writes one key in several requests at once", () =>
    Effect.gen(function* () {
      const [put, get, remove] = ["put", "get", "delete"].map((action) => path("effectStore", action, "bound"))
      yield* ask(path("effectStore", "put", "bound", "&leave=1"))
      assert.deepStrictEqual((yield* together([put!, put!, put!])).answers, times(3, "nothing"))
      assert.deepStrictEqual((yield* together([get!, get!])).answers, times(2, '"value of bound"'))
      assert.deepStrictEqual((yield* inOrder([remove!, get!])).answers, ["true", "nothing"])
    })
  )

  it.live("Aead and Compression read in one request what another has written", () =>
    Effect.gen(function* () {
      yield* ask(path("codecs", "get", "secret", "&leave=1"))
      yield* together(times(2, path("codecs", "put", "secret")))
      const { answers } = yield* together(times(3, path("codecs", "get", "secret")))
      assert.deepStrictEqual(answers, times(3, '"value of secret"'))
    })
  )

  it.live("a layer that was built before the first request serves all requests", () =>
    Effect.gen(function* () {
      const get = (key: string) => `/start?do=get&key=${key}`
      const { answers } = yield* together([get("quick"), get("hang"), get("slow"), get("slow"), get("flaky-start")])
      assert.deepStrictEqual(answers, ["nothing", "TimeoutError", ...times(3, "nothing")])
    })
  )

  it.live("a layer that takes time to build is kept once a request has built it", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* ask("/kept?do=get&key=a&leave=1"), "left")
      assert.deepStrictEqual((yield* together(times(3, "/kept?do=get&key=a"))).answers, times(3, "nothing"))
      assert.deepStrictEqual((yield* inOrder(["/kept?do=put&key=a", "/kept?do=get&key=a"])).answers, [
        "nothing",
        '"value of a"'
      ])
    })
  )

  it.live("a layer that works in the background fails to build for several requests", () =>
    Effect.gen(function* () {
      const { answers } = yield* inOrder([path("recovery", "get", "a"), path("replicate", "get", "a")])
      assert.deepStrictEqual(answers, times(2, "StoreSetupError"))
    })
  )

  it.live("a layer of one request may work in the background, and is closed with the request", () =>
    Effect.gen(function* () {
      const { answers } = yield* together([
        path("recovery", "get", "quick", "&once=1"),
        path("replicate", "put", "slow", "&once=1"),
        path("replicate", "get", "slow", "&once=1")
      ])
      assert.deepStrictEqual(answers, times(3, "nothing"))
    })
  )

  it.live("a Durable Object shares loads between its requests, and works in the background", () =>
    Effect.gen(function* () {
      const object = (on: string, action: string, key: string) => `/object${path(on, action, key).slice(1)}`
      const load = object("timeout", "load", "object")
      const { answers, asked } = yield* together([load, load, load])
      assert.deepStrictEqual(answers, times(3, '"loaded"'))
      assert.deepStrictEqual(
        asked.filter((each) => each === "load object"),
        ["load object"]
      )
      const [put, get] = ["put", "get"].map((action) => object("replicate", action, "slow"))
      assert.deepStrictEqual((yield* inOrder([put!, get!])).answers, ["nothing", '"value of slow"'])
      yield* ask("/told")
      const bulkhead = yield* together(times(3, object("bulkhead", "get", "slow")))
      assert.deepStrictEqual(bulkhead.answers, times(3, "nothing"))
      assert.strictEqual(bulkhead.mostRunning, 1)
    })
  )

  it.live("a closed layer fails operations at once", () =>
    Effect.gen(function* () {
      yield* ask(path("memory", "put", "kept"))
      assert.deepStrictEqual((yield* inOrder(["/close"])).answers, ["StoreUnavailableError"])
    })
  )
})
