import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import type { Link } from "../../concurrency/Chain.ts"
import type { CallBase, Limit } from "../../driver/Call.ts"
import { layerClosed } from "../../driver/layerClosed.ts"
import type { Place, StoreError, StoreUnavailableError, TimeoutError } from "../../KeyValueError.ts"
import type { Cancel } from "../../time/runAfter.ts"
import type { Client, Connection } from "./connection.ts"
import { cork } from "./cork.ts"
import { isMissingScript, toFailure } from "./failures.ts"
import type { Waiter } from "./requests.ts"
import type { Script } from "./script.ts"

/** The errors of commands. */
export type Failure = StoreUnavailableError | StoreError | TimeoutError

/**
 * A command: a method of the client with its arguments, of which the key (or keys) are the first, or a script with the
 * number of its keys first.
 *
 * A method whose name ends with `Buffer` returns replies as buffers. (`callBuffer` is not used, because it fails on a
 * client with automatic pipelining.)
 */
export type Command = readonly [
  method: `${string}Buffer` | "scan" | Script,
  ...args: ReadonlyArray<Argument | ReadonlyArray<Argument>>
]

export type Argument = string | Buffer | number

/** Receives the reply to a command, or an error of ioredis. */
export interface Receiver<A> {
  readonly reply: (value: A) => void
  readonly fail: (error: unknown) => void
}

/** Turns a reply into the result of the call. */
export type Answer<A, B, E> = (reply: A) => Effect.Effect<B, E>

/** Sends a request once there is a connection. Waits for the reply no longer than the limit of the call allows. */
export const request = <A, B, E>(
  connection: Connection,
  call: CallBase,
  ask: (receiver: Receiver<A>) => void,
  answer: Answer<A, B, E>
): Effect.Effect<B, E | Failure> =>
  Effect.callback((resume) => {
    if (connection.isReady()) return new Waiting(connection, call, answer, resume).ask(ask)
    const ready = withinLimit(call.limit, connection.becomeReady(call.place))
    return resume(Effect.andThen(ready, request(connection, call, ask, answer)))
  })

/** A caller that waits for a reply. It is a class, because each request needs one, and closures take more memory. */
class Waiting<A, B, E> implements Receiver<A>, Waiter {
  private readonly connection: Connection
  private readonly call: CallBase
  private readonly answer: Answer<A, B, E>
  private readonly resume: (effect: Effect.Effect<B, E | Failure>) => void
  private readonly stopTimer: Cancel | undefined
  private link: Link<Waiter> | undefined

  constructor(
    connection: Connection,
    call: CallBase,
    answer: Answer<A, B, E>,
    resume: (effect: Effect.Effect<B, E | Failure>) => void
  ) {
    this.connection = connection
    this.call = call
    this.answer = answer
    this.resume = resume
    this.link = connection.requests.waiting.push(this)
    this.stopTimer = call.limit?.start(resume)
  }

  /** An exception ends the request with a defect. */
  ask(f: (receiver: Receiver<A>) => void): void {
    const asked = Result.try(() => f(this))
    if (Result.isFailure(asked)) this.end(Exit.die(asked.failure))
  }

  /**
   * An exception ends the request with a defect. Otherwise it would be lost, because the client's promise is handled.
   */
  reply(reply: A): void {
    const answer = Result.try(() => this.answer(reply))
    this.end(Result.isSuccess(answer) ? answer.success : Exit.die(answer.failure))
  }

  fail(error: unknown): void {
    this.end(Exit.fail(toFailure(this.call.place)(this.connection.reasonOf(error))))
  }

  close(): void {
    this.end(Exit.fail(layerClosed(this.call.place, true)))
  }

  private end(effect: Effect.Effect<B, E | Failure>): void {
    if (this.link === undefined) return
    this.connection.requests.waiting.remove(this.link)
    this.link = undefined
    this.stopTimer?.()
    this.resume(effect)
  }
}

/** Runs an effect, and fails once the limit of the call has passed. */
export const withinLimit = <A, E>(
  limit: Limit | undefined,
  effect: Effect.Effect<A, E>
): Effect.Effect<A, E | TimeoutError> =>
  limit === undefined
    ? effect
    : Effect.raceFirst(
        effect,
        Effect.callback<never, TimeoutError>((resume) => {
          const stop = limit.start(resume)
          return Effect.sync(stop)
        })
      )

/** Sends one command. */
export const send = <A, B, E>(
  connection: Connection,
  call: CallBase,
  command: Command,
  answer: Answer<A, B, E>
): Effect.Effect<B, E | Failure> => {
  const ask = (receiver: Receiver<A>) => {
    const sent = run(connection, command) as Promise<A>
    sent.then(
      (reply) => receiver.reply(reply),
      (error) => receiver.fail(error)
    )
  }
  return request(connection, call, ask, answer)
}

/**
 * Sends several commands together. Each of them must use a single key.
 *
 * The replies are in the order of the commands. If some commands fail, all others may have been applied.
 */
export const sendMany = <A>(
  connection: Connection,
  call: CallBase,
  commands: ReadonlyArray<Command>
): Effect.Effect<ReadonlyArray<A>, Failure> =>
  request(
    connection,
    call,
    (receiver: Receiver<ReadonlyArray<PromiseSettledResult<unknown>>>) => {
      cork(connection.client)
      Promise.allSettled(commands.map((command) => run(connection, command))).then((replies) => receiver.reply(replies))
    },
    (replies) => allOf<A>(replies, connection, call.place)
  )

type Methods = Readonly<Record<string, (...args: ReadonlyArray<unknown>) => Promise<unknown>>>

/** Sends a command. If other callers wait, their commands may be sent together with it. */
export const run = ({ client, requests }: Connection, [method, ...args]: Command): Promise<unknown> => {
  if (requests.waiting.size > 1) cork(client)
  const methods = client as unknown as Methods
  if (typeof method === "string") return methods[method]!(...args)
  return methods.evalshaBuffer!(method.sha, ...args).catch((error) => {
    if (isMissingScript(error)) return methods.evalBuffer!(method.source, ...args)
    throw error
  })
}

/** Returns the prefix that the client itself adds to every key. */
export const keyPrefixOf = (client: Client): string => String(client.options.keyPrefix ?? "")

/** Returns the replies, or one error for all failed commands. */
const allOf = <A>(
  replies: ReadonlyArray<PromiseSettledResult<unknown>>,
  { reasonOf }: Connection,
  place: Place
): Exit.Exit<ReadonlyArray<A>, Failure> => {
  const failed = replies.filter(({ status }) => status === "rejected") as ReadonlyArray<PromiseRejectedResult>
  if (failed.length === 0) return Exit.succeed(replies.map((it) => (it as PromiseFulfilledResult<A>).value))
  const failures = failed.map(({ reason }) => toFailure(place, failed.length < replies.length)(reasonOf(reason)))
  return Exit.fail(failures.find(({ outcome }) => outcome === "unknown") ?? failures[0]!)
}
