import { storeFailure, type ToStoreFailure } from "../../driver/storeFailure.ts"
import { StoreError, StoreUnavailableError } from "../../KeyValueError.ts"
import { toldOfClient, toldOfReply } from "./told.ts"

/** What an error of ioredis means. */
export interface Meaning {
  /** May the same command succeed when it is sent again? */
  readonly transient: boolean
  /** May the command have been applied? */
  readonly applied: boolean
}

/** The server said no. */
const refused: Meaning = { transient: false, applied: false }

/** The server said no for now, or the command was never sent. */
const notNow: Meaning = { transient: true, applied: false }

/** Nobody knows what became of the command. */
const lost: Meaning = { transient: true, applied: true }

/** What the server answers while it loads, fails over, moves slots, or runs somebody's long script. */
const passing = new Set([
  "ASK",
  "BUSY",
  "CLUSTERDOWN",
  "LOADING",
  "MASTERDOWN",
  "MOVED",
  "NOREPLICAS",
  "READONLY",
  "TRYAGAIN"
])

/** Messages of ioredis for commands that it did not send. */
const unsent = [
  "Stream isn't writeable",
  "Cluster isn't ready",
  "None of startup nodes is available",
  "All keys in the pipeline should belong to the same slots allocation group",
  "All sentinels are unreachable"
]

/** Calls that fail before there is a connection to send anything on. */
const connecting = new Set(["connect", "getaddrinfo", "queryA", "queryAaaa", "querySrv"])

/** Tells by name, code and message, which is all that ioredis gives. */
export const meaningOf = (error: unknown): Meaning => {
  const message = messageOf(error)
  if (isReply(error)) {
    return passing.has(codeOf(message)) || message.includes("max number of clients") ? notNow : refused
  }
  if (message.startsWith("Connection in subscriber mode")) return refused
  const isUnsent = unsent.some((start) => message.startsWith(start)) || connecting.has(fieldOf(error, "syscall"))
  return isUnsent ? notNow : lost
}

/** Does the server not know the script, and so has not run it? */
export const isMissingScript = (error: unknown): boolean => isReply(error) && codeOf(messageOf(error)) === "NOSCRIPT"

/** Does the server not let its user run scripts, or not know any? */
export const isForbidden = (failure: { readonly cause?: unknown }): boolean =>
  isReply(failure.cause) && /^NOPERM|^ERR unknown command/i.test(messageOf(failure.cause))

/** How long (milliseconds) a connection to a replica is kept at least. */
const replicaFor = 1000

/**
 * Tells whether to give up the connection for an error: one to a server that a failover made a replica stays open, and
 * would be read-only for ever.
 */
export const leavesReplica = () => {
  let left = Number.NEGATIVE_INFINITY
  return (error: Error): boolean => {
    const now = performance.now()
    if (codeOf(error.message) !== "READONLY" || now < left + replicaFor) return false
    left = now
    return true
  }
}

/** Was the connection lost before the answer came? Why it was, ioredis does not say here. */
export const isUnanswered = (error: unknown): boolean => fieldOf(error, "name") === "MaxRetriesPerRequestError"

/** Did the server itself answer with this error? */
export const isReply = (error: unknown): boolean => fieldOf(error, "name") === "ReplyError"

const codeOf = (message: string): string => message.split(" ", 1)[0] as string

const fieldOf = (error: unknown, name: "name" | "message" | "code" | "syscall"): string => {
  const value = (error as Record<string, unknown> | null | undefined)?.[name]
  return typeof value === "string" ? value : ""
}

/** An error's message; of several errors at once (one for each address of a host), the first one's. */
export const messageOf = (error: unknown): string => {
  const first = error instanceof AggregateError ? (error.errors[0] as unknown) : undefined
  return fieldOf(error, "message") || fieldOf(first, "message") || fieldOf(error, "code") || String(error)
}

/**
 * The error, with nothing of what was sent to the server: neither the command that ioredis adds to it, nor what the server
 * quotes of the command or of other things that were sent (`secrets`).
 */
export const causeOf = (error: unknown, secrets: ReadonlyArray<string> = []): Error => {
  if (error instanceof Error && told.has(error)) return error
  const { name, stack } = error instanceof Error ? error : new Error()
  const message = isReply(error)
    ? toldOfReply(messageOf(error), [...secrets, ...argumentsOf(error)])
    : toldOfClient(messageOf(error), secrets)
  const frames = stack?.match(/^ {4}at .*$/gm) ?? []
  const fields = (["code", "syscall"] as const).flatMap((field) => {
    const value = fieldOf(error, field)
    return value === "" ? [] : [[field, value] as const]
  })
  const cause = Object.assign(new Error(message), Object.fromEntries(fields), {
    name,
    stack: [`${name}: ${message}`, ...frames].join("\n")
  })
  told.add(cause)
  return cause
}

/** Errors that have been through it. */
const told = new WeakSet<Error>()

const argumentsOf = (error: unknown): ReadonlyArray<unknown> => {
  const { command } = error as { readonly command?: { readonly args?: unknown } }
  return Array.isArray(command?.args) ? command.args : []
}

/** The store's error for one of ioredis, given whether another part of the call was applied. */
export const toFailure: ToStoreFailure<unknown> =
  (place, applied = false) =>
  (error) => {
    const meaning = meaningOf(error)
    const cause = causeOf(error)
    return storeFailure(place, {
      reason: cause.message,
      cause,
      transient: meaning.transient,
      applied: applied || meaning.applied
    })
  }

/** The same failure, of a call whose earlier parts were applied. */
export const afterApplied = <E>(
  failure: StoreError | StoreUnavailableError | E
): StoreError | StoreUnavailableError | E => {
  if (!(failure instanceof StoreError || failure instanceof StoreUnavailableError)) return failure
  const { _tag, operation, collection, keys, reason, cause } = failure
  return storeFailure(
    { operation, collection, keys },
    {
      reason,
      cause,
      transient: _tag === "StoreUnavailableError",
      applied: true
    }
  )
}
