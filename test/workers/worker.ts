/** A Worker that keeps one layer per name between requests, and returns the result of one operation per request. */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as EffectKeyValueStore from "effect/persistence/KeyValueStore"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import {
  Aead,
  Bulkhead,
  CircuitBreaker,
  Collection,
  Compression,
  Deadline,
  Driver,
  Fallback,
  Hedge,
  KeyValue,
  KeyValueError,
  Memory,
  PassthroughCache,
  RateLimit,
  Replicate,
  Requests,
  Retry,
  Timeout
} from "../../src/index.ts"
import * as EffectStore from "../../src/stores/EffectStore.ts"

/** The keys requested from a store that is wrapped by `far`, in order, and the most calls that ran there at a time. */
const asked: Array<string> = []
let running = 0
let mostRunning = 0

const failures = new Map<string, number>()

/** Acts by the name of the key: `hang…` never returns, `slow…` takes 150 ms, `flaky…` fails twice, `down…` always fails. */
const far = Driver.wrapper(
  Driver.around(<C extends Driver.Call, A, E>(call: C, next: Driver.Next<C, A, E>) => {
    const key = "keys" in call ? (call.keys[0] as string) : ""
    const behaved = Effect.suspend((): Effect.Effect<A, E | KeyValueError.StoreUnavailableError> => {
      asked.push(key)
      if (key.startsWith("hang")) return Effect.never
      if (key.startsWith("slow")) return Effect.delay(next(call), 150)
      const left = key.startsWith("flaky") ? (failures.get(key) ?? 2) : key.startsWith("down") ? 1 : 0
      failures.set(key, left - 1)
      return left > 0
        ? Effect.fail(new KeyValueError.StoreUnavailableError({ ...call.place, reason: "down", sent: false }))
        : next(call)
    })
    return Effect.acquireUseRelease(
      Effect.sync(() => {
        mostRunning = Math.max(mostRunning, ++running)
      }),
      () => behaved,
      () => Effect.sync(() => running--)
    )
  })
)

/** Like Workers KV: a binding whose operations are I/O of the calling request. */
const binding = new Map<string, string>()
const io = <A>(run: () => A) => Effect.delay(Effect.sync(run), 20)
const kv = EffectKeyValueStore.makeStringOnly({
  get: (key) => io(() => binding.get(key)),
  set: (key, value) => io(() => void binding.set(key, value)),
  remove: (key) => io(() => void binding.delete(key)),
  clear: io(() => binding.clear()),
  keys: io(() => [...binding.keys()]),
  size: io(() => binding.size)
})

const store = Memory.layer().pipe(far)

const layers = {
  memory: Memory.layer(),
  slowBuild: Layer.unwrap(Effect.as(Effect.sleep(100), Memory.layer())),
  timeout: store.pipe(Timeout.wrap("300 millis")),
  deadline: store.pipe(Deadline.wrap()),
  retry: store.pipe(Retry.wrap({ initialDelay: "50 millis" })),
  hedge: store.pipe(Hedge.wrap({ after: "50 millis", maxExtra: 1 })),
  bulkhead: store.pipe(Bulkhead.wrap({ maxConcurrent: 1, maxWait: "2 seconds" })),
  fullBulkhead: store.pipe(Bulkhead.wrap({ maxConcurrent: 1, maxWait: "300 millis" })),
  rateLimit: store.pipe(RateLimit.wrap({ limit: 1, window: "200 millis", onExceeded: "wait", maxWait: "2 seconds" })),
  breaker: store.pipe(CircuitBreaker.wrap({ trip: { consecutive: 2 }, openFor: "200 millis" })),
  cache: store.pipe(Timeout.wrap("1 second"), PassthroughCache.wrap({ cache: Memory.layer() })),
  staleCache: store.pipe(
    PassthroughCache.wrap({
      cache: Memory.layer(),
      maxTtl: "400 millis",
      missingTtl: "400 millis",
      maxStale: "1 minute",
      staleWhileRevalidate: true
    })
  ),
  effectStore: EffectStore.layer().pipe(Layer.provide(Layer.succeed(EffectKeyValueStore.KeyValueStore, kv))),
  codecs: Memory.layer().pipe(
    Aead.wrap({ keys: [{ id: "1", key: Redacted.make(`${"A".repeat(43)}=`) }] }),
    Compression.wrap({ minSize: 1 })
  ),
  recovery: store.pipe(Fallback.wrap({ fallback: Memory.layer(), recovery: {} })),
  replicate: store.pipe(Replicate.wrap({ replicas: [Memory.layer(), Memory.layer()] }))
}

type Name = keyof typeof layers

const runtimes = new Map<string, ManagedRuntime.ManagedRuntime<KeyValue.KeyValue, unknown>>()

const runtimeOf = (name: Name) => {
  let runtime = runtimes.get(name)
  if (runtime === undefined) runtimes.set(name, (runtime = ManagedRuntime.make(layers[name])))
  return runtime
}

// Built outside of any request, as Effect recommends.
const atStart = ManagedRuntime.make(
  store.pipe(
    Timeout.wrap("300 millis"),
    Retry.wrap(),
    CircuitBreaker.wrap(),
    Bulkhead.wrap(),
    PassthroughCache.wrap({ cache: Memory.layer() })
  )
)
atStart.runSync(Effect.void)

const keptScope = Scope.makeUnsafe()
let kept: Context.Context<KeyValue.KeyValue> | undefined

/** Keeps the layer only once it is built: each of the first requests builds its own. */
const keptContext = Effect.suspend(() =>
  kept !== undefined
    ? Effect.succeed(kept)
    : Effect.tap(Layer.buildWithScope(layers.slowBuild, keptScope), (context) =>
        Effect.sync(() => {
          kept = context
        })
      )
)

const Users = Collection.make({ collection: "users", schema: Schema.Struct({ born: Schema.Date }) })

/** What a request does, by its name. */
const operations = {
  get: (kv: KeyValue.Service, key: string) => kv.get(key),
  put: (kv: KeyValue.Service, key: string) => kv.put(key, `value of ${key}`),
  putShort: (kv: KeyValue.Service, key: string) => kv.put(key, "short", { ttl: "100 millis" }),
  delete: (kv: KeyValue.Service, key: string) => kv.delete(key),
  within: (kv: KeyValue.Service, key: string) => Deadline.within(kv.get(key), "300 millis"),
  load: (kv: KeyValue.Service, key: string) =>
    kv.getOrSet(
      key,
      Effect.delay(
        Effect.sync(() => {
          asked.push(`load ${key}`)
          return "loaded"
        }),
        100
      )
    ),
  loadThrice: (kv: KeyValue.Service, key: string) =>
    Effect.all([operations.load(kv, key), operations.load(kv, key), operations.load(kv, key)], {
      concurrency: "unbounded"
    }),
  collection: (kv: KeyValue.Service, key: string) =>
    Effect.gen(function* () {
      const users = yield* Users
      yield* users.put(key, { born: new Date(0) })
      return (yield* users.getOrFail(key)).born.toISOString()
    }).pipe(Effect.provideService(KeyValue.KeyValue, kv))
}

const answer = <E>(run: Promise<unknown>): Promise<Response> =>
  run.then(
    (value) => new Response(JSON.stringify(value) ?? "nothing"),
    (error: E) => new Response((error as { readonly _tag?: string })._tag ?? String(error))
  )

const perform = (url: URL, ctx: Requests.Request): Promise<Response> => {
  const option = (name: string) => url.searchParams.get(name)
  const key = option("key") ?? ""
  const name = (option("on") ?? "memory") as Name
  const program = KeyValue.KeyValue.use(
    (kv): Effect.Effect<unknown, unknown> => operations[(option("do") ?? "get") as keyof typeof operations](kv, key)
  )
  const known = option("known") === null ? program : Requests.within(program, ctx)
  if (option("once") !== null) {
    // This layer is built for the request, and closed with it.
    return answer(
      Effect.runPromise(Effect.provideService(Effect.provide(known, layers[name]), Requests.Current, "shared"))
    )
  }
  if (url.pathname === "/kept") {
    const run = Effect.flatMap(keptContext, (context) => Effect.provide(known, context))
    if (option("leave") === null) return answer(Effect.runPromise(run))
    Effect.runFork(run)
    return Promise.resolve(new Response("left"))
  }
  const runtime = url.pathname === "/start" ? atStart : runtimeOf(name)
  if (option("leave") !== null) {
    // The response ends the request while its call is still running.
    runtime.runFork(known)
    return Promise.resolve(new Response("left"))
  }
  return answer(runtime.runPromise(known))
}

const told = (): Response => {
  const response = Response.json({ asked: [...asked], mostRunning })
  asked.length = mostRunning = running = 0
  return response
}

interface Env {
  readonly OBJECT: {
    readonly idFromName: (name: string) => unknown
    readonly get: (id: unknown) => { readonly fetch: (request: Request) => Promise<Response> }
  }
}

export default {
  fetch: (request: Request, env: Env, ctx: Requests.Request): Promise<Response> => {
    const url = new URL(request.url)
    if (url.pathname === "/told") return Promise.resolve(told())
    if (url.pathname === "/close") {
      const runtime = runtimeOf("memory")
      const service = runtime.runSync(KeyValue.KeyValue)
      return answer(runtime.dispose().then(() => Effect.runPromise(service.get("key"))))
    }
    if (url.pathname === "/object") return env.OBJECT.get(env.OBJECT.idFromName("one")).fetch(request)
    return perform(url, ctx)
  }
}

/** A Durable Object's requests may use each other's I/O. */
export class DurableObject {
  private readonly runtimes = new Map<string, ManagedRuntime.ManagedRuntime<KeyValue.KeyValue, unknown>>()

  fetch(request: Request): Promise<Response> {
    const { searchParams } = new URL(request.url)
    const name = searchParams.get("on") as Name
    let runtime = this.runtimes.get(name)
    if (runtime === undefined) {
      const shared = Layer.provide(layers[name], Layer.succeed(Requests.Current, "shared"))
      this.runtimes.set(name, (runtime = ManagedRuntime.make(shared)))
    }
    const run = KeyValue.KeyValue.use(
      (kv): Effect.Effect<unknown, unknown> =>
        operations[searchParams.get("do") as keyof typeof operations](kv, searchParams.get("key") ?? "")
    )
    return answer(runtime.runPromise(Effect.provideService(run, Requests.Current, "shared")))
  }
}
