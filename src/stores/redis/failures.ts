import { storeFailure, type ToStoreFailure } from "../../driver/storeFailure.ts"
import { redactedClientError, redactedReply } from "./redaction.ts"

/** The meaning of an error of ioredis. */
export interface Meaning {
  /** Whether the same command may succeed when it is sent again. */
  readonly transient: boolean
  /** Whether the command may have been applied. */
  readonly applied: boolean
}

const refused: Meaning = { transient: false, applied: false }

/** The server refused the command temporarily, or the command was never sent. */
const refusedForNow: Meaning = { transient: true, applied: false }

/** The command may have been applied or not. */
const uncertain: Meaning = { transient: true, applied: true }

/** The codes of error replies while the server loads, fails over, moves slots, or runs a long script. */
const transientCodes = new Set([
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

/** The beginnings of ioredis' messages for commands that it did not send. */
const unsent = [
  "Stream isn't writeable",
  "Cluster isn't ready",
  "None of startup nodes is available",
  "All keys in the pipeline should belong to the same slots allocation group",
  "All sentinels are unreachable"
]

/** System calls that fail before a command can be sent. */
const connecting = new Set(["connect", "getaddrinfo", "queryA", "queryAaaa", "querySrv"])

/** Uses the name, code and message of an error, since ioredis provides nothing else. */
export const meaningOf = (error: unknown): Meaning => {
  const message = messageOf(error)
  if (isReply(error)) {
    return transientCodes.has(replyCode(message)) || message.includes("max number of clients") ? refusedForNow : refused
  }
  if (message.startsWith("Connection in subscriber mode")) return refused
  const isUnsent = unsent.some((start) => message.startsWith(start)) || connecting.has(fieldOf(error, "syscall"))
  return isUnsent ? refusedForNow : uncertain
}

/** Returns whether the server does not know the script, and so has not run it. */
export const isMissingScript = (error: unknown): boolean => isReply(error) && replyCode(messageOf(error)) === "NOSCRIPT"

/** Returns whether the server does not support scripts, or the user is not allowed to run them. */
export const isWithoutScripts = (failure: { readonly cause?: unknown }): boolean =>
  isReply(failure.cause) && /^NOPERM|^ERR unknown command/i.test(messageOf(failure.cause))

/** The minimum time between two reconnections, in milliseconds. */
const reconnectInterval = 1000

/**
 * Makes a `reconnectOnError` for ioredis, which decides whether to reconnect after an error. Without it, the connection
 * to a former master would stay open after a failover, and be read-only forever.
 */
export const leavesReplica = () => {
  let left = Number.NEGATIVE_INFINITY
  return (error: Error): boolean => {
    const now = performance.now()
    if (replyCode(error.message) !== "READONLY" || now < left + reconnectInterval) return false
    left = now
    return true
  }
}

/**
 * Returns whether the connection was lost before the reply arrived. The error of ioredis does not contain the reason.
 */
export const isUnanswered = (error: unknown): boolean => fieldOf(error, "name") === "MaxRetriesPerRequestError"

/** Returns whether the error is a reply of the server. */
export const isReply = (error: unknown): boolean => fieldOf(error, "name") === "ReplyError"

const replyCode = (message: string): string => message.split(" ", 1)[0] as string

const fieldOf = (error: unknown, name: "name" | "message" | "code" | "syscall"): string => {
  const value = (error as Record<string, unknown> | null | undefined)?.[name]
  return typeof value === "string" ? value : ""
}

/**
 * Returns the message of an error. An `AggregateError` (one error for each address of a host) has that of its first
 * error.
 */
export const messageOf = (error: unknown): string => {
  const first = error instanceof AggregateError ? (error.errors[0] as unknown) : undefined
  return fieldOf(error, "message") || fieldOf(first, "message") || fieldOf(error, "code") || String(error)
}

/**
 * Copies an error without anything that was sent to the server: without the command, which ioredis adds, and without
 * the parts of the command or of `secrets` that the server quotes.
 */
export const causeOf = (error: unknown, secrets: ReadonlyArray<string> = []): Error => {
  if (error instanceof Error && redacted.has(error)) return error
  const { name, stack } = error instanceof Error ? error : new Error()
  const message = isReply(error)
    ? redactedReply(messageOf(error), [...secrets, ...argumentsOf(error)])
    : redactedClientError(messageOf(error), secrets)
  const frames = stack?.match(/^ {4}at .*$/gm) ?? []
  const fields = (["code", "syscall"] as const).flatMap((field) => {
    const value = fieldOf(error, field)
    return value === "" ? [] : [[field, value] as const]
  })
  const cause = Object.assign(new Error(message), Object.fromEntries(fields), {
    name,
    stack: [`${name}: ${message}`, ...frames].join("\n")
  })
  redacted.add(cause)
  return cause
}

const redacted = new WeakSet<Error>()

const argumentsOf = (error: unknown): ReadonlyArray<unknown> => {
  const { command } = error as { readonly command?: { readonly args?: unknown } }
  return Array.isArray(command?.args) ? command.args : []
}

/** Converts an error of ioredis into an error of the store. `applied`: another part of the call was applied. */
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
