import type { Cluster, Redis } from "ioredis"
import type { Component } from "../../Health.ts"

type Client = Redis | Cluster

export interface Watching {
  readonly health: Component
  /** Adds why the connection was lost, or could not be made, to a text. */
  readonly explain: (what: string) => string
  /** Whether the server refused the connection, for example because of a wrong password. */
  readonly isRefused: () => boolean
}

/** What an outage means. */
export const failing = "operations fail until there is a connection"

/** Reports the state of the connection of a client, until the layer is closed. */
export const watchState = (client: Client, { health, explain, isRefused }: Watching): void => {
  const cluster = client.isCluster ? (client as Cluster) : undefined
  const onReady = () => {
    if (isRefused()) onClose()
    else if (cluster !== undefined) tellNodes()
    else health.to("up", "the connection is restored")
  }
  // Each attempt to connect again closes, too. Only the first closing is a change.
  const onClose = () => {
    if (health.isDown) return
    health.to("down", `${explain("there is no connection")}: ${failing}`)
  }
  const onEnd = () => health.to("down", `${explain("there is no connection")}: the client does not connect again`)
  const tellNodes = () => {
    if (cluster?.status === "ready") tell(cluster, lost, health)
  }
  const lost = new Set<Redis>()
  const endings = cluster === undefined ? [] : [watchNodes(cluster, lost, tellNodes)]
  const listeners = { ready: onReady, close: onClose, end: onEnd }
  for (const [event, listener] of Object.entries(listeners)) client.on(event, listener)
  if (hasFailed(client)) onClose()
  else tellNodes()
  health.onClose(() => {
    for (const [event, listener] of Object.entries(listeners)) client.off(event, listener)
    for (const end of endings) end()
  })
}

const hasFailed = ({ status }: Client): boolean => status === "close" || status === "reconnecting" || status === "end"

/** Keeps the set of the nodes of a cluster whose connection is lost. */
const watchNodes = (client: Cluster, lost: Set<Redis>, tell: () => void): (() => void) => {
  const watched = new Map<Redis, () => void>()
  const add = (node: Redis) => {
    const onReady = () => {
      lost.delete(node)
      tell()
    }
    const onClose = () => {
      lost.add(node)
      tell()
    }
    node.on("ready", onReady).on("close", onClose)
    watched.set(node, () => void node.off("ready", onReady).off("close", onClose))
  }
  const remove = (node: Redis) => {
    watched.get(node)?.()
    watched.delete(node)
    lost.delete(node)
    tell()
  }
  for (const node of client.nodes()) {
    add(node)
    if (hasFailed(node)) lost.add(node)
  }
  client.on("+node", add).on("-node", remove)
  return () => {
    client.off("+node", add).off("-node", remove)
    for (const end of watched.values()) end()
  }
}

/** Reports how many masters of a cluster are lost. */
const tell = (client: Cluster, lost: ReadonlySet<Redis>, health: Component): void => {
  const masters = client.nodes("master")
  const count = masters.filter((node) => lost.has(node)).length
  if (count === 0) health.to("up", "all masters are connected")
  else if (count === masters.length) health.to("down", `no master is connected: ${failing}`)
  else health.to("degraded", `${count} of ${masters.length} masters are not connected: operations on their keys fail`)
}
