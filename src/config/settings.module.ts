import { type DynamicModule, Module } from '@nestjs/common';
import { ConfigModule, ConfigService, registerAs } from '@nestjs/config';
import { RegrantConfig } from './config.js';

/** Makes the one validated `RegrantConfig` injectable everywhere. */
@Module({})
export class SettingsModule {
  static register(config: RegrantConfig): DynamicModule {
    return {
      module: SettingsModule,
      global: true,
      imports: [
        // The environment was read and validated before Nest starts; @nestjs/config holds the result.
        ConfigModule.forRoot({
          ignoreEnvFile: true,
          ignoreEnvVars: true,
          skipProcessEnv: true,
          load: [registerAs('regrant', () => config)],
        }),
      ],
      providers: [
        {
          provide: RegrantConfig,
          inject: [ConfigService],
          useFactory: (service: ConfigService) => service.getOrThrow<RegrantConfig>('regrant'),
        },
      ],
      exports: [RegrantConfig],
    };
  }
}
