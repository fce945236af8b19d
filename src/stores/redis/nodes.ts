import type { Cluster, Redis } from "ioredis"

/**
 * Calls `watch` for every present and future connection of a cluster client.
 *
 * This includes the separate connections on which the client asks for slots. They are duplicates of a node's
 * connection.
 */
export const watchNodes = (client: Cluster, watch: (connection: Redis) => void): void => {
  const lost = new Set<string>()
  client.on("+node", (node: Redis) => {
    const { duplicate } = node
    node.duplicate = function (this: Redis, ...args: Parameters<Redis["duplicate"]>) {
      const copy = duplicate.apply(this, args)
      watch(copy as Redis)
      return copy
    } as Redis["duplicate"]
    refuseWhileLost(client, node, lost)
    watch(node)
  })
}

/**
 * Makes commands fail at once while a node reconnects.
 *
 * A new node queues its first commands until it is connected; in ioredis before 5.11, it queues all commands. Without
 * this, a lost node would queue its first commands for the duration of an attempt to connect.
 */
const refuseWhileLost = (client: Cluster, node: Redis, lost: Set<string>): void => {
  const { host, port } = node.options
  const address = `${host}:${port}`
  if (lost.has(address)) node.options.enableOfflineQueue = false
  node.on("connecting", () => {
    node.options.enableOfflineQueue = false
  })
  node.on("ready", () => lost.delete(address))
  node.on("close", () => {
    // The client has already removed the node from its list if it closed the node itself.
    if (client.nodes().includes(node)) lost.add(address)
  })
}
