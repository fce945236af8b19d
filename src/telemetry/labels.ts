import type * as Metric from "effect/Metric"
import { other } from "./attributes.ts"

/**
 * The labels that a registry has of each family.
 *
 * A series stays in its registry for as long as the process lives: whatever becomes of the layer that made it. So the
 * labels of one family are counted together, over all layers that are, were or will be.
 */
const registries = new WeakMap<Metric.MetricRegistry, Map<string, Set<string>>>()

/** The label, if the family has it or has room for it; else the one of all others. */
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

/** The family of the collections of a store in the metrics of a module. */
export const familyOf = (module: string, system: string, store: string | undefined): string =>
  JSON.stringify([module, system, store])
