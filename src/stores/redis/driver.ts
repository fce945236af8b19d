import * as Effect from "effect/Effect"
import * as Call from "../../driver/Call.ts"
import type { Driver } from "../../driver/Driver.ts"
import type { Extent } from "../../driver/extents.ts"
import { AllListed } from "../../driver/listing/Listed.ts"
import { declareWaits } from "../../driver/waits.ts"
import { Coalescer } from "./Coalescer.ts"
import { type Connection, isCluster } from "./connection.ts"
import type { Form } from "./entries.ts"
import { existing } from "./existing.ts"
import { incrementing } from "./incrementing.ts"
import { reading } from "./reading.ts"
import { type Cursor, scan } from "./scan.ts"
import { writing } from "./writing.ts"

export interface Options extends Form {
  readonly defaultCollection: string
  readonly coalesceReads: boolean
  readonly extents?: ReadonlyArray<Extent> | undefined
}

export const driver = (connection: Connection, options: Options) => {
  const { names, defaultCollection, exactIntegers } = options
  const coalesces = options.coalesceReads && !isCluster(connection.client)
  const write = writing(connection, options)
  const { withEntry, remove } = existing(connection, options)

  const driver = {
    system: "redis",
    defaultCollection,
    exactIntegers: exactIntegers || undefined,
    extents: options.extents,
    health: connection.health,
    prefersText: options.format === "compact",

    get: reading(connection, options, coalesces ? new Coalescer(connection) : undefined),
    put: write.put,
    delete: (call) =>
      remove(
        call,
        call.keys.map((key) => names.encode(call.collection, key))
      ),
    atomic: {
      compareAndPut: write.compareAndPut,
      increment: options.format === "compact" ? incrementing(connection, options) : undefined
    },
    listing: {
      keys: (call) => {
        const skipped = names.encode(call.collection, "").length
        return Effect.flatMap(
          scan(connection, call, names.encode(call.collection, call.prefix), pageOf(call)),
          ({ names: found, next, fresh }) =>
            Effect.map(withEntry(call, fresh(found)), (there) => ({
              names: there.map((name) => name.slice(skipped)),
              next
            }))
        )
      },

      collections: (call) =>
        Effect.flatMap(
          scan(connection, call, names.startOfAll(call.prefix), pageOf(call), () => new AllListed()),
          ({ names: found, next, fresh }) => {
            const collectionOf = (name: string) => {
              const pair = names.decode(name)
              return pair?.[1].startsWith(call.keyPrefix) ? [pair[0]] : []
            }
            const ours = found.filter((name) => collectionOf(name).length > 0)
            return Effect.map(withEntry(call, ours), (there) => ({ names: fresh(there.flatMap(collectionOf)), next }))
          }
        )
    },
    maintenance: {
      clear: (call) => {
        const { collection, keyPrefix } = call
        const start =
          "name" in collection ? names.encode(collection.name, keyPrefix) : names.startOfAll(collection.prefix)
        const isFirst = call.cursor === undefined
        const removal = isFirst ? call : { ...call, place: Call.partlyApplied(call.place) }
        const listing = isFirst ? { ...call, place: Call.beforeWriting(call.place) } : removal
        const isOurs = (name: string) => "name" in collection || names.decode(name)?.[1].startsWith(keyPrefix) === true
        return Effect.flatMap(
          scan(connection, listing, start, pageOf({ cursor: call.cursor, pageSize: 1000 })),
          ({ names: found, next }) => {
            const ours = found.filter(isOurs)
            return ours.length === 0
              ? Effect.succeed({ count: 0, next })
              : Effect.map(remove(removal, ours), (count) => ({ count, next }))
          }
        )
      },

      removeExpired: () => Effect.succeed({ count: 0, next: undefined })
    }
  } satisfies Driver
  return declareWaits(driver, "within-limit")
}

const pageOf = (call: { readonly cursor: Call.Cursor; readonly pageSize: number }) => ({
  cursor: call.cursor as Cursor | undefined,
  pageSize: call.pageSize
})
