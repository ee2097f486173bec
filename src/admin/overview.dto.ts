import { ApiProperty } from '@nestjs/swagger';
import { type Counts } from '../tokens/authorization-counts.js';
import { AuthorizationAnswer } from './authorization.dto.js';
import { RunAnswer } from './renewal.dto.js';

class StatusCounts {
  @ApiProperty({ description: 'Tokens can be had' })
  active: number;

  @ApiProperty({ description: 'Amazon refuses them; their sellers must connect again' })
  reauthorization_required: number;

  @ApiProperty({ description: 'Ended by the seller or an operator' })
  disconnected: number;
}

class RenewalCounts {
  @ApiProperty()
  current: number;

  @ApiProperty({ description: 'From the first reminder on' })
  due: number;

  @ApiProperty({ description: 'After the date' })
  overdue: number;

  @ApiProperty({ description: 'Without a date: self-authorizations, and disconnected ones' })
  not_applicable: number;
}

export class CountsAnswer implements Counts {
  @ApiProperty()
  status: StatusCounts;

  @ApiProperty()
  renewal: RenewalCounts;
}

export class ApplicationCountsAnswer extends CountsAnswer {
  @ApiProperty({ format: 'uuid' })
  applicationId: string;

  @ApiProperty()
  name: string;
}

export class ExpiringSecretAnswer {
  @ApiProperty({ format: 'uuid' })
  applicationId: string;

  @ApiProperty({ description: 'Of the application' })
  name: string;

  @ApiProperty({ format: 'date-time' })
  expiresAt: Date;

  @ApiProperty({ description: 'Begun days count; zero or less: it has expired' })
  daysLeft: number;
}

export class OverviewAnswer {
  @ApiProperty({ description: 'All authorizations that this API key may see' })
  authorizations: CountsAnswer;

  @ApiProperty({
    type: [ApplicationCountsAnswer],
    description: 'The same for each application, oldest first',
  })
  applications: ApplicationCountsAnswer[];

  @ApiProperty({
    type: [AuthorizationAnswer],
    description: 'Up to ten that are due or overdue, soonest first; all of them: GET /renewals',
  })
  soonestDue: AuthorizationAnswer[];

  @ApiProperty({
    type: [ExpiringSecretAnswer],
    description: 'Current client secrets that expire within 90 days or have expired, soonest first',
  })
  expiringSecrets: ExpiringSecretAnswer[];

  @ApiProperty({ type: RunAnswer, nullable: true, description: 'The newest renewal run, over or not' })
  lastRun: RunAnswer | null;
}
