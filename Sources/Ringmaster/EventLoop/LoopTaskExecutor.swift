// The loop as the executor of tasks, beside that of actors.

/// An event loop as the executor of tasks. The loop must outlive the tasks that prefer it.
///
/// @unchecked Sendable: `loop` is set once, before anybody else sees it.
public final class LoopTaskExecutor: TaskExecutor, @unchecked Sendable {
    unowned var loop: EventLoop!

    public func enqueue(_ job: consuming ExecutorJob) {
        loop.enqueue(ReadyJob(job: UnownedJob(job), isOfPreferringTask: true))
    }
}
