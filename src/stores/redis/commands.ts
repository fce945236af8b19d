import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { CallBase, Limit } from "../../driver/Call.ts"
import type { Place, StoreError, StoreUnavailableError, TimeoutError } from "../../KeyValueError.ts"
import type { Client, Connection } from "./connection.ts"
import { cork } from "./cork.ts"
import { toFailure } from "./failures.ts"

/** What a command can fail with. */
export type Failure = StoreUnavailableError | StoreError | TimeoutError

/**
 * A command: the name of the client's method, which answers buffers if it ends so (`callBuffer` fails on a client with
 * automatic pipelines), with its key (or keys) first.
 */
export type Command = readonly [
  method: `${string}Buffer` | "scan",
  ...args: ReadonlyArray<Argument | ReadonlyArray<Argument>>
]

export type Argument = string | Buffer | number

/** Whom to tell of a reply, or an error of ioredis. */
export interface Asker<A> {
  readonly reply: (value: A) => void
  readonly fail: (error: unknown) => void
}

/** Asks the server once there is a connection, and waits for the reply, but not beyond the limit of the call. */
export const request = <A>(
  connection: Connection,
  call: CallBase,
  ask: (asker: Asker<A>) => void
): Effect.Effect<A, Failure> =>
  Effect.callback((resume) => {
    if (!connection.isReady()) {
      const ready = within(call.limit, connection.becomeReady(call.place))
      return resume(Effect.andThen(ready, request(connection, call, ask)))
    }
    ask(new Waiting(connection, call, resume))
  })

class Waiting<A> implements Asker<A> {
  private readonly connection: Connection
  private readonly call: CallBase
  private readonly resume: (exit: Exit.Exit<A, Failure>) => void

  constructor(connection: Connection, call: CallBase, resume: (exit: Exit.Exit<A, Failure>) => void) {
    this.connection = connection
    this.call = call
    this.resume = resume
    call.limit?.begin(resume)
    connection.waiting++
  }

  reply(value: A): void {
    this.end(Exit.succeed(value))
  }

  fail(error: unknown): void {
    this.end(Exit.fail(toFailure(this.call.place)(error)))
  }

  private end(exit: Exit.Exit<A, Failure>): void {
    this.connection.waiting--
    this.call.limit?.end()
    this.resume(exit)
  }
}

/** The effect, or an error once the limit is due. */
export const within = <A, E>(
  limit: Limit | undefined,
  effect: Effect.Effect<A, E>
): Effect.Effect<A, E | TimeoutError> =>
  limit === undefined
    ? effect
    : Effect.raceFirst(
        effect,
        Effect.callback<never, TimeoutError>((resume) => {
          limit.begin(resume)
          return Effect.sync(() => limit.end())
        })
      )

/** Sends one command. */
export const send = <A>(
  connection: Connection,
  call: CallBase,
  command: Command,
  answerOf?: (reply: A) => A
): Effect.Effect<A, Failure> =>
  request<A>(connection, call, (asker) => {
    const sent = run(connection, command) as Promise<A>
    sent.then(
      (value) => asker.reply(answerOf === undefined ? value : answerOf(value)),
      (error) => asker.fail(error)
    )
  })

/**
 * Sends commands that are about one key each, together.
 *
 * The replies are in the order of the commands. If commands fail, all others may have been applied.
 */
export const sendMany = <A>(
  connection: Connection,
  call: CallBase,
  commands: ReadonlyArray<Command>
): Effect.Effect<ReadonlyArray<A>, Failure> =>
  Effect.flatMap(
    request<ReadonlyArray<PromiseSettledResult<unknown>>>(connection, call, (asker) => {
      cork(connection.client)
      const all = Promise.allSettled(commands.map((command) => run(connection, command)))
      all.then((replies) => asker.reply(replies))
    }),
    (replies) => allOf<A>(replies, call.place)
  )

type Methods = Readonly<Record<string, (...args: ReadonlyArray<unknown>) => Promise<unknown>>>

/** Sends a command, together with those of others if there are any. */
export const run = ({ client, waiting }: Connection, [method, ...args]: Command): Promise<unknown> => {
  if (waiting > 1) cork(client)
  return (client as unknown as Methods)[method]!(...args)
}

/** What the client puts before every key on its own. */
export const keyPrefixOf = (client: Client): string => String(client.options.keyPrefix ?? "")

/** The replies, or one error for all that failed. */
const allOf = <A>(
  replies: ReadonlyArray<PromiseSettledResult<unknown>>,
  place: Place
): Exit.Exit<ReadonlyArray<A>, Failure> => {
  const failed = replies.filter(({ status }) => status === "rejected") as ReadonlyArray<PromiseRejectedResult>
  if (failed.length === 0) return Exit.succeed(replies.map((it) => (it as PromiseFulfilledResult<A>).value))
  const failures = failed.map(({ reason }) => toFailure(place, failed.length < replies.length)(reason))
  return Exit.fail(failures.find(({ outcome }) => outcome === "unknown") ?? failures[0]!)
}
