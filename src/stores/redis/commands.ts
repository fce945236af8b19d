import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Place, StoreError, StoreUnavailableError } from "../../KeyValueError.ts"
import { type Client, type Connection, isCluster } from "./connection.ts"
import { cork } from "./cork.ts"
import { isRedirection, toFailure } from "./failures.ts"
import { slotOf } from "./slots.ts"

/** What a command can fail with. */
export type Failure = StoreUnavailableError | StoreError

/** A command by its name, with its key (or keys) first. Replies are buffers and numbers, whatever the client's options. */
export type Command = readonly [name: string, ...args: ReadonlyArray<Argument | ReadonlyArray<Argument>>]

type Argument = string | Buffer | number

/** Sends one command. */
export const send = <A>(connection: Connection, place: Place, command: Command): Effect.Effect<A, Failure> =>
  connection.whenReady(
    place,
    request(() => call(connection.client, command) as Promise<A>, toFailure(place))
  )

/**
 * Sends commands that are about one key each, in one round trip (to each node of a cluster that has some of the keys).
 *
 * The replies are in the order of the commands. If commands fail, all others may have been applied.
 */
export const sendMany = <A>(
  connection: Connection,
  place: Place,
  commands: ReadonlyArray<Command>
): Effect.Effect<ReadonlyArray<A>, Failure> =>
  commands.length === 1
    ? Effect.map(send<A>(connection, place, commands[0]!), (reply) => [reply])
    : connection.whenReady(
        place,
        Effect.flatMapEager(
          request(() => pipelines(connection.client, commands), toFailure(place)),
          (replies) => allOf<A>(replies, place)
        )
      )

/** The form of a method that answers buffers. (`callBuffer` fails on a client with automatic pipelines.) */
const methodOf = ([name]: Command): string => `${name}Buffer`

const call = (client: Client, command: Command): Promise<unknown> => {
  const [, ...args] = command
  cork(client)
  return (client as unknown as Methods)[methodOf(command)]!(...args)
}

type Methods = Readonly<Record<string, (...args: ReadonlyArray<unknown>) => Promise<unknown>>>

const request = <A, E>(run: () => Promise<A>, toError: (error: unknown) => E): Effect.Effect<A, E> =>
  Effect.callback((resume) => {
    run().then(
      (reply) => resume(Exit.succeed(reply)),
      (error) => resume(Exit.fail(toError(error)))
    )
  })

type Reply = readonly [error: Error | null, value?: unknown]

const pipelines = (client: Client, commands: ReadonlyArray<Command>): Promise<ReadonlyArray<Reply>> => {
  const groups = groupsOf(client, commands)
  return groups.length === 1
    ? pipeline(client, commands)
    : Promise.all(
        groups.map((group) =>
          pipeline(
            client,
            group.map((index) => commands[index]!)
          )
        )
      ).then((replies) => inOrder(groups, replies))
}

/** The indices of the commands whose keys are at the same nodes, as far as the client knows. */
const groupsOf = (client: Client, commands: ReadonlyArray<Command>): ReadonlyArray<ReadonlyArray<number>> => {
  if (!isCluster(client)) return [commands.map((_, index) => index)]
  const prefix = keyPrefixOf(client)
  const groups = new Map<string, Array<number>>()
  for (const [index, [, key]] of commands.entries()) {
    const slot = slotOf(prefix + String(key))
    const nodes = client.slots[slot]
    // A pipeline must be of one group. After a redirection, a group's slots need not be at one node.
    const id = nodes === undefined ? `slot ${slot}` : `${client._groupsBySlot[slot]} ${nodes}`
    const group = groups.get(id)
    if (group === undefined) groups.set(id, [index])
    else group.push(index)
  }
  return [...groups.values()]
}

/** What the client puts before every key on its own. */
export const keyPrefixOf = (client: Client): string => String(client.options.keyPrefix ?? "")

const inOrder = (
  groups: ReadonlyArray<ReadonlyArray<number>>,
  replies: ReadonlyArray<ReadonlyArray<Reply>>
): ReadonlyArray<Reply> => {
  const all: Array<Reply> = []
  for (const [g, group] of groups.entries()) {
    for (const [i, index] of group.entries()) all[index] = replies[g]![i]!
  }
  return all
}

/** Never rejects. Commands that a node sends elsewhere are sent again on their own, which the client knows to redirect. */
const pipeline = (client: Client, commands: ReadonlyArray<Command>): Promise<ReadonlyArray<Reply>> => {
  cork(client)
  return client
    .pipeline(commands.map((command) => [methodOf(command), ...command.slice(1)]))
    .exec()
    .then(
      (replies) =>
        Promise.all(
          (replies ?? []).map((reply, index) =>
            reply[0] !== null && isRedirection(reply[0]) ? settled(call(client, commands[index]!)) : reply
          )
        ),
      (error: Error) => commands.map((): Reply => [error])
    )
}

const settled = (promise: Promise<unknown>): Promise<Reply> =>
  promise.then(
    (value): Reply => [null, value],
    (error: Error): Reply => [error]
  )

/** The replies, or one error for all that failed. */
const allOf = <A>(replies: ReadonlyArray<Reply>, place: Place): Exit.Exit<ReadonlyArray<A>, Failure> => {
  const failed = replies.filter(([error]) => error !== null)
  if (failed.length === 0) return Exit.succeed(replies.map(([, value]) => value as A))
  const failures = failed.map(([error]) => toFailure(place, failed.length < replies.length)(error))
  return Exit.fail(failures.find(({ outcome }) => outcome === "unknown") ?? failures[0]!)
}
