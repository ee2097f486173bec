import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Event } from './event.entity.js';
import { EventLog } from './event-log.js';

@Module({ imports: [TypeOrmModule.forFeature([Event])], providers: [EventLog], exports: [EventLog] })
export class EventsModule {}
