import * as Context from "effect/Context"
import * as Atomic from "../../Atomic.ts"
import * as Enumeration from "../../Enumeration.ts"
import * as Health from "../../Health.ts"
import * as KeyValue from "../../KeyValue.ts"
import * as Maintenance from "../../Maintenance.ts"

/** The services that a stack provides. */
export interface Services {
  readonly kv: KeyValue.Service
  readonly atomic: Atomic.Service | undefined
  readonly enumeration: Enumeration.Service | undefined
  readonly maintenance: Maintenance.Service | undefined
  readonly health: Health.Service | undefined
}

export const servicesOf = (context: Context.Context<KeyValue.KeyValue>): Services => {
  const all = context as Context.Context<any>
  return {
    kv: Context.get(context, KeyValue.KeyValue),
    atomic: Context.getOrUndefined(all, Atomic.Atomic),
    enumeration: Context.getOrUndefined(all, Enumeration.Enumeration),
    maintenance: Context.getOrUndefined(all, Maintenance.Maintenance),
    health: Context.getOrUndefined(all, Health.Health)
  }
}
