/** The dialer: lives in one client pod, connects on request and hands the socket to the generator. Ends with its parent. */
import net from 'node:net';

process.on('message', ({ id, host, port }: { id: number; host: string; port: number }) => {
  const socket = new net.Socket();
  socket.pause(); // an HTTP/2 server speaks first: its bytes belong to the generator
  socket.once('error', (error) => process.send?.({ id, error: error.message }));
  socket.once('connect', () => {
    socket.setNoDelay(true);
    // The handle inside: Node passes it on as it is, and the generator makes its own kind of socket of it. Its types do
    // not know this; test/contract/dialer.test.ts does.
    const { _handle: handle } = socket as unknown as { _handle: never };
    process.send?.({ id }, handle, {}, () => socket.destroy());
  });
  socket.connect({ host, port });
});
process.on('disconnect', () => process.exit(0));
