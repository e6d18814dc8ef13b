/** Loaded before the entry of every child: when the parent is gone, however it ended, our standard input ends and we stop. */
process.stdin.on('end', () => process.kill(process.pid, 'SIGTERM'));
process.stdin.resume();
process.stdin.unref();
