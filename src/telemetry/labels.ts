import type * as Metric from "effect/Metric"
import { other } from "./attributes.ts"

/**
 * The labels of each family in a registry.
 *
 * A metric stays in its registry until the process ends, even if its layer is closed. So all layers of a process, open or
 * closed, share one limit per family.
 */
const registries = new WeakMap<Metric.MetricRegistry, Map<string, Set<string>>>()

/** Returns the label if the family has it or has room for it, otherwise `"_OTHER"`. */
export const bounded = (registry: Metric.MetricRegistry, family: string, label: string, max: number): string => {
  const labels = labelsOf(registry, family)
  if (label === other || labels.has(label)) return label
  if (labels.size >= max) return other
  labels.add(label)
  return label
}

const labelsOf = (registry: Metric.MetricRegistry, family: string): Set<string> => {
  let families = registries.get(registry)
  if (families === undefined) registries.set(registry, (families = new Map()))
  let labels = families.get(family)
  if (labels === undefined) families.set(family, (labels = new Set()))
  return labels
}

/** Returns the name of the family that a module's metrics use for the collections of a store. */
export const familyOf = (module: string, system: string, store: string | undefined): string =>
  JSON.stringify([module, system, store])
