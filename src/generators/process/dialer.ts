/** The dialer: lives in one client pod, connects on request and hands the socket to the generator. Ends with its parent. */
import net from 'node:net';

process.on('message', ({ id, host, port }: { id: number; host: string; port: number }) => {
  const socket = new net.Socket();
  socket.pause(); // an HTTP/2 server speaks first: its bytes belong to the generator
  socket.once('error', (error) => process.send?.({ id, error: error.message }));
  socket.once('connect', () => {
    socket.setNoDelay(true);
    // The cast: Node sends any net.Socket, its types name the parameter SendHandle.
    process.send?.({ id }, socket as never, { keepOpen: false });
  });
  socket.connect({ host, port });
});
process.on('disconnect', () => process.exit(0));
