import { figure, ratio, type Which } from "./figures.ts"
import type { Sample } from "./measure.ts"
import { entriesByHand, pyKeyValueByHand } from "./peers/byHand.ts"
import {
  aeadInFibers,
  entriesInFibers,
  fernetInFibers,
  policiesInFibers,
  pyKeyValueInFibers
} from "./peers/byHandInFibers.ts"
import * as ioredis from "./peers/ioredis.ts"
import { byHand as byHandOf, leaves } from "./policies.ts"
import { apart } from "./sections/stacks.ts"
import { importByHand } from "./sections/startUp.ts"

type Figure = (samples: ReadonlyArray<Sample>) => number | undefined

/** A figure that effect-kv should reach. */
export interface Target {
  readonly name: string
  /** The sections that it is computed from. */
  readonly sections: ReadonlyArray<string>
  /** The maximum. With `isBelow`, the figure must be less. */
  readonly most: number
  readonly isBelow?: boolean
  readonly unit: "×" | "µs" | "bytes" | "loads" | "MB" | "ms" | "KB"
  /** Whether `npm run bench:gate` checks it. Only ratios of CPU time are checked, because they hold on any machine. */
  readonly gate: boolean
  /** `undefined` when it was not measured. */
  readonly reached: Figure
  /** The same work by hand. 1.15 times that is as good as the target. */
  readonly floor?: { readonly what: string; readonly reached: Figure }
  /** If the target is missed: the figures that it comes from. */
  readonly detail?: (samples: ReadonlyArray<Sample>) => string
  /** The limit of the gate, if the target is not reached on every machine. */
  readonly accepted?: number
  /** If the target is missed: an explanation. */
  readonly note?: string
}

const against =
  (which: Which, subject: string): Figure =>
  (samples) =>
    ratio(samples, which, { ...which, subject })

/** The greatest of several figures, if there is any. */
const greatest =
  (figures: ReadonlyArray<Figure>): Figure =>
  (samples) => {
    const all = figures.flatMap((each) => each(samples) ?? [])
    return all.length === 0 ? undefined : Math.max(...all)
  }

const operations = ["get", "put"] as const

type What = (typeof operations)[number]

/** The ratio to ioredis alone, or to the same work by hand, in the same process. */
const ofStack =
  (subject: string, what: What, figureName = "ratio"): Figure =>
  (samples) =>
    figure(samples, { section: "stacks, 1 KiB", subject, what, figure: figureName })

/** The ratio to the same work by hand, with a separate process for each. */
const comparedApart =
  (subject: string, byHand: string, what: What) =>
  (samples: ReadonlyArray<Sample>): string => {
    const times = ratio(samples, { section: apart, subject, what }, { section: apart, subject: byHand, what })
    return `With a separate process for each, and with garbage collection included, effect-kv takes ${times?.toFixed(2) ?? "–"} times the CPU time of "${byHand}"`
  }

const stack = (name: string, what: What, subject: string, most: number, byHand?: string): Target => ({
  name: `${name}: ${what}`,
  sections: ["stacks"],
  most,
  unit: "×",
  gate: true,
  reached: ofStack(subject, what),
  ...(byHand !== undefined && {
    floor: { what: byHand, reached: ofStack(byHand, what) },
    detail: comparedApart(subject, byHand, what)
  })
})

const pyKeyValue = (what: What): Target => {
  const name = "Production with py-key-value's envelopes, against the same by hand"
  const subject = "production, py-key-value's envelopes"
  return {
    ...stack(name, what, subject, 1.15, pyKeyValueByHand),
    reached: ofStack(subject, what, "by hand"),
    floor: { what: pyKeyValueInFibers, reached: ofStack(pyKeyValueInFibers, what, "by hand") },
    ...(what === "get" && {
      accepted: 1.6,
      note: "In short turns, which leave out most of the garbage collection, the ratio was 1.08 to 2.2 ×, depending on the machine."
    })
  }
}

const batch = (what: What): Target => ({
  name: `Batches of 100 over Redis, against ioredis + JSON: ${what}`,
  sections: ["batches"],
  most: 1.1,
  unit: "×",
  gate: true,
  reached: against({ section: "batches", subject: "effect-kv", what }, ioredis.alone),
  floor: { what: entriesByHand, reached: against({ section: "batches", subject: entriesByHand, what }, ioredis.alone) }
})

const peersOnRedis = ["keyv", "unstorage", "cacheable", "cache-manager", "bentocache"]

/** All rows that have effect-kv and the peer, worst ratio first. */
const rowsAgainst = (subject: string, samples: ReadonlyArray<Sample>) =>
  ["redis", "batches"]
    .flatMap((section) =>
      [1, 32, 64, 256].flatMap((callers) =>
        operations.map((what) => {
          const figureOf = (who: string) => against({ section, subject: who, what, callers }, subject)(samples)
          const row = `${section}, ${what}, callers: ${callers}`
          return { row, figure: figureOf("effect-kv"), byHand: figureOf(entriesInFibers) }
        })
      )
    )
    .flatMap(({ figure, ...row }) => (figure === undefined ? [] : [{ ...row, figure }]))
    .sort((a, b) => b.figure - a.figure)

const peer = (subject: string): Target => ({
  name: `Against ${subject} on the same Redis, the worst row`,
  sections: ["redis", "batches"],
  most: 1,
  isBelow: true,
  unit: "×",
  gate: false,
  reached: (samples) => rowsAgainst(subject, samples)[0]?.figure,
  floor: { what: `In that row, ${entriesInFibers}`, reached: (samples) => rowsAgainst(subject, samples)[0]?.byHand },
  detail: (samples) =>
    rowsAgainst(subject, samples)
      .filter(({ figure }) => figure >= 1)
      .map(({ row, figure }) => `${row}: ${figure.toFixed(2)} ×`)
      .join("; "),
  note: "With one caller, each command wakes the process and needs its own system call. That is most of the cost for every library."
})

const peersInMemory = [
  "keyv 5",
  "keyv 6",
  "unstorage",
  "cacheable",
  "cache-manager",
  "bentocache",
  "Effect BackingPersistence",
  "Effect KeyValueStore + JSON"
]

const memoryGet = { section: "memory", subject: "effect-kv", what: "get", callers: 1 }

/** The maximum that a wrapper adds to an operation, over all stores and operations. */
const added = (wrapper: string): Figure =>
  greatest(
    Object.keys(leaves).flatMap((leaf) =>
      operations.map(
        (what): Figure =>
          (samples) =>
            figure(samples, { section: `wrappers, ${leaf}`, subject: wrapper, what, figure: "added" })
      )
    )
  )

const policy = (wrapper: string, more?: Partial<Target>): Target =>
  measured(`One policy wrapper more: ${wrapper}`, "µs", 0.5, "wrappers", added(wrapper), more)

const policyByHand = (wrapper: string): Pick<Target, "floor"> => ({
  floor: { what: byHandOf(wrapper), reached: added(byHandOf(wrapper)) }
})

const stored =
  (subject: string, base: string): Figure =>
  (samples) => {
    const which = { section: "codecs, 1 KiB", what: "put", callers: 1, figure: "stored" }
    return ratio(samples, { ...which, subject }, { ...which, subject: base })
  }

const measured = (
  name: string,
  unit: Target["unit"],
  most: number,
  section: string,
  reached: Figure,
  more?: Partial<Target>
): Target => ({ name, sections: [section], most, unit, gate: false, reached, ...more })

const enumerationPeak =
  (subject: string): Figure =>
  (samples) =>
    figure(samples, { section: "scaling, Redis", subject, what: "enumeration", callers: 1, figure: "peak" })

const importTime =
  (subject: string): Figure =>
  (samples) =>
    figure(samples, { section: "start-up, import", subject, what: "import", callers: 1, figure: "time" })

/** The rows of section 2 of issue 4. Ratios are of CPU time, with 64 callers unless a row says otherwise. */
export const targets: ReadonlyArray<Target> = [
  ...operations.map((what) => stack("Bare `KeyValue` over Redis, against ioredis + JSON", what, "effect-kv", 1.1)),
  stack("Timeout + Retry + Statistics + Tracing over Redis", "get", "policies", 1.25),
  stack("The same, reads coalesced", "get", "policies, reads coalesced", 0.8, policiesInFibers),
  stack("Production: binary, compression from 4 KiB, Fernet", "get", "production, Fernet", 2.3, fernetInFibers),
  stack("Production: binary, compression from 4 KiB, Fernet", "put", "production, Fernet", 3.2, fernetInFibers),
  stack("The same with Aead, reads coalesced", "get", "production, Aead, reads coalesced", 1.6, aeadInFibers),
  stack("The same with Aead, writes pipelined", "put", "production, Aead, reads coalesced", 2.3, aeadInFibers),
  ...operations.map(pyKeyValue),
  policy("Timeout", {
    ...policyByHand("Timeout"),
    note: "Timeout needs its own fiber only around a driver that may take any time. It costs nothing around Memory, and needs no fiber next to Redis, because Redis ends its commands itself."
  }),
  policy("Retry", policyByHand("Retry")),
  policy("Statistics", policyByHand("Statistics")),
  policy("Tracing"),
  policy("Logging, level off", policyByHand("Logging, level off")),
  ...operations.map(batch),
  ...peersOnRedis.map(peer),
  measured(
    "Memory: get of 200 bytes, from within a fiber",
    "µs",
    0.6,
    "memory",
    (samples) => figure(samples, memoryGet),
    {
      floor: {
        what: "Map of JSON, in a fiber",
        reached: (samples) => figure(samples, { ...memoryGet, subject: "Map of JSON, in a fiber" })
      }
    }
  ),
  measured(
    "Memory: get, against the best peer but lru-cache",
    "×",
    1,
    "memory",
    greatest(peersInMemory.map((subject) => against(memoryGet, subject))),
    {
      isBelow: true,
      floor: {
        what: "Map of JSON, in a fiber, which is the cheapest that copies,",
        reached: greatest(
          peersInMemory.map((subject) => against({ ...memoryGet, subject: "Map of JSON, in a fiber" }, subject))
        )
      },
      note: "Effect's BackingPersistence and cache-manager return the same object that was put, so a reader can change it for all others. Every library that copies takes longer than effect-kv."
    }
  ),
  measured("Memory: heap of an entry of 200 bytes", "bytes", 800, "memory", (samples) =>
    figure(samples, { ...memoryGet, what: "entry", figure: "heap" })
  ),
  ...operations.map((what) =>
    measured(
      `Sqlite (WAL, NORMAL), against node:sqlite + JSON: ${what}`,
      "×",
      1.5,
      "embedded",
      against({ section: "embedded", subject: "effect-kv Sqlite", what, callers: 1 }, "node:sqlite + JSON"),
      { gate: true }
    )
  ),
  measured(
    "Stored bytes, 1 KiB encrypted: binary against py-key-value's",
    "×",
    0.6,
    "codecs",
    stored("Fernet, binary", "Fernet, json")
  ),
  measured(
    "Stored bytes, 1 KiB compressed and encrypted: binary against py-key-value's",
    "×",
    0.4,
    "codecs",
    stored("gzip + Fernet, binary", "gzip + Fernet, json")
  ),
  measured("`getOrSet`, 1,000 callers × 100 keys", "loads", 100, "getOrSet", (samples) =>
    figure(samples, { section: "getOrSet", subject: "effect-kv", what: "get or set", callers: 1000, figure: "loads" })
  ),
  measured(
    "1,000,000 keys of Redis enumerated: peak memory above the start",
    "MB",
    100,
    "scaling",
    enumerationPeak("effect-kv"),
    {
      floor: { what: "ioredis", reached: enumerationPeak("ioredis") },
      note: "Most of it is V8's young generation, which is larger on larger machines. With `--max-semi-space-size=16`, both took 41 MB."
    }
  ),
  measured('`import "effect-kv"` beyond `import "effect"`', "ms", 15, "start-up", importTime("effect-kv"), {
    floor: { what: importByHand, reached: importTime(importByHand) },
    note: "Most of the time goes to V8, which compiles two files, and to Node, which resolves their imports. The rest is code that effect-kv runs. With one file per module, the import took 118 ms."
  }),
  measured("Bundle of `KeyValue` + Memory + Retry beyond effect, gzipped", "KB", 12, "start-up", (samples) =>
    figure(samples, {
      section: "start-up, bundle",
      subject: "the code of effect-kv",
      what: "bundle",
      callers: 1,
      figure: "gzipped"
    })
  )
]

/** Whether the figure meets the target, multiplied by `tolerance`. */
export const isMet = ({ most, isBelow }: Target, reached: number, tolerance = 1): boolean =>
  isBelow ? reached < most * tolerance : reached <= most * tolerance

/** Up to this factor, a figure is as good as the floor. */
export const aboveFloor = 1.15

/** The target, raised if the same work by hand takes more, or if the target is not reached on every machine. */
export const attainable = (target: Target, samples: ReadonlyArray<Sample>): Target => {
  const floor = target.floor?.reached(samples) ?? 0
  return { ...target, most: Math.max(target.most, aboveFloor * floor, target.accepted ?? 0) }
}
