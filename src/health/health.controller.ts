import { type BeforeApplicationShutdown, Controller, Get } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { Open } from '../common/access.js';
import { Unavailable } from '../common/errors.js';

/** `live`: the process answers. `ready`: it can do its work, so send it traffic. */
@ApiExcludeController()
@Controller('health')
export class HealthController implements BeforeApplicationShutdown {
  private ending = false;

  constructor(private readonly dataSource: DataSource) {}

  beforeApplicationShutdown(): void {
    this.ending = true;
  }

  @Open()
  @Get('live')
  live() {
    return { status: 'ok' };
  }

  @Open()
  @Get('ready')
  async ready() {
    if (this.ending) throw new Unavailable();
    await this.dataSource.query('SELECT 1');
    return { status: 'ok' };
  }
}
