import * as Result from "effect/Result"

/** The options of ioredis that a URL can contain. */
export interface Address {
  host?: string
  port?: number
  /** The path of a Unix socket. */
  path?: string
  db?: number
  username?: string
  password?: string
  family?: number
  connectionName?: string
  tls?: object
}

/** The parameters that a URL may have after `?`. The rest of the URL takes precedence over them. */
const parameters = ["db", "family", "username", "password", "connectionName"] as const

export const maxDatabase = 2 ** 31 - 1

/**
 * Parses a URL, the path of a socket, or `host:port`. The failure never quotes the text, since the password may be
 * anywhere in a malformed URL.
 *
 * The parser of ioredis is too lenient: it reads any other scheme as a path, any parameter as an option, `/3abc` as
 * database 3, and `REDISS:` as a connection without TLS.
 */
export const parse = (text: string): Result.Result<Address, string> => {
  if (text === "") return Result.fail("must not be empty")
  if (/^\d+$/.test(text)) return portOf(text)
  const url = urlOf(text)
  if (url === undefined) return Result.fail(expected)
  return Result.getOrElse(
    Result.try(() => addressOf(url)),
    () => Result.fail(`is not well-formed: ${expected}`)
  )
}

const expected = "must begin with redis:// or rediss://, or be the path of a Unix socket"

const socket = /^(redis\+)?(unix|socket):/i

/** Adds a scheme if there is none. Returns `undefined` if the scheme is not supported. */
const urlOf = (text: string): string | undefined => {
  if (text.startsWith("//")) return `redis:${text}`
  if (text.startsWith("/")) return `unix://${encodeURI(text).replaceAll("#", "%23")}`
  if (/^rediss?:\/\//i.test(text) || socket.test(text)) return text
  return text.includes("/") ? undefined : `redis://${text}`
}

/** Throws if the text is not a URL, or is not escaped correctly. */
const addressOf = (text: string): Result.Result<Address, string> => {
  const { protocol, hostname, port, pathname, username, password, searchParams, hash } = new URL(text)
  // If a password contains an unescaped "#", `URL` reads its beginning as the host, and the rest as the hash.
  if (hash !== "") return Result.fail('must write "#" as "%23"')
  const address: Address = {}
  for (const [name, value] of searchParams) {
    if (!isParameter(name)) return Result.fail(`has an unknown parameter: the known ones are ${parameters.join(", ")}`)
    if (name !== "db" && name !== "family") address[name] = value
    else if (/^\d+$/.test(value)) address[name] = Number(value)
    else return Result.fail(`must have a whole number as its ${name === "db" ? "database" : name}`)
  }
  if (username !== "" || password !== "") {
    address.username = decodeURIComponent(username)
    address.password = decodeURIComponent(password)
  }
  if (hostname !== "") address.host = decodeURIComponent(hostname).replace(/^\[|\]$/g, "")
  if (port !== "") {
    if (Number(port) === 0) return Result.fail("must have a port from 1 to 65535")
    address.port = Number(port)
  }
  const isSocket = socket.test(protocol)
  if (isSocket || (hostname === "" && protocol === "redis:" && /^\/.*\/|\.sock$/.test(pathname))) {
    if (hostname !== "" || pathname.length < 2) return Result.fail("must have the path of a Unix socket, and no host")
    address.path = decodeURIComponent(pathname)
  } else if (/^\/\d+$/.test(pathname)) {
    address.db = Number(pathname.slice(1))
  } else if (pathname !== "" && pathname !== "/") {
    return Result.fail("must have a whole number as its database")
  }
  if (address.db !== undefined && address.db > maxDatabase) {
    return Result.fail(`must have a database of at most ${maxDatabase}`)
  }
  return Result.succeed(protocol === "rediss:" ? { ...address, tls: {} } : address)
}

const isParameter = (name: string): name is (typeof parameters)[number] =>
  (parameters as ReadonlyArray<string>).includes(name)

const portOf = (text: string): Result.Result<Address, string> => {
  const port = Number(text)
  return port >= 1 && port <= 65_535 ? Result.succeed({ port }) : Result.fail("must have a port from 1 to 65535")
}
