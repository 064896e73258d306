package dev.stalk.broker.redis;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import org.jspecify.annotations.Nullable;

/**
 * A socket that reads as much at a time as there is, up to a few dozen messages. Jedis asks for
 * eight KiB at a time, which for a large exchange are some thirty system calls in which Redis waits
 * for the next one.
 */
final class BufferedSocket extends Socket {
  private static final int SIZE = 64 * 1024;

  private @Nullable InputStream input; // guarded by this

  /** The same one at each call, so that nothing that was read ahead is passed by. */
  @Override
  public synchronized InputStream getInputStream() throws IOException {
    InputStream made = input;
    if (made == null) {
      made = new BufferedInputStream(super.getInputStream(), SIZE);
      input = made;
    }
    return made;
  }
}
