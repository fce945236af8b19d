import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type Driver, KeyValue, Replicate } from "../../../src/index.ts"
import { Stores } from "../../../src/wrappers/replicate/Stores.ts"
import { store } from "../fallback/setup.ts"

type Options = Omit<Replicate.Options<never>, "replicas">

/** Stores and a layer of all of them. Each time the layer is provided stands for a new process. */
export const setup = (count: number, options: Options = {}) =>
  Effect.map(Effect.all(Array.from({ length: count }, () => store)), (stores) => {
    const [first, ...rest] = stores
    const layer = Layer.fresh(
      first!.layer.pipe(Replicate.wrap({ replicas: rest.map(({ layer }) => layer), ...options }))
    )
    const held = (key: string) => Effect.forEach(stores, ({ kv }) => kv.get(key))
    return { plans: stores.map(({ plan }) => plan), kvs: stores.map(({ kv }) => kv), held, layer }
  })

export const inProcess = <A, E>(
  layer: Layer.Layer<KeyValue.KeyValue, E>,
  f: (kv: KeyValue.Service) => Effect.Effect<A, unknown>
) => Effect.provide(KeyValue.KeyValue.use(f), layer)

/** Drivers combined into one, with the internal state that tests look at. */
export const stored = (drivers: ReadonlyArray<Driver.Driver>, config: { required?: number; maxBehind?: number } = {}) =>
  new Stores({
    drivers,
    required: config.required ?? 1,
    settleTime: 1000,
    pause: 1000,
    maxBehind: config.maxBehind ?? 10_000,
    onChange: () => {},
    onRepaired: () => {}
  })

/** Whether no operation is under way and no turn is held or waited for. */
export const isAtRest = ({ ledger, queues, undecided }: Stores): boolean =>
  ledger.all().every(({ totalUnderWay, underWay }) => totalUnderWay === 0 && underWay.every((count) => count === 0)) &&
  queues.every(({ size }) => size === 0) &&
  undecided.size === 0

export const aWhile = Effect.replicateEffect(Effect.yieldNow, 100, { discard: true })
