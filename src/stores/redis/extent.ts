import type { RedisOptions } from "ioredis"
import { type Extent, part } from "../../driver/extents.ts"
import { keyPrefixOf } from "./commands.ts"
import { type Client, isCluster } from "./connection.ts"

interface Host {
  readonly host?: string | undefined
  readonly port?: number | undefined
}

/**
 * Returns the extent of a store, which is equal for two layers on the same server. Servers are compared by the options
 * of the client, so a server with two names counts as two. `nodes` are the nodes of a cluster to which the layer
 * connects.
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
  // The options of a client of the application are not checked, so `host` may have any type.
  const name = String(host ?? "localhost").toLowerCase()
  return `${name === "localhost" ? "127.0.0.1" : name}:${port ?? 6379}`
}
