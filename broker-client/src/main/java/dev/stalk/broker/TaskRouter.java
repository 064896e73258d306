package dev.stalk.broker;

import dev.stalk.broker.message.SendOptions;
import dev.stalk.broker.message.TaskSignature;
import org.jspecify.annotations.Nullable;

/**
 * Says where calls go that do not say it themselves, and how: one entry of Celery's {@code
 * task_routes} (celery {@code app/routes.py:Router}). {@link RouteMap} goes by the task's name; a
 * function may look at arguments too. Has to be thread-safe, and must not send.
 */
@FunctionalInterface
public interface TaskRouter {

  /**
   * The options of this call, which stand behind its own; null if this router has nothing to say,
   * and the next is to be asked.
   *
   * @param call the call with all that is known of it, annotations included
   */
  @Nullable SendOptions route(TaskSignature call);
}
