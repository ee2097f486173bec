import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { RegrantConfig } from '../config/config.js';
import { dataSourceOptions } from './data-source.js';

/** The connection pool. Each module brings its own entities. */
@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      inject: [RegrantConfig],
      useFactory: (config: RegrantConfig) => ({
        ...dataSourceOptions(config.databaseUrl ?? ''),
        autoLoadEntities: true,
        retryAttempts: 3,
        retryDelay: 1000,
      }),
    }),
  ],
})
export class DatabaseModule {}
