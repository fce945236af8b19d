/**
 * `"up"`: all operations are expected to succeed. `"degraded"`: something fails, and something else makes up for it, or
 * only some operations fail. `"down"`: operations are expected to fail.
 *
 * @since 0.2.0
 */
export type Status = "up" | "degraded" | "down"

/**
 * Computes the status of a module from what it has reported itself, and from the statuses of its parts.
 *
 * @since 0.2.0
 */
export type Rule = (own: Status, parts: ReadonlyArray<Status>) => Status

/**
 * The worst status: the module needs all of its parts.
 *
 * @since 0.2.0
 */
export const everyPart: Rule = (own, parts) => {
  const all = [own, ...parts]
  if (all.includes("down")) return "down"
  return all.includes("degraded") ? "degraded" : "up"
}

/**
 * The module is down if it reports so, or if all of its parts are down. Otherwise it is degraded if anything is not up.
 *
 * @since 0.2.0
 */
export const anyPart: Rule = (own, parts) => {
  if (own === "down" || (parts.length > 0 && parts.every((part) => part === "down"))) return "down"
  return everyPart(own, parts) === "up" ? "up" : "degraded"
}
