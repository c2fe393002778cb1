// How a call that did not end as it should becomes the error that the caller sees.

import RingmasterProtocol

extension CallOutcome {
    /// The error that this outcome is to whoever expected something else.
    func error(method: RPCMethod, options: CallOptions) -> RPCError {
        bytes.withUnsafeBytes {
            RawReply(kind: kind, bytes: $0.baseAddress, count: $0.count, attempts: attempts)
                .error(method: method, options: options)
        }
    }
}

extension RawReply {
    /// The error that this reply is to whoever expected something else.
    func error(method: RPCMethod, options: CallOptions) -> RPCError {
        switch kind {
        case .payload: .unexpectedReply(method: method.name, reason: "raw bytes where a value was expected")
        case .value: .unexpectedReply(method: method.name, reason: "a value where raw bytes were expected")
        case .remoteError: remoteError(method)
        case .deadlineExceeded: .deadlineExceeded(method: method.name, after: .nanoseconds(options.timeoutNs))
        case .attemptsSpent: .attemptsSpent(method: method.name, attempts: attempts)
        case .cancelled: .cancelled(method: method.name)
        case .overloaded: .overloaded
        case .closed: .closed
        case .disconnected: .disconnected(method: method.name)
        }
    }

    private func remoteError(_ method: RPCMethod) -> RPCError {
        guard let error = RemoteError(encoded: buffer) else {
            return .unexpectedReply(method: method.name, reason: "its error is not [code, message]")
        }
        return .remote(error)
    }
}
