import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Cluster, Redis } from "ioredis"
import { type Place, StoreSetupError, StoreUnavailableError } from "../../KeyValueError.ts"
import { causeOf, isReply, isUnanswered, messageOf } from "./failures.ts"
import { resetWhenGivenUp } from "./reset.ts"
import { giveUpWhenSilent } from "./silence.ts"

/** A client of ioredis, of either kind. */
export type Client = Redis | Cluster

export const isCluster = (client: Client): client is Cluster => client.isCluster

/** A client, and what has to be so before a command is sent. */
export interface Connection {
  readonly client: Client
  /** How many requests wait for their reply. */
  waiting: number
  readonly isReady: () => boolean
  /** Waits until it is, or fails. */
  readonly becomeReady: (place: Place) => Effect.Effect<void, StoreUnavailableError>
  /** What a command failed with, or what is behind it. */
  readonly reasonOf: (error: unknown) => unknown
}

/** A client that somebody else set up: it decides on its own what to do while there is no connection. */
export const given = (client: Client): Connection => ({
  client,
  waiting: 0,
  isReady: () => true,
  becomeReady: () => Effect.void,
  reasonOf: (error) => error
})

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
  const client = yield* Effect.acquireRelease(
    Effect.try({
      try: make,
      // Neither the message nor the cause: they may hold the URL, and so the password.
      catch: () => new StoreSetupError({ module, reason: "ioredis cannot make sense of the URL or the options" })
    }),
    close
  )
  const trouble = new Trouble()
  yield* watch(client, trouble, responseTimeout)
  const isReady = () => client.status === "ready" && trouble.refusal === undefined
  const open = opener(client)
  const fail = (reason: string) => Effect.fail(new StoreSetupError({ module, ...trouble.explain(reason) }))
  const connect = Effect.timeoutOrElse(ended(open), {
    duration: connectTimeout,
    orElse: () => fail(`no connection within ${connectTimeout} ms`)
  })
  if (!lazyConnect) {
    yield* connect
    if (!isReady()) return yield* fail("could not connect")
  }
  const unavailable = (place: Place) =>
    new StoreUnavailableError({ ...place, sent: false, ...trouble.explain("there is no connection") })
  const opened = lazyConnect ? Effect.ignore(connect) : Effect.void
  return {
    client,
    waiting: 0,
    isReady,
    becomeReady: (place) =>
      Effect.andThen(
        opened,
        Effect.suspend(() => (isReady() ? Effect.void : Effect.fail(unavailable(place))))
      ),
    // Of a cluster, the last trouble may be another node's.
    reasonOf: (error) => (isUnanswered(error) && !isCluster(client) ? trouble.ofLoss() : error)
  }
})

/** Errors that no command was told about. */
class Trouble {
  /** Why the last attempt to connect failed, or the connection was lost. */
  private last: unknown = undefined
  /** What the server itself refused since it was last connected to, such as the password or the database. */
  refusal: unknown = undefined

  add(error: unknown): void {
    this.last = error
    if (isReply(error)) this.refusal = error
  }

  connecting(): void {
    this.refusal = undefined
  }

  /** What is known of an earlier connection says nothing of the loss of this one. */
  ready(): void {
    this.last = undefined
  }

  ofLoss(): Error {
    return new Error(this.explain("the connection was lost before the answer came").reason)
  }

  explain(what: string): { readonly reason: string; readonly cause?: unknown } {
    const error = this.refusal ?? this.last
    return error === undefined ? { reason: what } : { reason: `${what}: ${messageOf(error)}`, cause: causeOf(error) }
  }
}

/** Takes note of the client's errors, which it would print if nobody did. */
const watch = (client: Client, trouble: Trouble, responseTimeout: number): Effect.Effect<void> =>
  Effect.map(Effect.context<never>(), (context) => {
    const log = Effect.runForkWith(context)
    const note = (error: unknown) => {
      trouble.add(error)
      log(Effect.logDebug(`Redis: ${messageOf(error)}`))
    }
    const watchNode = (node: Redis) => {
      resetWhenGivenUp(node)
      giveUpWhenSilent(node, responseTimeout)
    }
    client.on("error", note)
    if (isCluster(client)) {
      client.on("node error", (error: unknown) => note(new Error(messageOf(error))))
      client.on("+node", watchNode)
    } else watchNode(client)
    client.on("connecting", () => trouble.connecting())
    client.on("ready", () => trouble.ready())
  })

/** Begins to connect at the first call. The promise is that of the first attempt. */
const opener = (client: Client): (() => Promise<void>) => {
  let attempt: Promise<void> | undefined
  return () =>
    (attempt ??= new Promise((resolve, reject) => {
      client.once("ready", () => connectNodes(client).then(resolve, reject))
      client.connect().catch(reject)
    }))
}

/** A cluster's client connects to a node with the first command for it, and refuses others until it has. */
const connectNodes = (client: Client): Promise<void> =>
  Promise.allSettled(
    isCluster(client) ? client.nodes("master").map((node) => (node.status === "wait" ? node.connect() : undefined)) : []
  ).then(() => {})

/** Waits for the end of the first attempt to connect, whatever it is. */
const ended = (open: () => Promise<void>): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    const done = () => resume(Effect.void)
    open().then(done, done)
  })

/** How long (milliseconds) the server may take to answer what was sent before, and to close the connection. */
export const disconnectTimeout = 200

/** Closes the connection once all that was sent is answered. */
const close = (client: Client): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const { status } = client
    if (status === "end") return resume(Effect.void)
    const timer = setTimeout(() => resume(Effect.void), 2 * disconnectTimeout)
    const done = () => {
      clearTimeout(timer)
      resume(Effect.void)
    }
    client.once("end", done)
    client.disconnect()
    // Between two attempts to connect there is nothing that could end.
    if (status === "reconnecting") done()
  })

const module = "Redis"
