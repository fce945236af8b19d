import type { Cluster, Redis } from "ioredis"
import type { Component } from "../../Health.ts"

type Client = Redis | Cluster

export interface Watching {
  readonly health: Component
  /** The message of the error that ended the connection, or that prevented it, if ioredis has reported one. */
  readonly problem: () => string | undefined
  /** Whether the server refused the connection, for example because of a wrong password. */
  readonly isRefused: () => boolean
}

const cannot = "Cannot connect"
const refuses = "The server refuses the connection"
const failing = "Operations fail until it is restored."
const failingAtFirst = "Operations fail until there is a connection."

const outage = (what: string, problem: string | undefined): string =>
  problem === undefined ? `${what}.` : `${what} (${problem.replace(/\.$/, "")}).`

/** The reason why a store that has never been connected is down. */
export const notConnected = (isRefused: boolean, problem: string | undefined): string =>
  `${outage(isRefused ? refuses : cannot, problem)} ${failingAtFirst}`

/** Reports the state of the connection of a client, until the layer is closed. */
export const watchState = (client: Client, { health, problem, isRefused }: Watching): void => {
  const cluster = client.isCluster ? (client as Cluster) : undefined
  let wasConnected = client.status === "ready" && !isRefused()
  const onReady = () => {
    if (isRefused()) return onClose()
    if (cluster !== undefined) tellNodes()
    else health.to("up", `The connection is ${wasConnected ? "restored" : "established"}.`)
    wasConnected = true
  }
  // Each attempt to connect again closes, too. Only the first closing is a change.
  const onClose = () => {
    if (health.isDown) return
    health.to("down", `${what()} ${wasConnected ? failing : failingAtFirst}`)
  }
  const onEnd = () => health.to("down", `${what()} The client does not connect again.`)
  const what = () => outage(isRefused() ? refuses : wasConnected ? "The connection is lost" : cannot, problem())
  const tellNodes = () => {
    if (cluster?.status === "ready") tell(cluster, lost, health)
  }
  const lost = new Set<string>()
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

/** Keeps the addresses of the nodes of a cluster whose connection is lost. ioredis itself forgets such a node. */
const watchNodes = (client: Cluster, lost: Set<string>, tell: () => void): (() => void) => {
  const watched = new Map<Redis, () => void>()
  const add = (node: Redis) => {
    const address = `${node.options.host}:${node.options.port}`
    const onReady = () => {
      lost.delete(address)
      tell()
    }
    const onClose = () => {
      lost.add(address)
      tell()
    }
    node.on("ready", onReady).on("close", onClose)
    watched.set(node, () => void node.off("ready", onReady).off("close", onClose))
    if (hasFailed(node)) lost.add(address)
    // By itself, ioredis connects to a node at the next command for it, and its recovery would not be noticed before.
    else if (lost.has(address))
      Promise.resolve()
        .then(() => node.connect())
        .catch(() => {})
  }
  const remove = (node: Redis) => {
    watched.get(node)?.()
    watched.delete(node)
  }
  for (const node of client.nodes()) add(node)
  client.on("+node", add).on("-node", remove).on("refresh", tell)
  return () => {
    client.off("+node", add).off("-node", remove).off("refresh", tell)
    for (const end of watched.values()) end()
  }
}

/** Reports how many masters of a cluster are lost. Masters are the nodes that own slots, as the client knows them. */
const tell = (client: Cluster, lost: Set<string>, health: Component): void => {
  const masters = new Set(client.slots.flatMap((owners) => owners?.[0] ?? []))
  const count = [...masters].filter((address) => lost.has(address)).length
  if (masters.size === 0) return
  if (count === 0) health.to("up", "All masters are connected.")
  else if (count === masters.size) health.to("down", `No master is connected. ${failingAtFirst}`)
  else health.to("degraded", `${count} of ${masters.size} masters are not connected. Operations on their keys fail.`)
}
