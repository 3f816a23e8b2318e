import http from 'node:http';
import type { HttpPage, LocalHttp } from '../model/ports.ts';

const MOST_CHARACTERS = 64 * 1024 * 1024;

export const localHttp: LocalHttp = {
  async getText(socketPath, path, timeoutMs) {
    const { status, text } = await localHttp.get(socketPath, path, timeoutMs);
    if (status !== 200) throw new Error(`status ${status} for ${path}`);
    return text;
  },
  get(socketPath, path, timeoutMs = 5000) {
    return new Promise((resolve, reject) => {
      const request = http.get({ socketPath, path, headers: { host: 'localhost' }, timeout: timeoutMs }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
          if (text.length > MOST_CHARACTERS) request.destroy(new Error(`more than ${MOST_CHARACTERS} characters for ${path}`));
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.on('error', reject);
      });
      request.on('timeout', () => request.destroy(new Error(`no answer for ${path} within ${timeoutMs} ms`)));
      request.on('error', reject);
    });
  },
  serve(port, pageOf) {
    const server = http.createServer((request, response) => void answer(request, response, pageOf));
    return new Promise((resolve, reject) => {
      server.on('error', reject);
      server.listen(port, '127.0.0.1', () =>
        resolve(async () => {
          server.closeAllConnections();
          await new Promise<void>((closed) => server.close(() => closed()));
        }),
      );
    });
  },
};

async function answer(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  pageOf: (path: string) => Promise<HttpPage | undefined>,
): Promise<void> {
  try {
    const page = request.method === 'GET' ? await pageOf((request.url ?? '/').split('?')[0] ?? '/') : undefined;
    response.writeHead(page ? 200 : 404, { 'content-type': page?.contentType ?? 'text/plain' });
    response.end(page?.text ?? 'not found\n');
  } catch (error) {
    response.writeHead(500, { 'content-type': 'text/plain' });
    response.end(`${error instanceof Error ? error.message : String(error)}\n`);
  }
}
