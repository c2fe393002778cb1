// Crossing over to a loop from any task.

extension EventLoop {
    /// Runs `body` on the loop's thread and gives its result. From any task.
    public func perform<T: Sendable, E: Error>(_ body: @escaping @Sendable () throws(E) -> T) async throws(E) -> T {
        if isCurrent { return try body() }
        let result = await suspended { (task: Resumption<Result<T, E>>) in
            post {
                do throws(E) {
                    task.resume(returning: .success(try body()))
                } catch {
                    task.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }
}
