import { ApiProperty } from '@nestjs/swagger';
import { type EncryptionRotation, type RotationStatus } from '../crypto/encryption-rotation.entity.js';

class DataKeyAnswer {
  @ApiProperty({ example: 'dk_o3R1vXx0aQ2b' })
  id: string;

  @ApiProperty({ format: 'date-time' })
  createdAt: Date;

  @ApiProperty({ description: 'Whether it seals new values' })
  current: boolean;

  @ApiProperty({ description: 'How many values it seals' })
  values: number;
}

class KeyAnswer {
  @ApiProperty({ example: 'k1' })
  id: string;

  @ApiProperty({ enum: ['local', 'aws-kms', 'vault-transit'] })
  provider: string;

  @ApiProperty({ description: 'Whether it wraps new data keys' })
  current: boolean;

  @ApiProperty({ description: 'How many values are sealed under its data keys' })
  values: number;

  @ApiProperty({
    type: [DataKeyAnswer],
    description: 'The data keys that it wraps. Without any, it can be dropped.',
  })
  dataKeys: DataKeyAnswer[];
}

export class RotationAnswer {
  @ApiProperty({ format: 'uuid' })
  id: string;

  @ApiProperty({ enum: ['running', 'succeeded', 'failed'] })
  status: RotationStatus;

  @ApiProperty({ format: 'date-time' })
  startedAt: Date;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  finishedAt: Date | null;

  @ApiProperty({ description: 'Values to seal anew' })
  total: number;

  @ApiProperty({ description: 'Values sealed anew so far' })
  done: number;

  @ApiProperty({ description: 'Values that do not open, left as they are' })
  failures: number;

  @ApiProperty({ type: String, nullable: true, description: 'Why it failed' })
  reason: string | null;
}

export class EncryptionAnswer {
  @ApiProperty({ enum: ['local', 'aws-kms', 'vault-transit'], description: 'Wraps new data keys' })
  provider: string;

  @ApiProperty({ type: [KeyAnswer] })
  keys: KeyAnswer[];

  @ApiProperty({ type: RotationAnswer, nullable: true, description: 'The rotation that is running' })
  rotation: RotationAnswer | null;
}

export function showRotation(rotation: EncryptionRotation): RotationAnswer {
  const { id, status, startedAt, finishedAt, total, done, failures, reason } = rotation;
  return { id, status, startedAt, finishedAt, total, done, failures, reason };
}
