import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { Deliveries, type NewDelivery } from '../../src/events/deliveries.service.js';
import { Dispatcher } from '../../src/events/dispatcher.js';
import { type TestApp } from './app.js';

/** Queues a mail about locking, which needs no link and no authorization, unless told otherwise. */
export async function queue(app: TestApp, delivery: Partial<NewDelivery>): Promise<boolean> {
  const whole = {
    channel: 'mail',
    key: randomUUID(),
    template: 'account-locked',
    recipient: 'seller' as const,
    data: { minutes: 15 },
    ...delivery,
  };
  return app.nest.get(DataSource).transaction((manager) => app.nest.get(Deliveries).queue(manager, whole));
}

/** Sends all that is due now; resolves when that has been tried. */
export const drain = (...apps: TestApp[]): Promise<unknown> =>
  Promise.all(apps.map((app) => app.nest.get(Dispatcher).drain()));

export interface DeliveryRow {
  id: string;
  key: string;
  template: string;
  status: string;
  attempts: number;
  last_error: string | null;
  sent_to: string | null;
}

export async function deliveries(app: TestApp, where = 'true'): Promise<DeliveryRow[]> {
  return app.database.query<DeliveryRow & Record<string, unknown>>(
    `SELECT * FROM deliveries WHERE ${where} ORDER BY created_at, key`,
  );
}

/** A seller account made by a program: without a password, and without a mail. */
export async function makeSeller(
  app: TestApp,
  fields: { email?: string; locale?: string } = {},
): Promise<{ id: string; email: string }> {
  const id = randomUUID();
  const email = fields.email ?? `${id}@example.com`;
  await app.database.query(
    `INSERT INTO sellers (id, email, locale, created_at, updated_at) VALUES ($1, $2, $3, now(), now())`,
    [id, email, fields.locale ?? 'en'],
  );
  return { id, email };
}
