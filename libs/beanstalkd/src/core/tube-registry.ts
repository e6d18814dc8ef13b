import { RotatingSet } from './rotating-set.js';
import { Tube } from './tube.js';

/** Every existing tube; `default` always exists. A tube nobody refers to any more is gone. */
export class TubeRegistry {
  readonly default: Tube;
  private readonly byName = new Map<string, Tube>();
  private readonly order = new RotatingSet<Tube>();

  constructor(private readonly onRemoved: (tube: Tube) => void) {
    this.default = this.ensure('default');
    this.hold(this.default);
  }

  get size(): number {
    return this.byName.size;
  }

  list(): readonly Tube[] {
    return this.order.values();
  }

  find(name: string): Tube | undefined {
    return this.byName.get(name);
  }

  ensure(name: string): Tube {
    const known = this.byName.get(name);
    if (known) return known;
    const tube = new Tube(name);
    this.byName.set(name, tube);
    this.order.append(tube);
    return tube;
  }

  hold(tube: Tube): void {
    tube.references += 1;
  }

  release(tube: Tube): void {
    tube.references -= 1;
    if (tube.references > 0) return;
    this.byName.delete(tube.name);
    this.order.remove(tube);
    this.onRemoved(tube);
  }
}
