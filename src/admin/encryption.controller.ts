import { Controller, Get, Param, Post, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBearerAuth,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import { type FastifyReply } from 'fastify';
import { type ApiKey } from '../api-keys/api-key.entity.js';
import { CallingKey } from '../api-keys/api-key.guard.js';
import { RequireScope } from '../common/access.js';
import { ApiProblems } from '../common/api-problems.js';
import { Forbidden } from '../common/errors.js';
import { UuidParam } from '../common/validation.js';
import { RegrantConfig } from '../config/config.js';
import { KeyUsage } from '../crypto/key-usage.js';
import { Rotations } from '../crypto/rotations.service.js';
import { EncryptionAnswer, RotationAnswer, showRotation } from './encryption.dto.js';

@ApiTags('Encryption')
@ApiBearerAuth()
@Controller('api/v1/encryption')
export class EncryptionController {
  constructor(
    private readonly usage: KeyUsage,
    private readonly rotations: Rotations,
    private readonly config: RegrantConfig,
  ) {}

  @RequireScope('admin:read')
  @Get()
  @ApiOperation({ summary: 'The configured keys, and how many values each of them seals' })
  @ApiOkResponse({ type: EncryptionAnswer })
  @ApiProblems(401, 403)
  async keys(): Promise<EncryptionAnswer> {
    const running = await this.rotations.running();
    return {
      provider: this.config.keyProvider.provider,
      keys: await this.usage.report(),
      rotation: running && showRotation(running),
    };
  }

  @RequireScope('admin:write')
  @Post('rotations')
  @ApiOperation({ summary: 'Seal all values anew, under a fresh data key of the first key' })
  @ApiAcceptedResponse({ type: RotationAnswer, description: 'Started' })
  @ApiOkResponse({ type: RotationAnswer, description: 'One is running already: this one' })
  @ApiProblems(401, 403)
  async rotate(
    @CallingKey() key: ApiKey,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RotationAnswer> {
    if (key.applicationIds)
      throw new Forbidden('A rotation concerns every application; this API key is limited to some.');
    const { rotation, started } = await this.rotations.start(`api-key:${key.clientId}`);
    void reply.status(started ? 202 : 200);
    return showRotation(rotation);
  }

  @RequireScope('admin:read')
  @Get('rotations/:id')
  @ApiOperation({ summary: 'How far a rotation is' })
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOkResponse({ type: RotationAnswer })
  @ApiProblems(400, 401, 403, 404)
  async rotation(@Param('id', UuidParam) id: string): Promise<RotationAnswer> {
    return showRotation(await this.rotations.byId(id));
  }
}
