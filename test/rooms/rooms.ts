import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, normalize } from "node:path"

/** A room: the part of a path in `src` that its files have in common, and what belongs there. */
export interface Room {
  readonly name: string
  readonly purpose: string
}

/** The rooms from the bottom up: a file imports files of its own room and of those before it. */
export const rooms: ReadonlyArray<Room> = [
  { name: "platform", purpose: "what differs between Node and the web: bytes, Base64, ciphers, compression" },
  { name: "value", purpose: "JSON, bytes and text, without any store: reading, writing, copying, showing" },
  { name: "errors", purpose: "what the errors of `KeyValueError.ts` have in common: their place, outcome and message" },
  { name: "KeyValueError.ts", purpose: "all errors, with `retryable` and `outcome`" },
  { name: "time", purpose: "clocks, durations, timers and time budgets" },
  { name: "concurrency", purpose: "queues, turns, shared loads and slices of work" },
  { name: "health", purpose: "the states of stores and wrappers, and how changes of state are logged" },
  { name: "Value.ts", purpose: "the type of values, and `Payload`, a value between the application and a store" },
  { name: "Entry.ts", purpose: "a value with its times, as drivers pass it on" },
  { name: "codecs", purpose: "the formats that are stored, to the byte" },
  { name: "driver", purpose: "calls, the interface of drivers, the combinators, and what is checked at the boundary" },
  { name: "telemetry", purpose: "names, attributes and limits of metrics, spans and log lines" },
  { name: "lease", purpose: "how a lease is acquired, renewed, lost and released" },
  { name: "KeyValue.ts", purpose: "the service that reads and writes by key" },
  { name: "Enumeration.ts", purpose: "the capability of listing" },
  { name: "Maintenance.ts", purpose: "the capability of clearing and of removing what has expired" },
  { name: "Atomic.ts", purpose: "the capability of conditional writes" },
  { name: "store", purpose: "which named stores are in use, so that no two of them share entries" },
  { name: "Store.ts", purpose: "stores under names of their own" },
  { name: "Health.ts", purpose: "the service that tells how a stack is" },
  { name: "Lease.ts", purpose: "leases: one holder at a time in all processes" },
  { name: "Requests.ts", purpose: "which request an operation belongs to, for Workers" },
  { name: "collection", purpose: "the operations of collections, and how keys and values are encoded" },
  { name: "Collection.ts", purpose: "typed collections" },
  { name: "Idempotency.ts", purpose: "effects that run once, and whose outcome is kept" },
  { name: "batching", purpose: "how the requests of a batch are read, each with its own result" },
  { name: "Batching.ts", purpose: "concurrent reads of single keys as one `getMany`" },
  { name: "Rotation.ts", purpose: "re-encrypting what is stored" },
  { name: "Driver.ts", purpose: "what custom stores and wrappers are made of, and how drivers become layers" },
  { name: "stores/common", purpose: "what several stores share" },
  { name: "wrappers/common", purpose: "what several wrappers share" },
  { name: "loadingCache", purpose: "the parts of `LoadingCache.ts`" },
  { name: "LoadingCache.ts", purpose: "a cache that looks missing values up, over `KeyValue`" },
  { name: "stores", purpose: "a file for each store, and a folder of the same name for its parts" },
  { name: "wrappers", purpose: "a file for each wrapper, and a folder of the same name for its parts" },
  { name: "testing", purpose: "the contract suite, faults on purpose, and the simulation" },
  { name: "Stack.ts", purpose: "the presets" },
  { name: "index.ts", purpose: "what `effect-kv` exports" }
]

const source = new URL("../../src/", import.meta.url)

/** The files of `src` that a file imports, types included, by the paths of both within `src`. */
export const imports: ReadonlyMap<string, ReadonlyArray<string>> = new Map(
  readdirSync(source, { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => path.endsWith(".ts"))
    .sort()
    .map((path) => [path, importsOf(path)])
)

function importsOf(path: string): ReadonlyArray<string> {
  const text = readFileSync(new URL(path, source), "utf8").replace(/^ \*.*$/gm, "")
  return Array.from(text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*"(\.[^"]+)"/g), ([, to]) =>
    normalize(join(dirname(path), to!)).replaceAll("\\", "/")
  )
}

/** Where a room stands, counted from the bottom; -1 for a file that is in none. */
export const levelOf = (path: string): number => {
  const names = [path.split("/").slice(0, 2).join("/"), path.split("/")[0]!]
  return names.map((name) => rooms.findIndex((room) => room.name === name)).find((level) => level !== -1) ?? -1
}

const parted = new Set(["stores", "wrappers", "testing"])

/** The module that a file in a folder of parts belongs to, such as `wrappers/retry` for `wrappers/retry/Budget.ts`. */
export const ownerOf = (path: string): string | undefined => {
  const [room, folder, ...rest] = path.split("/")
  return parted.has(room!) && rest.length > 0 && folder !== "common" ? `${room}/${folder}` : undefined
}

/** The folder of parts of a module, such as `wrappers/retry` for `wrappers/Retry.ts`. */
export const partsOf = (path: string): string =>
  path.replace(/\.ts$/, "").replace(/[^/]+$/, (name) => name.charAt(0).toLowerCase() + name.slice(1))

/** The circles of imports, each as the paths along it. */
export const circles = (): ReadonlyArray<ReadonlyArray<string>> => {
  const found: Array<ReadonlyArray<string>> = []
  const done = new Set<string>()
  const visit = (path: string, trail: ReadonlyArray<string>): void => {
    if (trail.includes(path)) return void found.push([...trail.slice(trail.indexOf(path)), path])
    if (done.has(path)) return
    for (const to of imports.get(path) ?? []) visit(to, [...trail, path])
    done.add(path)
  }
  for (const path of imports.keys()) visit(path, [])
  return found
}

/** The rooms as a Mermaid diagram. An arrow that follows from others is left out. */
export const diagram = (): string => {
  const names = rooms.map(({ name }) => name)
  const below = new Map(names.map((name) => [name, new Set<string>()]))
  for (const [path, targets] of imports) {
    for (const to of targets) {
      const [from, target] = [names[levelOf(path)]!, names[levelOf(to)]!]
      if (from !== target) below.get(from)!.add(target)
    }
  }
  const reaches = (from: string, to: string): boolean =>
    [...below.get(from)!].some((next) => next === to || reaches(next, to))
  const arrows = names.toReversed().flatMap((from) => {
    const direct = [...below.get(from)!]
    return direct
      .filter((to) => !direct.some((other) => other !== to && reaches(other, to)))
      .sort((a, b) => names.indexOf(b) - names.indexOf(a))
      .map((to) => `  ${idOf(from)} --> ${idOf(to)}`)
  })
  return ["flowchart TD", ...names.toReversed().map((name) => `  ${idOf(name)}["${name}"]`), ...arrows].join("\n")
}

const idOf = (name: string): string => name.replace(/\W/g, "_")

/** The part of `docs/architecture.md` that is made from the imports. */
export const page = (): string =>
  [
    "```mermaid",
    diagram(),
    "```",
    "",
    "| room | what belongs there |",
    "|---|---|",
    ...rooms.toReversed().map(({ name, purpose }) => `| \`${name}\` | ${purpose} |`)
  ].join("\n")

const start = "<!-- rooms: made by `npm run rooms` -->"
const end = "<!-- /rooms -->"

/** A page with its part about rooms replaced. */
export const withRooms = (text: string): string => {
  const [before, rest] = text.split(start)
  return `${before}${start}\n\n${page()}\n\n${end}${rest?.split(end)[1] ?? ""}`
}
