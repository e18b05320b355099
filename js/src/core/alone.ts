/** Only one Explorer sounds at a time, also across frames and separately evaluated modules. */

const CHANNEL = "wam-widgets/playing";

/**
 * Ask every other Explorer of this origin to be silent, and call `stop` when another one asks.
 * Returns a function that ends it. Where the browser has no channels each plays for itself.
 */
export function playAlone(stop: () => void): () => void {
  let channel: BroadcastChannel | null = null;
  const leave = (): void => {
    channel?.close();
    channel = null;
  };
  try {
    channel = new BroadcastChannel(CHANNEL);
    // A channel does not hear itself, so any message is another one's.
    channel.onmessage = () => {
      leave();
      stop();
    };
    channel.postMessage(null);
  } catch {
    leave();
  }
  return leave;
}
