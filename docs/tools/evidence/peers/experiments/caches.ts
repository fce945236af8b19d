/** What caches do when values are loaded: at the same time, while they are stale, and when something fails. */
import { fork } from "node:child_process"
import { once } from "node:events"
import type { Cache, Library, Loading } from "../Library.ts"
import { outcomeOf } from "../outcome.ts"
import { type Fault, network, type Server, sleep } from "../redis.ts"
import type { Row } from "./stores.ts"

const minute: Loading = { ttlMillis: 60_000 }

const withCache = async <A>(
  { cache }: Library,
  url: string,
  loading: Loading,
  use: (cache: Cache) => Promise<A>
): Promise<A> => {
  const it = await cache!({ url }, loading)
  const result = await use(it)
  it.close().catch(() => {})
  return result
}

/** How often 100 callers of a missing key load it: in one process, and in two processes of 50 each. */
export const stampede = async (library: Library, server: Server): Promise<Row> => {
  let loads = 0
  await withCache(library, server.url, minute, (cache) =>
    Promise.all(
      Array.from({ length: 100 }, () =>
        cache.ask(`stampede-${library.name}`, async () => {
          loads++
          await sleep(200)
          return "value"
        })
      )
    )
  )
  const workers = [0, 1].map(() =>
    fork(new URL("./stampedeWorker.ts", import.meta.url), [library.name, server.url, `processes-${library.name}`])
  )
  await Promise.all(workers.map((worker) => once(worker, "message")))
  const counts = workers.map((worker) => once(worker, "message"))
  for (const worker of workers) worker.send("go")
  const inProcesses = (await Promise.all(counts)).reduce((sum, [count]) => sum + Number(count), 0)
  return { inOneProcess: String(loads), inTwoProcesses: String(inProcesses) }
}

/** An entry that has expired, but may be returned while it is stale. */
export const staleness = async (library: Library, server: Server): Promise<Row> => {
  const loading = { ttlMillis: 200, staleMillis: 60_000 }
  const slow = await withCache(library, server.url, loading, async (cache) => {
    const key = `stale-${library.name}`
    await cache.ask(key, () => Promise.resolve("old"))
    await sleep(400)
    const outcome = await outcomeOf(() =>
      cache.ask(key, async () => {
        await sleep(500)
        return "new"
      })
    )
    // The refresh in the background ends.
    await sleep(1000)
    return outcome
  })
  const failing = await withCache(library, server.url, loading, async (cache) => {
    const key = `stale-error-${library.name}`
    await cache.ask(key, () => Promise.resolve("old"))
    await sleep(400)
    return outcomeOf(() => cache.ask(key, () => Promise.reject(new Error("the database is down"))))
  })
  const nothing = await withCache(library, server.url, loading, (cache) =>
    outcomeOf(() => cache.ask(`error-${library.name}`, () => Promise.reject(new Error("the database is down"))))
  )
  return { slow, failing, nothing }
}

/** A cache that has one key, and whose Redis then fails: it is asked for that key, or for another one. */
export const storeDown = async (library: Library, server: Server): Promise<Row> => {
  const one = async (fault: Fault, asked: "cached" | "other") => {
    const net = await network(server.port)
    const outcome = await withCache(library, net.url, minute, async (cache) => {
      const key = (what: string) => `down-${library.name}-${fault}-${asked}-${what}`
      // The first calls of a client without a queue can come before its connection.
      await cache.ask(key("first"), () => Promise.resolve("first")).catch(() => {})
      await sleep(500)
      await cache.ask(key("cached"), () => Promise.resolve("old"))
      await sleep(100)
      net.fail(fault)
      await sleep(100)
      return outcomeOf(() => cache.ask(key(asked), () => Promise.resolve("new")))
    })
    net.close()
    return outcome
  }
  const [cached, other, silentCached, silentOther] = await Promise.all([
    one("refused", "cached"),
    one("refused", "other"),
    one("silent", "cached"),
    one("silent", "other")
  ])
  return { cached, other, silentCached, silentOther }
}

/** The value is changed and invalidated while a load that has read the old value still runs. */
export const invalidation = async (library: Library, server: Server): Promise<Row> =>
  withCache(library, server.url, minute, async (cache) => {
    const key = `invalidated-${library.name}`
    const loading = cache.ask(key, async () => {
      await sleep(500)
      return "old"
    })
    await sleep(200)
    await cache.invalidate(key)
    await loading
    await sleep(100)
    return { later: await outcomeOf(() => cache.ask(key, () => Promise.resolve("new"))) }
  })

/** Two memory caches in front of one Redis. Both have read a value, which one of them then changes. */
export const coherence = async ({ name, near }: Library, server: Server): Promise<Row> => {
  const [one, two] = [await near!(server.url), await near!(server.url)]
  const key = `near-${name}`
  await one.set(key, "old")
  await Promise.all([one.get(key), two.get(key)])
  await sleep(300)
  await one.set(key, "new")
  await sleep(500)
  const other = await outcomeOf(() => two.get(key))
  await Promise.all([one.close(), two.close()]).catch(() => {})
  return { other }
}
