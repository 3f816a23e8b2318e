import http from 'node:http';
import type { LocalHttp } from '../model/ports.ts';

export const localHttp: LocalHttp = {
  getText(socketPath, path, timeoutMs = 5000) {
    return new Promise((resolve, reject) => {
      const request = http.get({ socketPath, path, headers: { host: 'localhost' }, timeout: timeoutMs }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () =>
          response.statusCode === 200 ? resolve(text) : reject(new Error(`status ${response.statusCode} for ${path}`)),
        );
        response.on('error', reject);
      });
      request.on('timeout', () => request.destroy(new Error(`no answer for ${path} within ${timeoutMs} ms`)));
      request.on('error', reject);
    });
  },
};
