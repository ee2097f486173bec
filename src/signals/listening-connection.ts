import pg from 'pg';

/** Milliseconds in which the server must accept the connection, and in which it must answer anything on it. */
const CONNECT_TIMEOUT = 5000;
const ANSWER_TIMEOUT = 2000;

/** A connection of its own that LISTENs: not from the pool, and not through a transaction pooler. */
export class ListeningConnection {
  private constructor(private readonly client: pg.Client) {}

  /**
   * @param hear gets the payload of every notification
   * @param lost is called when the connection ends, whoever ended it
   */
  static async open(
    url: string,
    channel: string,
    hear: (payload: string) => void,
    lost: () => void,
  ): Promise<ListeningConnection> {
    const client = new pg.Client({
      connectionString: url,
      application_name: 'regrant-listener',
      keepAlive: true,
      connectionTimeoutMillis: CONNECT_TIMEOUT,
      query_timeout: ANSWER_TIMEOUT,
    });
    // Without a listener of its own an error would end the process; `end` follows, and the next ping fails.
    client.on('error', () => undefined);
    client.on('end', lost);
    client.on('notification', ({ payload }) => hear(payload ?? ''));
    const connection = new ListeningConnection(client);
    try {
      await client.connect();
      await client.query(`LISTEN ${channel}`);
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** Resolves when the server has answered: whatever was signalled before has then been heard. */
  async ping(): Promise<void> {
    await this.client.query('SELECT 1');
  }

  /** Does not wait: the other side may be gone. */
  close(): void {
    this.client.end().catch(() => undefined);
  }
}
