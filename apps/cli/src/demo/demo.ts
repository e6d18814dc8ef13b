/** replaced below */
export async function demo(_options: { once: boolean }): Promise<number> {
  return 1;
}
