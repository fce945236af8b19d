import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Cluster, Redis } from "ioredis"
import { layerClosed } from "../../driver/layerClosed.ts"
import { type Place, StoreSetupError, StoreUnavailableError } from "../../KeyValueError.ts"
import { runAfterLive } from "../../time/runAfter.ts"
import { causeOf, isReply, isUnanswered } from "./failures.ts"
import { watchNodes } from "./nodes.ts"
import { Requests } from "./requests.ts"
import { resetWhenGivenUp } from "./reset.ts"
import { secretsOf } from "./secrets.ts"
import { giveUpWhenSilent } from "./silence.ts"

/** A client of ioredis, of either kind. */
export type Client = Redis | Cluster

export const isCluster = (client: Client): client is Cluster => client.isCluster

/** A client, and whether commands can be sent. */
export interface Connection {
  readonly client: Client
  readonly requests: Requests
  readonly isReady: () => boolean
  /** Waits until it is ready, or fails. */
  readonly becomeReady: (place: Place) => Effect.Effect<void, StoreUnavailableError>
  /** The error of a command, or the cause of it, without anything that was sent. */
  readonly reasonOf: (error: unknown) => unknown
}

/** The same connection, through one of the client's nodes. */
export const ofNode = (connection: Connection, client: Redis): Connection => ({ ...connection, client })

const unavailable = (place: Place, what: { readonly reason: string; readonly cause?: unknown }) =>
  Effect.fail(new StoreUnavailableError({ ...place, sent: false, ...what }))

/**
 * A client that the application made. Its own options decide what happens while there is no connection. It stays open when
 * the scope closes.
 */
export const given = (client: Client): Effect.Effect<Connection, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => new Requests()),
      (requests) => requests.close
    ),
    (requests) => ({
      client,
      requests,
      isReady: () => !requests.isClosed,
      becomeReady: (place) => Effect.fail(layerClosed(place)),
      reasonOf: (error) => causeOf(error, secretsOf(client))
    })
  )

export interface OwnOptions {
  /** Makes a client that is not connecting yet. */
  readonly make: () => Client
  readonly lazyConnect: boolean
  /** Milliseconds. */
  readonly connectTimeout: number
  /** Milliseconds. */
  readonly responseTimeout: number
}

/** A client that is closed with the scope, and connected before this succeeds unless `lazyConnect` is set. */
export const own = Effect.fnUntraced(function* ({
  make,
  lazyConnect,
  connectTimeout,
  responseTimeout
}: OwnOptions): Effect.fn.Return<Connection, StoreSetupError, Scope.Scope> {
  const requests = new Requests()
  const links = new Set<Redis>()
  const client = yield* Effect.acquireRelease(
    Effect.try({
      try: make,
      // Without message and cause, which may quote the URL and its password.
      catch: () => new StoreSetupError({ module, reason: "ioredis cannot make sense of the URL or the options" })
    }),
    (client) => Effect.andThen(requests.close, close(client, links))
  )
  const trouble = new Trouble()
  yield* watch(client, links, trouble, responseTimeout)
  const isReady = () => client.status === "ready" && trouble.refusal === undefined && !requests.isClosed
  const open = opener(client, requests, connectTimeout)
  if (!lazyConnect) {
    const began = performance.now()
    yield* requests.until(open)
    if (!isReady() || !isAnyConnected(client)) {
      const isLate = performance.now() - began >= connectTimeout
      const what = isLate ? `no connection within ${connectTimeout} ms` : "could not connect"
      return yield* new StoreSetupError({ module, ...trouble.explain(what) })
    }
  }
  return {
    client,
    requests,
    isReady,
    becomeReady: (place) =>
      Effect.andThen(
        lazyConnect ? requests.until(open) : Effect.void,
        Effect.suspend(() => {
          if (isReady()) return Effect.void
          return requests.isClosed
            ? Effect.fail(layerClosed(place))
            : unavailable(place, trouble.explain("there is no connection"))
        })
      ),
    // In a cluster, the last error may be that of another node.
    reasonOf: (error) =>
      isUnanswered(error) && !isCluster(client) ? trouble.ofLoss() : causeOf(error, secretsOf(client))
  }
})

/** Errors of the connection, which no command fails with. */
class Trouble {
  /** Why the last attempt to connect failed, or the connection was lost. */
  private last: Error | undefined
  /** What the server refused on this connection, such as the password or the database. */
  refusal: Error | undefined

  add(error: Error): void {
    this.last = error
    if (isReply(error)) this.refusal = error
  }

  connecting(): void {
    this.refusal = undefined
  }

  /** An error of an earlier connection does not explain the loss of this one. */
  ready(): void {
    this.last = undefined
  }

  ofLoss(): Error {
    return new Error(this.explain("the connection was lost before the answer came").reason)
  }

  explain(what: string): { readonly reason: string; readonly cause?: unknown } {
    const error = this.refusal ?? this.last
    return error === undefined ? { reason: what } : { reason: `${what}: ${error.message}`, cause: error }
  }
}

/** Watches the client's connections and errors. ioredis prints errors that have no listener. */
const watch = (client: Client, links: Set<Redis>, trouble: Trouble, responseTimeout: number): Effect.Effect<void> =>
  Effect.map(Effect.context<never>(), (context) => {
    const log = Effect.runForkWith(context)
    const note = (error: Error) => {
      trouble.add(error)
      log(Effect.logDebug(`Redis: ${error.message}`))
    }
    const redacted = (error: unknown) => causeOf(error, secretsOf(client))
    const watchLink = (link: Redis) => {
      links.add(link)
      link.on("end", () => links.delete(link))
      resetWhenGivenUp(link)
      giveUpWhenSilent(link, responseTimeout)
    }
    client.on("error", (error: unknown) => note(redacted(error)))
    if (isCluster(client)) {
      // A new error, so that a refusal by one node does not count as one by the cluster.
      client.on("node error", (error: unknown) => note(new Error(redacted(error).message)))
      watchNodes(client, watchLink)
    } else watchLink(client)
    client.on("connecting", () => trouble.connecting())
    client.on("ready", () => trouble.ready())
  })

/**
 * Begins to connect at the first call. The promise ends with the first attempt, successful or not, or at the timeout.
 */
const opener = (client: Client, requests: Requests, timeout: number): (() => Promise<void>) => {
  let attempt: Promise<void> | undefined
  return () =>
    (attempt ??= new Promise((resolve) => {
      let isWaiting = true
      const end = () => {
        if (!isWaiting) return
        isWaiting = false
        cancel()
        requests.waiting.remove(link)
        resolve()
      }
      const cancel = runAfterLive(timeout, end)
      const link = requests.waiting.push({ close: end })
      client.once("ready", () => connectNodes(client).then(end))
      client.connect().catch(end)
    }))
}

/** A cluster's client connects to a node with the first command for it, and refuses others until it has. */
const connectNodes = (client: Client): Promise<unknown> =>
  Promise.allSettled(
    isCluster(client) ? client.nodes("master").map((node) => (node.status === "wait" ? node.connect() : undefined)) : []
  )

/** Of a cluster, is there a master that can be asked? */
const isAnyConnected = (client: Client): boolean =>
  !isCluster(client) || client.nodes("master").some(({ status }) => status === "ready")

/** How long (milliseconds) a connection may take to close. */
export const disconnectTimeout = 200

/** Closes the client and all of its connections, whatever is under way on them. */
const close = (client: Client, links: ReadonlySet<Redis>): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const streams = Array.from(links).flatMap(({ stream }) => (stream && !stream.closed ? [stream] : []))
    let open = streams.length
    const done = () => {
      if (--open > 0) return
      clearTimeout(timer)
      resume(Effect.void)
    }
    const timer = setTimeout(() => resume(Effect.void), disconnectTimeout)
    for (const stream of streams) stream.once("close", done)
    // A write that is under way must not arrive later: its connection is given up before its end can begin.
    for (const { stream, commandQueue } of links) if (commandQueue.length > 0) stream?.destroy()
    client.disconnect()
    for (const link of links) link.disconnect()
    for (const stream of streams) stream.destroy()
    if (open === 0) done()
  })

const module = "Redis"
