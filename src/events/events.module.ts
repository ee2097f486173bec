import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Deliveries } from './deliveries.service.js';
import { Delivery } from './delivery.entity.js';
import { DeliveryAttempts } from './delivery-attempts.service.js';
import { Dispatcher } from './dispatcher.js';
import { Event } from './event.entity.js';
import { EventLog } from './event-log.js';

/** What happened, and what is to be told of it. */
@Module({
  imports: [TypeOrmModule.forFeature([Event, Delivery])],
  providers: [EventLog, Deliveries, DeliveryAttempts, Dispatcher],
  exports: [EventLog, Deliveries, Dispatcher],
})
export class EventsModule {}
