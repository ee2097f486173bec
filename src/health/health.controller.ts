import { type BeforeApplicationShutdown, Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { Open } from '../common/access.js';
import { ApiProblems } from '../common/api-problems.js';
import { Unavailable } from '../common/errors.js';

class HealthAnswer {
  @ApiProperty({ enum: ['ok'] })
  status: string;
}

/** `live`: the process answers. `ready`: it can do its work, so send it traffic. */
@ApiTags('Health')
@Controller('health')
export class HealthController implements BeforeApplicationShutdown {
  private ending = false;

  constructor(private readonly dataSource: DataSource) {}

  beforeApplicationShutdown(): void {
    this.ending = true;
  }

  @Open()
  @Get('live')
  @ApiOperation({ summary: 'Whether the process runs' })
  @ApiOkResponse({ type: HealthAnswer, description: 'It runs' })
  live(): HealthAnswer {
    return { status: 'ok' };
  }

  @Open()
  @Get('ready')
  @ApiOperation({ summary: 'Whether it can do its work, so that it should get traffic' })
  @ApiOkResponse({ type: HealthAnswer, description: 'It can' })
  @ApiProblems(503)
  async ready(): Promise<HealthAnswer> {
    if (this.ending) throw new Unavailable();
    await this.dataSource.query('SELECT 1');
    return { status: 'ok' };
  }
}
