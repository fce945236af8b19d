import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Cluster, Redis } from "ioredis"
import type { CallBase } from "../../driver/Call.ts"
import { StoreUnavailableError } from "../../KeyValueError.ts"
import { type Failure, send, withinLimit } from "./commands.ts"
import { type Connection, ofNode } from "./connection.ts"
import { ownersOf, slotCount, type View, viewOf } from "./slots.ts"

/** The masters of a cluster and the owner of each slot, according to the replies of the masters. */
export interface Topology {
  readonly masters: ReadonlyMap<string, Master>
  /** The ids of the masters, by slot. */
  readonly owners: ReadonlyArray<string>
}

export interface Master {
  readonly id: string
  /** The address that the client uses. */
  readonly address: string
  readonly view: View
}

/**
 * Asks all masters for their slots. Fails unless the masters that reply own all slots.
 *
 * The client may not know all masters, because it discovers a new master only when a command is redirected to it. So if
 * some slots are missing, the client refreshes its list of masters, and all masters are asked again.
 */
export const topologyOf = (connection: Connection, client: Cluster, call: CallBase): Effect.Effect<Topology, Failure> =>
  Effect.catchTag(
    Effect.suspend(() => ask(connection, client, call)),
    "StoreUnavailableError",
    () => Effect.andThen(withinLimit(call.limit, refresh(connection, client)), ask(connection, client, call))
  )

const ask = Effect.fnUntraced(function* (
  connection: Connection,
  client: Cluster,
  call: CallBase
): Effect.fn.Return<Topology, Failure> {
  const masters = new Map<string, Master>()
  let failure: StoreUnavailableError | undefined
  const asking = client.nodes("master").map((node) =>
    Effect.matchEffect(
      Effect.flatMap(nodeOf(connection, node, call), (it) =>
        send(it, call, ["clusterBuffer", "NODES"], (reply: Buffer) => Exit.succeed(viewOf(`${reply}`)))
      ),
      {
        onSuccess: (view) =>
          Effect.sync(() => void masters.set(view.id, { id: view.id, address: addressOf(node), view })),
        // Another master may own its slots by now.
        onFailure: (error) => {
          if (error._tag !== "StoreUnavailableError") return Effect.fail(error)
          failure = error
          return Effect.void
        }
      }
    )
  )
  yield* Effect.all(asking, { concurrency: "unbounded", discard: true })
  const owners = ownersOf(Array.from(masters.values(), ({ view }) => view))
  const missing = owners.filter((owner) => !masters.has(owner)).length
  if (missing === 0) return { masters, owners }
  const reason = `${missing} of ${slotCount} slots of the cluster have no reachable master`
  return yield* new StoreUnavailableError({
    ...call.place,
    reason: failure === undefined ? reason : `${reason}: ${failure.reason}`,
    cause: failure?.cause,
    sent: false
  })
})

const addressOf = ({ options }: Redis): string => `${options.host}:${options.port}`

/** Returns the connection to a master after its attempt to connect has succeeded or failed. */
export const nodeOf = (connection: Connection, node: Redis, call: CallBase): Effect.Effect<Connection, Failure> =>
  Effect.as(
    node.status === "ready"
      ? Effect.void
      : withinLimit(
          call.limit,
          connection.requests.until(() => connected(node))
        ),
    ofNode(connection, node)
  )

/** Returns the connection to the master with this address. */
export const masterAt = (
  connection: Connection,
  client: Cluster,
  address: string,
  call: CallBase
): Effect.Effect<Connection, Failure> =>
  Effect.suspend(() => {
    const node = client.nodes("master").find((node) => addressOf(node) === address)
    if (node !== undefined) return nodeOf(connection, node, call)
    const reason = `the cluster lost its master ${address}`
    return Effect.fail(new StoreUnavailableError({ ...call.place, reason, sent: false }))
  })

/** Waits until a client of the application is connected, unless its options say that commands fail meanwhile. */
export const readyOf = (connection: Connection, client: Cluster, call: CallBase): Effect.Effect<void, Failure> =>
  client.status === "ready" || !client.options.enableOfflineQueue
    ? Effect.void
    : withinLimit(
        call.limit,
        connection.requests.until(() => connected(client))
      )

/** Connects unless the client already connects, and waits until this has succeeded or failed. */
const connected = (client: Redis | Cluster): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      client.off("ready", done).off("end", done)
      resolve()
    }
    if (client.status === "ready" || client.status === "end") return resolve()
    client.on("ready", done).on("end", done)
    if (client.status === "wait") client.connect().catch(() => {})
  })

const refresh = (connection: Connection, client: Cluster): Effect.Effect<void> =>
  connection.requests.until(() => new Promise((resolve) => client.refreshSlotsCache(() => resolve())))
