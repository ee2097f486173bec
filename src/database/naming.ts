import { DefaultNamingStrategy } from 'typeorm';

/** Columns in snake_case; tables are named by their entities, keys and indexes by name on the entity. */
export class SnakeCase extends DefaultNamingStrategy {
  override columnName(propertyName: string, customName: string): string {
    return customName || propertyName.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  }
}
