import { isUtf8 } from "node:buffer"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { CallBase } from "../../driver/Call.ts"
import { LatelyListed, type Listed } from "../../internal/Listed.ts"
import { type Place, StoreUnavailableError } from "../../KeyValueError.ts"
import { type Failure, keyPrefixOf, send, within } from "./commands.ts"
import { type Client, type Connection, given, isCluster } from "./connection.ts"
import { patternOf } from "./names.ts"
import { type Server, sameServer, serverOf } from "./server.ts"

/** How many keys are remembered, so that those which SCAN repeats, while the server resizes its table, are listed once. */
const remembered = 2_500

/** What remembers keys, of which there are many, and of which SCAN alone may repeat some. */
const keysListed = (): Listed => new LatelyListed(remembered)

/** The least number of keys that the server looks at for a page, so that a small page is not a thousand round trips. */
const minCount = 1000

/** Where a page starts. A page may be asked for again. */
export interface Cursor {
  /** The number of the page. */
  readonly page: number
  /** The masters of a cluster, by address; one server is `""`. */
  readonly nodes: ReadonlyArray<string>
  /** Which of them is next, and its own cursor. */
  readonly node: number
  readonly position: string
  /** The server that gave the position. */
  readonly server: Server | undefined
  readonly listed: Listed
}

export interface Scanned {
  /** Names without the client's own prefix. */
  readonly names: ReadonlyArray<string>
  readonly next: Cursor | undefined
  /** Those of some names that no earlier page listed. */
  readonly fresh: (names: Iterable<string>) => ReadonlyArray<string>
}

/** The names of strings that start with the given text, page by page. */
export const scan = Effect.fnUntraced(function* (
  connection: Connection,
  call: CallBase,
  start: string,
  options: { readonly cursor: Cursor | undefined; readonly pageSize: number },
  listed: () => Listed = keysListed
): Effect.fn.Return<Scanned, Failure> {
  if (!connection.isReady()) yield* within(call.limit, connection.becomeReady(call.place))
  const cursor = options.cursor ?? first(connection.client, listed())
  const node = yield* nodeAt(connection.client, cursor, call.place)
  const prefix = keyPrefixOf(connection.client)
  const count = Math.max(options.pageSize, minCount)
  const args = [cursor.position, "MATCH", patternOf(prefix + start), "COUNT", count, "TYPE", "string"]
  let [position, names] = yield* send(
    node,
    call,
    ["scan", ...args],
    Exit.succeed<readonly [string, ReadonlyArray<string>]>
  )
  if (names.some(mayBeInvalid)) {
    // As bytes, which take twice the memory, one can tell what is not UTF-8.
    const [next, bytes] = yield* send(
      node,
      call,
      ["scanBuffer", ...args],
      Exit.succeed<readonly [Buffer, ReadonlyArray<Buffer>]>
    )
    position = next.toString()
    names = bytes.filter(isUtf8).map(String)
  }
  const known = cursor.server && (yield* sameServer(node, call, cursor.server))
  const server = position === "0" ? undefined : (known ?? (yield* serverOf(node, call)))
  return {
    names: prefix === "" ? names : names.map((name) => name.slice(prefix.length)),
    next: after(cursor, position, server),
    fresh: (names) => cursor.listed.fresh(names, cursor.page)
  }
})

/** Has it the character that stands for bytes which are not UTF-8? */
const mayBeInvalid = (name: string): boolean => name.includes("\uFFFD")

const first = (client: Client, listed: Listed): Cursor => ({
  page: 0,
  nodes: isCluster(client) ? mastersOf(client).map(([address]) => address) : [""],
  node: 0,
  position: "0",
  server: undefined,
  listed
})

const after = (cursor: Cursor, position: string, server: Server | undefined): Cursor | undefined => {
  const next = { ...cursor, page: cursor.page + 1, position, server }
  if (position !== "0") return next
  return cursor.node + 1 < cursor.nodes.length ? { ...next, node: cursor.node + 1 } : undefined
}

const mastersOf = (client: Client) =>
  isCluster(client)
    ? client.nodes("master").map((node) => [`${node.options.host}:${node.options.port}`, node] as const)
    : []

/** The connection to the node of a page. An enumeration cannot go on without it, since it would be incomplete. */
const nodeAt = (client: Client, cursor: Cursor, place: Place): Effect.Effect<Connection, StoreUnavailableError> =>
  Effect.suspend(() => {
    if (!isCluster(client)) return Effect.succeed(given(client))
    const address = cursor.nodes[cursor.node]
    const found = mastersOf(client).find(([other]) => other === address)
    return found === undefined
      ? Effect.fail(
          new StoreUnavailableError({ ...place, reason: `the cluster lost its master ${address}`, sent: false })
        )
      : Effect.succeed(given(found[1]))
  })
