/** The modules that have a page in docs/reference, and what no docstring says: their guides and examples. */
import { existsSync, readdirSync } from "node:fs"
import { layers } from "../../docs/tools/order.ts"
import { importOf } from "./options.ts"

export type Folder = "stores" | "wrappers" | "modules"

export interface Module {
  readonly name: string
  readonly folder: Folder
  /** The file in the repository. */
  readonly file: string
  /** The name that it is imported from. */
  readonly from: string
  /** The function or class that the page is about. Without it, all functions have sections of the same kind. */
  readonly primary: string | undefined
  /** Exports without a section on the page. */
  readonly hidden: ReadonlyArray<string>
  /** The interfaces whose members are listed. */
  readonly services: ReadonlyArray<Service>
  readonly examples: ReadonlyArray<string>
  /** Pages for further reading, within docs/, without `.md`. */
  readonly guides: ReadonlyArray<string>
}

/** An interface whose members are methods that a program calls. */
export interface Service {
  readonly file: string
  readonly type: string
  /** The capability that the methods need. */
  readonly needs?: string
}

/** The recommended order of wrappers, from the store outward. */
export const order: ReadonlyArray<ReadonlyArray<string>> = layers.map(({ names }) => names)

const kebab = (name: string): string => name.replace(/(?<=[a-z])[A-Z]/g, "-$&").toLowerCase()

/** Examples in addition to the one with the name of the module. */
const moreExamples: Readonly<Record<string, ReadonlyArray<string>>> = {
  Fallback: ["examples/wrappers/fallback-recovery.ts"],
  PassthroughCache: ["examples/wrappers/stale-on-error.ts"],
  Collection: ["examples/typed-collection.ts", "examples/collections.ts"],
  KeyValue: ["examples/quick-start.ts", "examples/get-or-set.ts"],
  Atomic: ["examples/counter.ts"],
  Enumeration: ["examples/enumeration.ts"],
  Maintenance: ["examples/enumeration.ts"],
  Store: ["examples/stacks/several-stores.ts"],
  Stack: ["examples/stacks/production.ts"],
  LoadingCache: ["examples/loading-cache.ts"],
  Batching: ["examples/batching.ts"],
  Rotation: ["examples/rotation.ts"],
  Lease: ["examples/lease.ts"],
  Idempotency: ["examples/idempotency.ts"],
  Health: ["examples/health.ts"],
  Simulation: ["examples/simulation.ts"]
}

const outages = "guides/outages"
const names = "guides/multi-tenant"
const observability = "guides/observability"
const testing = "guides/testing"
const severalStores = "guides/several-stores"

const guides: Readonly<Record<string, ReadonlyArray<string>>> = {
  Memory: ["guides/caching", testing],
  Redis: ["guides/redis", "guides/python", "reference/wire-format"],
  Sqlite: [severalStores, "guides/runtimes", "reference/wire-format"],
  FileSystem: ["guides/runtimes", "reference/wire-format"],
  EffectStore: ["guides/effect-persistence", "coming-from/effect-key-value-store"],
  Null: ["guides/caching"],
  Timeout: [outages],
  Retry: [outages],
  CircuitBreaker: [outages, "guides/health"],
  Bulkhead: [outages],
  RateLimit: [outages, names],
  Deadline: [outages],
  Hedge: [outages],
  Fallback: [outages, severalStores],
  Replicate: [severalStores, outages],
  PassthroughCache: ["guides/caching", outages],
  FernetEncryption: ["guides/encryption", "guides/python"],
  Aead: ["guides/encryption"],
  HmacNames: ["guides/encryption"],
  Compression: ["guides/redis", "reference/wire-format"],
  LimitSize: [names],
  TtlClamp: ["concepts/time-and-expiry"],
  DefaultValue: ["concepts/stores-and-layers"],
  ReadOnly: [testing],
  PrefixKeys: [names],
  PrefixCollections: [names],
  SingleCollection: [names],
  Routing: [severalStores],
  CollectionRouting: [severalStores],
  Statistics: [observability],
  Logging: [observability],
  Tracing: [observability],
  KeyValue: ["concepts/stores-and-layers", "concepts/values", "guides/caching"],
  Atomic: ["guides/atomic-updates", "guides/counters", "concepts/capabilities"],
  Enumeration: ["concepts/capabilities"],
  Maintenance: ["concepts/capabilities"],
  Store: [severalStores],
  Stack: ["concepts/wrappers-and-order", names],
  Collection: ["concepts/collections", "concepts/schema-versions"],
  LoadingCache: ["guides/caching"],
  Batching: ["guides/batching"],
  Rotation: ["guides/encryption"],
  Lease: ["guides/leases"],
  Idempotency: ["guides/idempotency"],
  Health: ["guides/health", observability],
  Chaos: [testing],
  Simulation: [testing],
  StoreContract: ["guides/custom-wrappers", testing]
}

/** Services of modules, whose methods are listed. */
const services: Readonly<Record<string, ReadonlyArray<Service>>> = {
  KeyValue: [{ file: "src/KeyValue.ts", type: "Service" }],
  Atomic: [{ file: "src/Atomic.ts", type: "Service" }],
  Enumeration: [{ file: "src/Enumeration.ts", type: "Service" }],
  Maintenance: [{ file: "src/Maintenance.ts", type: "Service" }],
  Collection: [
    { file: "src/collection/types.ts", type: "Collection" },
    { file: "src/collection/capabilityTypes.ts", type: "AtomicOperations", needs: "Atomic" },
    { file: "src/collection/capabilityTypes.ts", type: "ListingOperations", needs: "Enumeration" },
    { file: "src/collection/capabilityTypes.ts", type: "ClearingOperations", needs: "Maintenance" },
    { file: "src/collection/capabilityTypes.ts", type: "UpgradingOperations", needs: "Atomic and Enumeration" }
  ],
  LoadingCache: [{ file: "src/loadingCache/Service.ts", type: "LoadingCache" }],
  Health: [{ file: "src/Health.ts", type: "Service" }],
  Statistics: [{ file: "src/wrappers/Statistics.ts", type: "Service" }],
  Chaos: [{ file: "src/testing/Chaos.ts", type: "Service" }],
  Lease: [{ file: "src/Lease.ts", type: "Lease" }]
}

const module = (folder: Folder, file: string, primary: string | undefined, hidden: ReadonlyArray<string>): Module => {
  const name = file.slice(file.lastIndexOf("/") + 1, -".ts".length)
  const own = `examples/${folder}/${kebab(name)}.ts`
  return {
    name,
    folder,
    file,
    from: importOf(file.slice(0, file.lastIndexOf("/")), name),
    primary,
    hidden,
    services: services[name] ?? [],
    examples: [...(existsSync(own) ? [own] : []), ...(moreExamples[name] ?? [])],
    guides: guides[name] ?? []
  }
}

const inFolder = (
  folder: "stores" | "wrappers",
  primary: string,
  hidden: ReadonlyArray<string>
): ReadonlyArray<Module> =>
  readdirSync(`src/${folder}`)
    .filter((name) => name.endsWith(".ts"))
    .sort()
    .map((name) => module(folder, `src/${folder}/${name}`, primary, hidden))

export const modules: ReadonlyArray<Module> = [
  ...inFolder("stores", "layer", ["make"]),
  ...inFolder("wrappers", "wrap", []),
  module("modules", "src/KeyValue.ts", "KeyValue", ["make"]),
  module("modules", "src/Atomic.ts", "Atomic", ["make"]),
  module("modules", "src/Enumeration.ts", "Enumeration", ["make"]),
  module("modules", "src/Maintenance.ts", "Maintenance", ["make"]),
  module("modules", "src/Collection.ts", "Service", []),
  module("modules", "src/Store.ts", "Service", []),
  module("modules", "src/Stack.ts", undefined, []),
  module("modules", "src/LoadingCache.ts", "Service", []),
  module("modules", "src/Batching.ts", "get", ["Get"]),
  module("modules", "src/Lease.ts", "withLease", []),
  module("modules", "src/Idempotency.ts", "once", []),
  module("modules", "src/Rotation.ts", "rotate", []),
  module("modules", "src/Health.ts", "Health", ["make", "alwaysUp", "Component"]),
  module("modules", "src/testing/Chaos.ts", "wrap", []),
  module("modules", "src/testing/Simulation.ts", "run", []),
  module("modules", "src/testing/StoreContract.ts", "cases", [])
]

export const moduleOf = (name: string): Module | undefined => modules.find((it) => it.name === name)

/** The page of a module, within docs/. */
export const pageOf = ({ folder, name }: Module): string => `reference/${folder}/${name}.md`
