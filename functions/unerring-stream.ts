/**
 * The same bytes as a stream that never errors: where `source` fails, or gives something that is no
 * bytes, it ends early, and `onError` hears why. The Functions host leaves a caller hanging whose
 * stream errs; ended before its Content-Length, the caller's connection is cut instead.
 */
export function unerring(
  source: ReadableStream<Uint8Array>,
  onError: (error: unknown) => void,
): ReadableStream<Uint8Array> {
  const reader = source.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (done) {
            controller.close();
            return;
          }
          const chunk: unknown = value;
          if (!(chunk instanceof Uint8Array)) {
            throw new TypeError(`body stream: expected bytes, got ${typeof chunk}`);
          }
          controller.enqueue(chunk);
        } catch (error) {
          controller.close();
          onError(error);
          reader.cancel(error).catch(() => undefined); // it has failed already
        }
      },
      async cancel(reason) {
        await reader.cancel(reason).catch(onError);
      },
    },
    { highWaterMark: 0 },
  );
}
