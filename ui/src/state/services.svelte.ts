// The services, the zones they can be named in, and the one form that opens a service.
import { call, problemOf } from '../api/door';
import type { Exposure, Plan, Problem, Service, Zone } from '../api/types';
import { feed } from './feed';

class ServicesStore {
  list = $state<Service[]>([]);
  zones = $state<Zone[]>([]);
  loaded = $state(false);
  problem = $state<Problem | null>(null);

  async load(): Promise<void> {
    try {
      this.list = (await call('services', {})).services;
      this.problem = null;
    } catch (error) {
      this.problem = problemOf(error);
    }
    this.loaded = true;
  }

  preview(exposure: Exposure): Promise<Plan> {
    return call('preview', { change: { kind: 'expose', exposure } });
  }

  listen(): () => void {
    void this.load();
    const reload = () => void this.load();
    const stops = [
      feed.on('flow', reload),
      feed.on('run', ({ run }) => run.state !== 'running' && reload()),
      feed.onGap(reload),
    ];
    return () => stops.forEach((stop) => stop());
  }
}

export const services = new ServicesStore();
