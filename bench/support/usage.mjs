// Loaded into a measured server before its own code (`node --import`): tells over IPC what it has used so far.
process.on('message', (message) => {
  if (message?.type !== 'usage') return;
  if (message.collect) globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  const { heapUsed, external } = process.memoryUsage();
  process.send({ type: 'usage', cpuMicroseconds: user + system, bytes: heapUsed + external });
});
