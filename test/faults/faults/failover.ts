/** Faults in which a server stops being the master. */
import * as Effect from "effect/Effect"
import type { Scope } from "effect/Scope"
import { cluster, command, type Server, server, watching } from "../../servers/redis.ts"
import { make } from "../proxy.ts"
import type { RedisFault } from "../redisFault.ts"
import { eventually, info, send } from "../servers.ts"

const outage = ["StoreUnavailableError", "TimeoutError"]

const hasRole = (port: number, role: "master" | "slave") =>
  eventually(info(port, "replication", "role"), (found) => found === role)

/** Stops a server forever. Its scope can still kill it. */
const stop = (server: Server) => Effect.flatMap(send(server.port), (signal) => signal("SIGSTOP"))

/** Waits until writes to the master arrive: the first sync may still be running when the link is up. */
const hears = (replica: Server, master: Server) =>
  Effect.gen(function* () {
    yield* eventually(info(replica.port, "replication", "master_link_status"), (status) => status === "up")
    // A master of a cluster accepts only some of the keys.
    for (let i = 0; i < 30; i++) yield* Effect.exit(command(master.port, "set", `probe-${i}`, "1"))
    const size = yield* command(master.port, "dbsize")
    yield* eventually(command(replica.port, "dbsize"), (found) => found === size)
  })

/** A server that replicates another one and has received all of its data. */
const replicaOf = (master: Server): Effect.Effect<Server, unknown, Scope> =>
  Effect.gen(function* () {
    yield* command(master.port, "config", "set", "repl-diskless-sync-delay", "0")
    const replica = yield* server(["--replicaof", "127.0.0.1", String(master.port)])
    yield* hears(replica, master)
    return replica
  })

/** The address leads to the old master until the end, and open connections stay there. */
export const readOnly: RedisFault = {
  name: "READONLY after a failover",
  target: "Redis",
  tags: outage,
  memory: "kept",
  backWithin: 3000,
  seconds: [2, 0.6],
  stage: Effect.gen(function* () {
    const master = yield* server()
    const replica = yield* replicaOf(master)
    const proxy = yield* make(master.port)
    return {
      connection: { url: `redis://127.0.0.1:${proxy.port}` },
      ports: [master.port, replica.port],
      proxy,
      begin: Effect.andThen(
        command(master.port, "failover", "to", "127.0.0.1", String(replica.port)),
        hasRole(master.port, "slave")
      ),
      end: proxy.retarget(replica.port)
    }
  }),
  notes: ["FAILOVER TO its replica; the address leads to the old master for a while, and open connections stay there"]
}

/** A master, its replica, and a Sentinel that promotes the replica when the master does not answer. */
const withSentinel = (begin: (master: Server) => Effect.Effect<unknown, unknown>): RedisFault["stage"] =>
  Effect.gen(function* () {
    const master = yield* server()
    const replica = yield* replicaOf(master)
    const port = yield* watching(master, { "down-after-milliseconds": 500, "failover-timeout": 2000 })
    yield* eventually(command(port, "sentinel", "replicas", "mymaster"), (found) =>
      String(found).includes(String(replica.port))
    )
    return {
      connection: { options: { sentinels: [{ host: "127.0.0.1", port }], name: "mymaster" } },
      ports: [replica.port],
      begin: begin(master),
      end: eventually(
        command(port, "sentinel", "get-master-addr-by-name", "mymaster"),
        (address) => Array.isArray(address) && String(address[1]) === String(replica.port)
      )
    }
  })

const sentinelFault = {
  target: "Sentinel",
  tags: outage,
  memory: "replicated",
  backWithin: 4000,
  seconds: [0, 0],
  notes: ["ends when Sentinel has promoted the replica"]
} as const

export const sentinelKilled: RedisFault = {
  ...sentinelFault,
  name: "kill -9 of the master",
  stage: withSentinel((master) => master.kill)
}

export const sentinelStopped: RedisFault = {
  ...sentinelFault,
  name: "SIGSTOP of the master",
  fullOnly: true,
  stage: withSentinel((master) => stop(master))
}

/** Three masters, and a replica that takes over from the third when it does not answer the others. */
const withReplica = (begin: (master: Server) => Effect.Effect<unknown, unknown>): RedisFault["stage"] =>
  Effect.gen(function* () {
    const nodes = yield* cluster
    const [first, , third] = nodes
    const replica = yield* server(["--cluster-enabled", "yes", "--cluster-config-file", "4"])
    const all = [...nodes, replica]
    for (const { port } of all) yield* command(port, "config", "set", "cluster-node-timeout", "600")
    yield* command(replica.port, "cluster", "meet", "127.0.0.1", String(first.port))
    const id = String(yield* command(third.port, "cluster", "myid"))
    yield* eventually(command(replica.port, "cluster", "nodes"), (text) => String(text).includes(id))
    yield* command(third.port, "config", "set", "repl-diskless-sync-delay", "0")
    yield* eventually(command(replica.port, "cluster", "replicate", id), () => true)
    yield* hears(replica, third)
    for (const { port } of all) {
      yield* eventually(command(port, "cluster", "nodes"), (text) => String(text).includes("slave"))
    }
    const alive = [...nodes.slice(0, 2), replica].map(({ port }) => port)
    return {
      connection: { cluster: { nodes: nodes.map(({ port }) => ({ host: "127.0.0.1", port })) } },
      ports: alive,
      begin: begin(third),
      end: Effect.andThen(
        hasRole(replica.port, "master"),
        Effect.forEach(alive, (port) =>
          eventually(command(port, "cluster", "info"), (text) => String(text).includes("cluster_state:ok"))
        )
      )
    }
  })

const clusterFault = {
  target: "Cluster",
  tags: outage,
  memory: "replicated",
  backWithin: 4000,
  seconds: [0, 0],
  notes: ["ends when the replica has taken over the slots"]
} as const

export const clusterKilled: RedisFault = {
  ...clusterFault,
  name: "kill -9 of a master",
  stage: withReplica((master) => master.kill)
}

export const clusterStopped: RedisFault = {
  ...clusterFault,
  name: "SIGSTOP of a master",
  fullOnly: true,
  stage: withReplica((master) => stop(master))
}
