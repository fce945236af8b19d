import * as Effect from "effect/Effect"
import { problemOf } from "../servers/process.ts"
import type { Name } from "./crash/stores.ts"
import { killing } from "./crash.ts"
import { type Kind, names, onDisk } from "./disk.ts"
import * as failover from "./faults/failover.ts"
import * as network from "./faults/network.ts"
import * as server from "./faults/server.ts"
import { type RedisFault, run } from "./redisFault.ts"
import { failed, type Row, skipped } from "./row.ts"

/** A row of the table, and how to get its result. */
export interface Fault {
  readonly name: string
  readonly target: string
  readonly fullOnly?: boolean
  readonly run: (short: boolean) => Effect.Effect<Row>
}

const problem = problemOf("redis-server", "redis-server")

const redis = (fault: RedisFault): Fault => ({
  ...fault,
  run: (short) =>
    problem === undefined ? run(fault, short) : Effect.succeed(without(fault.name, fault.target, problem))
})

/** In CI, a missing program is a failure. */
const without = process.env.REQUIRE_SERVICES === "1" ? failed : skipped

const killed = (store: Name): Fault => ({
  name: "kill -9 of the process",
  target: store,
  run: (short) => killing(store, short ? 20 : 200)
})

const disk = (store: Name, kind: Kind): Fault => ({ name: names[kind], target: store, run: () => onDisk(store, kind) })

export const all: ReadonlyArray<Fault> = [
  ...[...Object.values(server), ...Object.values(network), ...Object.values(failover)].map(redis),
  killed("Sqlite"),
  killed("FileSystem"),
  disk("Sqlite", "full"),
  disk("FileSystem", "full"),
  disk("Sqlite", "read-only"),
  disk("FileSystem", "read-only")
]
