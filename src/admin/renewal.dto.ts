import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';
import { IsMoment } from '../common/validation.js';
import { type Delivery, type DeliveryStatus, type SentTo } from '../events/delivery.entity.js';
import { type RenewalRun, type RunStatus, type RunTrigger } from '../renewal/renewal-run.entity.js';
import { ListQuery } from './list-query.dto.js';

export class RenewalQuery extends ListQuery {
  @ApiPropertyOptional({
    enum: ['due', 'overdue'],
    description: 'Left out: both; with `dueBefore`, whatever falls due before that',
  })
  @IsOptional()
  @IsIn(['due', 'overdue'], { message: 'must be due or overdue' })
  status?: 'due' | 'overdue';

  @ApiPropertyOptional({ type: String, format: 'date-time', description: 'Only what falls due before' })
  @IsOptional()
  @IsMoment()
  dueBefore?: Date;
}

export class ForecastQuery {
  @ApiPropertyOptional({ default: 12, minimum: 1, maximum: 120 })
  @IsOptional()
  @Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value,
  )
  @IsInt({ message: 'must be a whole number of months' })
  @Min(1, { message: 'must be at least 1' })
  @Max(120, { message: 'must be at most 120' })
  months: number = 12;
}

class ForecastMonth {
  @ApiProperty({ example: '2027-01', description: 'In UTC' })
  month: string;

  @ApiProperty({ description: 'Authorizations that are to be renewed in it' })
  count: number;
}

export class ForecastAnswer {
  @ApiProperty({ type: [ForecastMonth], description: 'This month first' })
  items: ForecastMonth[];
}

export class RunAnswer {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({
    enum: ['schedule', 'api', 'startup'],
    description: '`startup`: one that the schedule would have started while no process was there',
  })
  trigger: RunTrigger;

  @ApiProperty({
    enum: ['running', 'succeeded', 'failed'],
    description: '`failed`: nothing could be dealt with. A single failure does not stop a run',
  })
  status: RunStatus;

  @ApiProperty({ format: 'date-time' })
  startedAt: Date;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  finishedAt: Date | null;

  @ApiProperty({ description: 'Authorizations that were looked at' })
  examined: number;

  @ApiProperty({ description: 'Authorizations that became due' })
  flaggedDue: number;

  @ApiProperty({ description: 'Authorizations that became overdue' })
  flaggedOverdue: number;

  @ApiProperty({ description: 'Reminders to sellers' })
  remindersQueued: number;

  @ApiProperty({
    description: 'What could not be dealt with; the log names it, and the next run tries again',
  })
  failures: number;
}

export class RunListAnswer {
  @ApiProperty({ type: [RunAnswer], description: 'Newest first' })
  items: RunAnswer[];

  @ApiProperty({
    type: String,
    nullable: true,
    description: '`cursor` of the next page; null on the last one',
  })
  nextCursor: string | null;
}

export class ReminderAnswer {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ enum: ['renewal-reminder', 'renewal-overdue'], description: 'Before or after the due date' })
  template: string;

  @ApiProperty({ format: 'date-time', description: 'The due date that it tells of' })
  dueAt: string;

  @ApiProperty({
    enum: ['pending', 'sent', 'bounced', 'abandoned', 'dropped'],
    description:
      '`bounced`: the mail server refused it for good. `abandoned`: it could not be handed over for days. ' +
      '`dropped`: it was moot before it went out',
  })
  status: DeliveryStatus;

  @ApiProperty({ format: 'date-time', description: 'When it was queued' })
  createdAt: Date;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'When it was handed over' })
  sentAt: Date | null;

  @ApiProperty({
    type: String,
    enum: ['seller', 'contact', 'operator'],
    nullable: true,
    description: 'Whose address it went to: of the account, `contactEmail`, or OPERATOR_EMAIL',
  })
  sentTo: SentTo | null;

  @ApiProperty({ description: 'How often it was tried' })
  attempts: number;
}

export class ReminderListAnswer {
  @ApiProperty({ type: [ReminderAnswer], description: 'Newest first' })
  items: ReminderAnswer[];

  @ApiProperty({
    type: String,
    nullable: true,
    description: '`cursor` of the next page; null on the last one',
  })
  nextCursor: string | null;
}

export function showRun(run: RenewalRun): RunAnswer {
  const { id, trigger, status, startedAt, finishedAt } = run;
  const { examined, flaggedDue, flaggedOverdue, remindersQueued, failures } = run;
  return {
    ...{ id, trigger, status, startedAt, finishedAt },
    ...{ examined, flaggedDue, flaggedOverdue, remindersQueued, failures },
  };
}

export function showReminder(delivery: Delivery): ReminderAnswer {
  const { id, template, data, status, createdAt, finishedAt, sentTo, attempts } = delivery;
  const sentAt = status === 'sent' ? finishedAt : null;
  return { id, template, dueAt: String(data['dueAt']), status, createdAt, sentAt, sentTo, attempts };
}
