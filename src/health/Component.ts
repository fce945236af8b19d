import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Result from "effect/Result"
import { ChangeLog } from "./ChangeLog.ts"
import { everyPart, type Rule, type Status } from "./Status.ts"

/**
 * The state of a store or a wrapper at one moment, with the states of its parts.
 *
 * @since 0.2.0
 */
export interface Snapshot {
  /** The module, such as `"Redis"` or `"CircuitBreaker"`. For a store without states, its `system`. */
  readonly module: string
  /** The `store` option of the module. */
  readonly name: string | undefined
  readonly status: Status
  /** When the status began, in milliseconds since the epoch. */
  readonly since: number
  /** Why the status is not `"up"`, in full sentences. It may name hosts and ports, but no keys, values or passwords. */
  readonly reason: string | undefined
  /** What is inside: the wrapped store, and the other stores of a combination. */
  readonly parts: ReadonlyArray<Snapshot>
}

export interface Options {
  readonly module: string
  readonly system: string
  readonly name?: string | undefined
  readonly parts?: ReadonlyArray<Component> | undefined
  readonly rule?: Rule | undefined
  readonly covers?: (() => boolean) | undefined
}

/**
 * The state of a store or a wrapper. {@link Component.to} changes it.
 *
 * @since 0.2.0
 */
export class Component {
  /** The services that the layer was built with. */
  readonly context: Context.Context<never>
  private readonly options: Options
  private readonly parts: ReadonlyArray<Component>
  private readonly log: ChangeLog
  private readonly parents = new Set<Component>()
  private readonly listeners = new Set<() => void>()
  private readonly finalizers: Array<() => void> = []
  private own: Status = "up"
  private reason: string | undefined
  private total: Status
  private since: number
  private isClosed = false

  constructor(context: Context.Context<never>, options: Options) {
    this.context = context
    this.options = options
    this.parts = options.parts ?? []
    this.log = new ChangeLog(context, options)
    for (const part of this.parts) part.parents.add(this)
    this.total = this.compute()
    this.since = this.time()
  }

  /** The status, in which those of the parts are included. */
  get status(): Status {
    return this.total
  }

  /** Whether the last status that the module itself reported is `"up"`. */
  get isUp(): boolean {
    return this.own === "up"
  }

  get isDown(): boolean {
    return this.own === "down"
  }

  /**
   * Reports the state of the module, without its parts, with the reason in full sentences. Logs the change and tells `Health`. Does nothing if neither the
   * status nor the reason has changed, and after the layer was closed.
   */
  to(status: Status, reason: string): void {
    if (this.isClosed || (status === this.own && (status === "up" || reason === this.reason))) return
    this.own = status
    this.reason = reason
    this.log.add(status, reason)
    this.update()
  }

  /** Computes the status again, after something that the rule depends on has changed. */
  update(): void {
    const status = this.compute()
    if (status !== this.total) {
      this.total = status
      this.since = this.time()
    }
    for (const listener of [...this.listeners]) listener()
    for (const parent of [...this.parents]) parent.update()
  }

  /** Whether a failed read of the whole stack is no outage, because a module makes up for it. */
  get covers(): boolean {
    const { covers } = this.options
    return covers === undefined ? this.parts.length === 1 && this.parts[0]!.covers : covers()
  }

  get snapshot(): Snapshot {
    const { module, name } = this.options
    const parts = this.parts.map((part) => part.snapshot)
    const reason = this.isUp ? parts.find(({ status }) => status !== "up")?.reason : this.reason
    return {
      module,
      name,
      status: this.total,
      since: this.since,
      reason: this.total === "up" ? undefined : reason,
      parts
    }
  }

  /** Calls a function after each change of the module or of a part, until the returned function is called. */
  listen(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  /** Runs a function when the layer is closed. */
  onClose(finalizer: () => void): void {
    this.finalizers.push(finalizer)
  }

  close(): void {
    this.isClosed = true
    this.log.close()
    for (const finalizer of this.finalizers) finalizer()
    for (const part of this.parts) part.parents.delete(this)
  }

  /** A rule that throws counts as if every part was needed. */
  private compute(): Status {
    const statuses = this.parts.map(({ status }) => status)
    const { rule = everyPart } = this.options
    return Result.getOrElse(
      Result.try(() => rule(this.own, statuses)),
      () => everyPart(this.own, statuses)
    )
  }

  private time(): number {
    return Context.get(this.context, Clock.Clock).currentTimeMillisUnsafe()
  }
}
