import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Cluster, Redis } from "ioredis"
import { layerClosed } from "../../driver/layerClosed.ts"
import * as Health from "../../Health.ts"
import { type Place, StoreSetupError, StoreUnavailableError } from "../../KeyValueError.ts"
import { runAfterLive } from "../../time/runAfter.ts"
import { causeOf, isReply, isUnanswered, meaningOf } from "./failures.ts"
import { watchNodes } from "./nodes.ts"
import { Requests } from "./requests.ts"
import { resetWhenDropped } from "./reset.ts"
import { secretsOf } from "./secrets.ts"
import { dropWhenSilent } from "./silence.ts"
import { notConnected, watchState } from "./states.ts"

/** A client of ioredis for one server or for a cluster. */
export type Client = Redis | Cluster

export const isCluster = (client: Client): client is Cluster => client.isCluster

/** A client, with the state of its connection. */
export interface Connection {
  readonly client: Client
  readonly requests: Requests
  readonly health?: Health.Component | undefined
  readonly isReady: () => boolean
  /** Waits until the connection is ready. Fails if it cannot become ready. */
  readonly becomeReady: (place: Place) => Effect.Effect<void, StoreUnavailableError>
  /** Returns the error of a command, or the reason for it, without anything that was sent to the server. */
  readonly reasonOf: (error: unknown) => unknown
}

/** Returns the same connection for one node of the client. */
export const ofNode = (connection: Connection, client: Redis): Connection => ({ ...connection, client })

/** Makes the error of a call that was not sent. */
export const unavailable = (place: Place, what: { readonly reason: string; readonly cause?: unknown }) =>
  new StoreUnavailableError({ ...place, sent: false, ...what })

/**
 * Uses a client of the application. Its options decide what happens while there is no connection. It stays open when
 * the scope closes.
 */
export const existingConnection = Effect.fnUntraced(function* (
  client: Client,
  store?: string | undefined
): Effect.fn.Return<Connection, never, Scope.Scope> {
  const requests = yield* Effect.acquireRelease(
    Effect.sync(() => new Requests()),
    (requests) => requests.close
  )
  const health = (yield* Health.reporter({ module, store }))("redis")
  watchState(client, { health, problem: () => undefined, isRefused: () => false })
  return {
    client,
    requests,
    health,
    isReady: () => !requests.isClosed,
    becomeReady: (place) => Effect.fail(layerClosed(place)),
    reasonOf: (error) => causeOf(error, secretsOf(client))
  }
})

/** What happens when the layer is built: see the option `startup`. */
export type Startup = "fail" | "degraded" | "lazy"

export interface OpenOptions {
  /** Makes a client that does not connect yet. */
  readonly make: () => Client
  /** Name of the store in `Health`. */
  readonly store: string | undefined
  readonly startup: Startup
  /** In milliseconds. */
  readonly connectTimeout: number
  /** In milliseconds. */
  readonly responseTimeout: number
}

/** Opens a client, which is closed with the scope. Waits until it is connected, or an attempt has failed, unless `startup` is `"lazy"`. */
export const openConnection = Effect.fnUntraced(function* ({
  make,
  store,
  startup,
  connectTimeout,
  responseTimeout
}: OpenOptions): Effect.fn.Return<Connection, StoreSetupError, Scope.Scope> {
  const requests = new Requests()
  const connections = new Set<Redis>()
  const client = yield* Effect.acquireRelease(
    Effect.try({
      try: make,
      // Without the cause, which may quote the URL and its password.
      catch: () => new StoreSetupError({ module, reason: "ioredis rejected the URL or the options" })
    }),
    (client) => Effect.andThen(requests.close, close(client, connections))
  )
  const errors = new ConnectionErrors()
  yield* watch(client, connections, errors, responseTimeout)
  const isReady = () => client.status === "ready" && errors.refusal === undefined && !requests.isClosed
  const open = opener(client, requests, connectTimeout)
  const health = (yield* Health.reporter({ module, store }))("redis")
  const late = `no connection within ${connectTimeout} ms`
  const tellNotConnected = (otherwise: string | undefined) =>
    health.to("down", notConnected(errors.refusal !== undefined, errors.message ?? otherwise))
  if (startup !== "lazy") {
    const began = performance.now()
    yield* requests.until(open)
    if (!isReady() || !isAnyConnected(client)) {
      const isLate = performance.now() - began >= connectTimeout
      const what = isLate ? late : "could not connect"
      // A server that loads its data may refuse for now. Any other refusal, such as of a password, does not end by itself.
      const { refusal } = errors
      if (startup === "fail" || (refusal !== undefined && !meaningOf(refusal).transient)) {
        return yield* new StoreSetupError({ module, ...errors.explain(what) })
      }
      tellNotConnected(isLate ? late : undefined)
    }
  }
  watchState(client, {
    health,
    problem: () => errors.message,
    isRefused: () => errors.refusal !== undefined
  })
  return {
    client,
    requests,
    health,
    isReady,
    becomeReady: (place) =>
      Effect.andThen(
        startup === "lazy" ? requests.until(open) : Effect.void,
        Effect.suspend(() => {
          if (isReady()) return Effect.void
          if (requests.isClosed) return Effect.fail(layerClosed(place))
          // A server that accepts the connection and does not answer causes no event.
          const isSilent = startup === "lazy" && errors.message === undefined && !errors.wasConnected
          if (isSilent && !health.isDown) tellNotConnected(late)
          return Effect.fail(unavailable(place, errors.explain(isSilent ? late : "there is no connection")))
        })
      ),
    // In a cluster, the last error may be of another node.
    reasonOf: (error) =>
      isUnanswered(error) && !isCluster(client) ? errors.connectionLost() : causeOf(error, secretsOf(client))
  }
})

/** The errors of the connection, which ioredis reports by events and not in the errors of commands. */
class ConnectionErrors {
  /** The reason why the last attempt to connect failed, or why the connection was lost. */
  private last: Error | undefined
  /** The error reply of the server while it connected, such as for a wrong password or database. */
  refusal: Error | undefined
  /** Whether there has ever been a connection. */
  wasConnected = false

  add(error: Error): void {
    this.last = error
    if (isReply(error)) this.refusal = error
  }

  onConnecting(): void {
    this.refusal = undefined
  }

  /** Forgets the last error, since an error of an earlier connection does not explain the loss of this one. */
  onReady(): void {
    this.wasConnected = true
    this.last = undefined
  }

  connectionLost(): Error {
    return new Error(this.explain("the connection was lost before the reply arrived").reason)
  }

  get message(): string | undefined {
    return (this.refusal ?? this.last)?.message
  }

  explain(what: string): { readonly reason: string; readonly cause?: unknown } {
    const error = this.refusal ?? this.last
    return error === undefined ? { reason: what } : { reason: `${what}: ${error.message}`, cause: error }
  }
}

/** Watches the connections and errors of the client. Without a listener, ioredis would print its errors. */
const watch = (
  client: Client,
  connections: Set<Redis>,
  errors: ConnectionErrors,
  responseTimeout: number
): Effect.Effect<void> =>
  Effect.map(Effect.context<never>(), (context) => {
    const log = Effect.runForkWith(context)
    const note = (error: Error) => {
      errors.add(error)
      log(Effect.logDebug(`Redis: ${error.message}`))
    }
    const redacted = (error: unknown) => causeOf(error, secretsOf(client))
    const watchConnection = (connection: Redis) => {
      connections.add(connection)
      connection.on("end", () => connections.delete(connection))
      resetWhenDropped(connection)
      dropWhenSilent(connection, responseTimeout)
    }
    client.on("error", (error: unknown) => note(redacted(error)))
    if (isCluster(client)) {
      // A new error, so that a refusal by one node does not count as one by the cluster.
      client.on("node error", (error: unknown) => note(new Error(redacted(error).message)))
      watchNodes(client, watchConnection)
    } else watchConnection(client)
    client.on("connecting", () => errors.onConnecting())
    client.on("ready", () => errors.onReady())
  })

/**
 * Returns a function that connects when it is called for the first time. Its promise resolves when the first attempt
 * has succeeded or failed, or after the timeout.
 */
const opener = (client: Client, requests: Requests, timeout: number): (() => Promise<void>) => {
  let attempt: Promise<void> | undefined
  return () =>
    (attempt ??= new Promise((resolve) => {
      const end = requests.once(() => {
        cancel()
        resolve()
      })
      const cancel = runAfterLive(timeout, end)
      client.once("ready", () => connectNodes(client).then(end))
      client.connect().catch(end)
    }))
}

/**
 * Connects to all masters. By itself, ioredis connects to a node at its first command, and refuses other commands
 * meanwhile.
 */
const connectNodes = (client: Client): Promise<unknown> =>
  Promise.allSettled(
    isCluster(client) ? client.nodes("master").map((node) => (node.status === "wait" ? node.connect() : undefined)) : []
  )

/** Returns whether at least one master of a cluster is connected. */
const isAnyConnected = (client: Client): boolean =>
  !isCluster(client) || client.nodes("master").some(({ status }) => status === "ready")

/** The maximum time in milliseconds that a connection may take to close. */
export const disconnectTimeout = 200

/** Closes the client and all its connections, even if commands are pending. */
const close = (client: Client, connections: ReadonlySet<Redis>): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const streams = Array.from(connections).flatMap(({ stream }) => (stream && !stream.closed ? [stream] : []))
    let open = streams.length
    const done = () => {
      if (--open > 0) return
      clearTimeout(timer)
      resume(Effect.void)
    }
    const timer = setTimeout(() => resume(Effect.void), disconnectTimeout)
    for (const stream of streams) stream.once("close", done)
    // A pending write must not arrive later, so its connection is dropped before it can be closed in an orderly way.
    for (const { stream, commandQueue } of connections) if (commandQueue.length > 0) stream?.destroy()
    client.disconnect()
    for (const connection of connections) connection.disconnect()
    for (const stream of streams) stream.destroy()
    if (open === 0) done()
  })

const module = "Redis"
