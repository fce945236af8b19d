/** What the stores of libraries do when Redis fails, and with values, times and other keys. */
import { fork } from "node:child_process"
import { once } from "node:events"
import type { Library } from "../Library.ts"
import { outcomeOf, show } from "../outcome.ts"
import { type Fault, network, type Server, sleep } from "../redis.ts"

export type Row = Readonly<Record<string, string>>

/** Repeats the first calls of a library that does not wait for its connection, or whose connection is slow. */
const connected = async <A>(call: () => Promise<A>, attempts = 100): Promise<A> => {
  try {
    return await call()
  } catch (error) {
    if (attempts === 1) throw error
    await sleep(100)
    return connected(call, attempts - 1)
  }
}

/** Runs one call after a fault. Each call gets a library and a network of its own. */
const during = async ({ store }: Library, server: Server, fault: Fault, key: string, call: "get" | "set") => {
  const net = await network(server.port)
  const it = await connected(() => store!({ url: net.url }), 3)
  const value = { text: "old" }
  await connected(() => it.set(key, value))
  await it.get(key)
  net.fail(fault)
  await sleep(100)
  const outcome = await outcomeOf(() => (call === "get" ? it.get(key) : it.set(key, { text: "new" })))
  net.close()
  it.close().catch(() => {})
  return outcome
}

export const outage = async (library: Library, server: Server): Promise<Row> => {
  const name = (what: string) => `outage-${library.name}-${what}`
  const [refusedGet, refusedSet, silentGet, silentSet] = await Promise.all([
    during(library, server, "refused", name("a"), "get"),
    during(library, server, "refused", name("b"), "set"),
    during(library, server, "silent", name("c"), "get"),
    during(library, server, "silent", name("d"), "set")
  ])
  return { refusedGet, refusedSet, silentGet, silentSet }
}

/** A write whose reply is lost, and one whose request is lost. The server cannot be reached after that. */
export const lost = async (library: Library, server: Server): Promise<Row> => {
  const one = async (fault: Fault) => {
    const key = `${fault}-${library.name}`
    const set = await during(library, server, fault, key, "set")
    const isApplied = (await stored(server, key)).includes("new")
    if (isApplied !== (fault === "loseReply")) throw new Error(`${library.name}: the fault hit another command`)
    return set
  }
  const [reply, request] = await Promise.all([one("loseReply"), one("loseRequest")])
  return { reply, request }
}

const stored = async ({ client }: Server, part: string): Promise<string> => {
  const names = (await client.keys("*")).filter((name) => name.includes(part))
  return (await Promise.all(names.map((name) => client.get(name)))).join()
}

const samples: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  nan: { n: Number.NaN },
  date: { d: new Date(0) },
  map: { m: new Map([["a", 1]]) },
  bytes: new Uint8Array([1, 2]),
  bigint: { i: 10n }
}

export const values = async ({ name, store }: Library, server: Server): Promise<Row> => {
  const it = await store!({ url: server.url })
  const row: Record<string, string> = {}
  for (const [what, value] of Object.entries(samples)) {
    const key = `value-${name}-${what}`
    await it.set(key, "before").catch(() => it.set(key, { text: "before" }))
    row[what] = await outcomeOf(async () => {
      await it.set(key, value)
      return it.get(key)
    })
  }
  await it.close()
  return row
}

export const mutation = async ({ store }: Library): Promise<Row> => {
  const it = await store!({})
  const value = { list: [1] }
  await it.set("key", value)
  value.list.push(2)
  const found = (await it.get("key")) as typeof value
  const afterSet = found.list.length === 1 ? "no" : "yes"
  const before = found.list.length
  found.list.push(3)
  const afterGet = ((await it.get("key")) as typeof value).list.length === before ? "no" : "yes"
  await it.close()
  return { afterSet, afterGet }
}

/** What happens to a process that does not listen for `error` events when Redis closes the connection. */
export const unheard = async ({ name }: Library, server: Server): Promise<Row> => {
  const worker = fork(new URL("./unheardWorker.ts", import.meta.url), [name, String(server.port)], {
    stdio: ["ignore", "ignore", "pipe", "ipc"]
  })
  let printed = ""
  worker.stderr!.on("data", (text) => {
    printed += text
  })
  const [code] = await once(worker, "close")
  if (code === 0) return { process: "goes on" }
  return { process: `ends: \`${printed.match(/^(\w*Error)/m)?.[1] ?? "unknown"}\`` }
}

/** The TTL that Redis has, for one of 1.5 seconds. */
export const ttl = async ({ name, store }: Library, server: Server): Promise<Row> => {
  const it = await store!({ url: server.url })
  const key = `ttl-${name}`
  const set = await outcomeOf(() => it.set(key, { text: "value" }, 1500))
  const names = (await server.client.keys("*")).filter((name) => name.includes(key))
  const left = names[0] === undefined ? -2 : await server.client.pttl(names[0])
  await it.close()
  return { redis: left < 0 ? set : left > 1000 && left <= 1500 ? "1.5 s, in milliseconds" : `${left} ms` }
}

const foreign = ["foreign", "app:foreign", "app::foreign"]

/** Which keys of other programs a library lists and removes, without and with a prefix. */
export const clearing = async ({ store }: Library, server: Server): Promise<Row> => {
  const run = async (prefix: string | undefined) => {
    await server.client.flushdb()
    for (const name of foreign) await server.client.set(name, "text")
    const it = await store!({ url: server.url, prefix })
    await it.set("mine", { text: "mine" })
    const listed =
      it.keys === undefined ? "no list" : await outcomeOf(async () => [...((await it.keys!()) as Array<string>)].sort())
    await it.clear?.()
    await it.close()
    const left = await server.client.keys("*")
    const removed = foreign.filter((name) => !left.includes(name))
    return { listed, removed: removed.length === 0 ? "none" : removed.map(show).join(", ").replaceAll("'", "") }
  }
  const without = await run(undefined)
  const withPrefix = await run("own")
  return { listed: without.listed, removed: without.removed, removedWithPrefix: withPrefix.removed }
}
