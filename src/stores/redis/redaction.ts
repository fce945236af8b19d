import * as Result from "effect/Result"

/** The maximum number of characters of a server's text that are shown. */
const maxLength = 300

/** The beginnings of known replies that quote nothing. */
const knownReplies = [
  "BUSY Redis is busy running a script",
  "CLUSTERDOWN Hash slot not served",
  "CLUSTERDOWN The cluster is down",
  "ERR DB index is out of range",
  "ERR invalid DB index",
  "ERR invalid password",
  "ERR max number of clients reached",
  "ERR operation not permitted",
  "ERR SELECT is not allowed in cluster mode",
  "ERR syntax error",
  "ERR unknown command",
  "ERR wrong number of arguments",
  "LOADING Redis is loading the dataset in memory",
  "MASTERDOWN Link with MASTER is down",
  "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk",
  "NOAUTH Authentication required",
  "NOAUTH HELLO must be called with the client already authenticated",
  "NOREPLICAS Not enough good replicas to write",
  "NOSCRIPT No matching script",
  "OOM command not allowed when used memory > 'maxmemory'",
  "READONLY You can't write against a read only replica",
  "TRYAGAIN Multiple keys request during rehashing of slot",
  "WRONGPASS invalid username-password pair or user is disabled",
  "WRONGTYPE Operation against a key holding the wrong kind of value"
]

/**
 * Returns the error reply of a server without anything that was sent to the server.
 *
 * Servers, and proxies in front of them, quote what they received, such as a wrong password or the value for which a
 * script failed. So all quoted text is removed, and each word that was sent or is a part of something that was sent.
 */
export const redactedReply = (text: string, sent: ReadonlyArray<unknown>): string => {
  const known = knownReplies.find((start) => text.startsWith(start))
  if (known !== undefined) return known
  const [line = ""] = text.split(/[\r\n]/, 1)
  const [unquoted = "", ...quoted] = line.split(/(?<!\w)["'`]/)
  const shown = without(unquoted.slice(0, maxLength), textsOf(sent), true)
  return quoted.length > 0 || unquoted.length > maxLength ? `${shown.trimEnd()} …` : shown
}

/** Returns the message of an error of ioredis itself, without secrets. */
export const redactedClientError = (text: string, secrets: ReadonlyArray<string>): string =>
  without(text, textsOf(secrets), false)

/** The minimum length of a part that is removed. Shorter parts occur in common words. */
const minPart = 4

/** Removes everything that was sent. With `parts`, also removes words that are a part of something that was sent. */
const without = (text: string, sent: ReadonlyArray<string>, parts: boolean): string =>
  sent
    .reduce((rest, it) => (it.length < minPart ? rest : rest.replaceAll(it, "…")), text)
    .split(/(\s+)/)
    .map((word) => (word.trim() !== "" && wasSent(word, sent, parts) ? "…" : word))
    .join("")

/** Matches a code such as `WRONGTYPE`, which servers do not copy from a request. */
const code = /^[A-Z]{2,16}$/

const wasSent = (word: string, sent: ReadonlyArray<string>, parts: boolean): boolean =>
  formsOf(word).some((form) =>
    sent.some((it) => {
      if (form === it) return true
      if (code.test(form)) return false
      return (it.length >= minPart && form.includes(it)) || (parts && form.length >= minPart && it.includes(form))
    })
  )

/** Returns a word and its parts, each also decoded from Base64 and from percent-encoding. */
const formsOf = (word: string): ReadonlyArray<string> =>
  [word, ...word.split(/[^\p{L}\p{N}%+_-]+/u)].flatMap((part) => [
    part,
    latin1(Buffer.from(part)),
    latin1(Buffer.from(part, "base64")),
    Result.getOrElse(
      Result.try(() => decodeURIComponent(part)),
      () => part
    )
  ])

/** The length of arguments that is searched. Servers quote only the beginning of a long argument. */
const maxSent = 64 * 1024

const textsOf = (sent: ReadonlyArray<unknown>): ReadonlyArray<string> =>
  sent
    .map((it) => (it instanceof Uint8Array ? latin1(it.subarray(0, maxSent)) : String(it).slice(0, maxSent)))
    .filter((text) => text !== "")

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1")
