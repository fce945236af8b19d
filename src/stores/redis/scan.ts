import { isUtf8 } from "node:buffer"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { CallBase } from "../../driver/Call.ts"
import { LatelyListed, type Listed } from "../../driver/listing/Listed.ts"
import { type Failure, keyPrefixOf, send, withinLimit } from "./commands.ts"
import { type Connection, isCluster } from "./connection.ts"
import { patternOf } from "./names.ts"
import { addressOf, firstRound, isRead, nextRound, type Round } from "./rounds.ts"
import { type Server, sameServer, serverOf } from "./server.ts"
import { slotOf } from "./slots.ts"
import { masterAt } from "./topology.ts"

/** How many keys are remembered to filter out repetitions. `SCAN` repeats keys while the server resizes its table. */
const remembered = 2_500

/** Remembers only the latest keys, because there may be many keys, and `SCAN` repeats a key soon. */
const keysListed = (): Listed => new LatelyListed(remembered)

/**
 * The minimum number of keys that the server checks for a page, so that a small page does not take many round trips.
 */
const minCount = 1000

/** The start of a page. The same page may be read several times. */
export interface Cursor {
  /** The number of the page. */
  readonly page: number
  /** The cursor of the server. */
  readonly position: string
  /** The server that returned the position. */
  readonly server: Server | undefined
  readonly listed: Listed
  /** In a cluster, the master from which each slot is read. */
  readonly round: Round | undefined
}

export interface Scanned {
  /** The names without the prefix that the client itself adds. */
  readonly names: ReadonlyArray<string>
  readonly next: Cursor | undefined
  /** Returns the names that no earlier page has listed. */
  readonly fresh: (names: Iterable<string>) => ReadonlyArray<string>
}

/** Returns a page of the names that start with the given text and whose value is a string. */
export const scan = Effect.fnUntraced(function* (
  connection: Connection,
  call: CallBase,
  start: string,
  options: { readonly cursor: Cursor | undefined; readonly pageSize: number },
  listed: () => Listed = keysListed
): Effect.fn.Return<Scanned, Failure> {
  if (!connection.isReady()) yield* withinLimit(call.limit, connection.becomeReady(call.place))
  const { client } = connection
  const cursor = options.cursor ?? {
    page: 0,
    position: "0",
    server: undefined,
    listed: listed(),
    round: isCluster(client) ? yield* firstRound(connection, client, call) : undefined
  }
  const { round } = cursor
  const node = round && isCluster(client) ? yield* masterAt(connection, client, addressOf(round), call) : connection
  const prefix = keyPrefixOf(client)
  const count = Math.max(options.pageSize, minCount)
  const args = [cursor.position, "MATCH", patternOf(prefix + start), "COUNT", count, "TYPE", "string"]
  let [position, names] = yield* send(
    node,
    call,
    ["scan", ...args],
    Exit.succeed<readonly [string, ReadonlyArray<string>]>
  )
  if (names.some(mayBeInvalid)) {
    // Only bytes show which names are not UTF-8. Bytes take twice the memory, so they are read only if needed.
    const [next, bytes] = yield* send(
      node,
      call,
      ["scanBuffer", ...args],
      Exit.succeed<readonly [Buffer, ReadonlyArray<Buffer>]>
    )
    position = next.toString()
    names = bytes.filter(isUtf8).map(String)
  }
  if (round) names = names.filter((name) => isRead(round, slotOf(name)))
  const known = cursor.server && (yield* sameServer(node, call, cursor.server))
  const server = position === "0" ? undefined : (known ?? (yield* serverOf(node, call)))
  const next = { ...cursor, page: cursor.page + 1, position, server }
  return {
    names: prefix === "" ? names : names.map((name) => name.slice(prefix.length)),
    next: position === "0" ? yield* afterNode(connection, call, next) : next,
    fresh: (names) => cursor.listed.fresh(names, cursor.page)
  }
})

/** Returns whether a name contains the replacement character, which may stand for bytes that are not UTF-8. */
const mayBeInvalid = (name: string): boolean => name.includes("\uFFFD")

const afterNode = (
  connection: Connection,
  call: CallBase,
  cursor: Cursor
): Effect.Effect<Cursor | undefined, Failure> =>
  cursor.round && isCluster(connection.client)
    ? Effect.map(nextRound(connection, connection.client, call, cursor.round), (round) => round && { ...cursor, round })
    : Effect.undefined
