import type { RedisOptions } from "ioredis"
import { type Extent, part } from "../../driver/extents.ts"
import { keyPrefixOf } from "./commands.ts"
import { type Client, isCluster } from "./connection.ts"

interface Host {
  readonly host?: string | undefined
  readonly port?: number | undefined
}

/**
 * The entries that a store reaches: equal for two layers over the same server. Servers are compared by the client's options,
 * so one that has two names counts as two. `nodes` are those of a cluster that the layer itself connects to.
 */
export const extentOf = (client: Client, nodes: ReadonlyArray<Host> | undefined, prefix: string): Extent => {
  if (isCluster(client) && nodes === undefined) return part(client, prefix)
  const server = nodes === undefined ? serverOf(client.options as RedisOptions) : hostsOf(nodes)
  return part(`redis ${JSON.stringify([server, keyPrefixOf(client)])}`, prefix)
}

const serverOf = (options: RedisOptions): ReadonlyArray<unknown> => {
  const { sentinels, name, path, db = 0 } = options
  return sentinels ? [hostsOf(sentinels), name, db] : [path ?? hostOf(options), db]
}

const hostsOf = (nodes: ReadonlyArray<Host>): ReadonlyArray<string> => nodes.map(hostOf).sort()

const hostOf = ({ host, port }: Host): string => {
  // Nothing has checked the options of a client that the application made.
  const name = String(host ?? "localhost").toLowerCase()
  return `${name === "localhost" ? "127.0.0.1" : name}:${port ?? 6379}`
}
