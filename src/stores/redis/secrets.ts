import type { Cluster, Redis } from "ioredis"

/** Returns the user names and passwords of a client. */
export const secretsOf = (client: Redis | Cluster): ReadonlyArray<string> => {
  const all =
    "nodes" in client
      ? [client.options.redisOptions, ...client.nodes().map(({ options }) => options)]
      : [client.options]
  const secrets = all.flatMap((options) => [
    options?.username,
    options?.password,
    options?.sentinelUsername,
    options?.sentinelPassword
  ])
  return [...new Set(secrets)].filter((secret) => typeof secret === "string")
}
