import type { Cluster, Redis } from "ioredis"

/**
 * Calls `watch` with every connection of a cluster's client, now and later.
 *
 * The client asks for the slots over separate connections, which are copies of a node's.
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
 * Lets commands fail at once while a node connects.
 *
 * A new node holds back its first commands until it is connected; ioredis before 5.11 holds back all of them. A lost node would
 * hold back each of its first commands for as long as an attempt to connect takes.
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
    // A node that the client itself has removed is no longer among its nodes.
    if (client.nodes().includes(node)) lost.add(address)
  })
}
