// What can go wrong with an endpoint, a socket or a key, before any request is made.

import CShim

/// An error of setting up a connection. Each names the thing, and `description` the remedy.
public enum TransportError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The caller gave text that is no endpoint. Mend the text.
    case invalidEndpoint(String, reason: String)
    /// Somebody else listens on the port or socket path. Choose another, or end the other process.
    case addressInUse(String)
    /// Something that is no socket stands at the ipc path. Choose another path, or remove it.
    case pathOccupied(String)
    /// The host is not one of this machine's, or the socket's folder is not there.
    case addressNotAvailable(String)
    /// The process may not use that port or socket path. Choose another, or change the permissions.
    case permissionDenied(String)
    /// Plain TCP beyond loopback, without encryption and without the explicit permission to do so.
    case insecureEndpoint(String)
    /// A key or key file is missing, malformed, or readable by others.
    case invalidKey(String, reason: String)
    /// Any other refusal of the operating system or libzmq, in its own words.
    case system(code: Int32, reason: String, doing: String)

    init(code: Int32, doing: String) {
        self = .system(code: code, reason: String(cString: rm_error_text(code)), doing: doing)
    }

    /// The error of binding or connecting to `endpoint`.
    init(code: Int32, endpoint: Endpoint) {
        switch code {
        case -EADDRINUSE: self = .addressInUse(endpoint.text)
        case -EADDRNOTAVAIL, -ENODEV, -ENOENT, -ENOTDIR: self = .addressNotAvailable(endpoint.text)
        case -EACCES, -EPERM, -EROFS: self = .permissionDenied(endpoint.text)
        case -EINVAL, -EPROTONOSUPPORT:
            self = .invalidEndpoint(endpoint.text, reason: String(cString: rm_error_text(code)))
        default: self = .init(code: code, doing: "using \(endpoint.text)")
        }
    }

    public var description: String {
        switch self {
        case .invalidEndpoint(let text, let reason):
            "'\(text)' is no endpoint: \(reason). Write tcp://HOST:PORT, ipc://PATH or inproc://NAME."
        case .addressInUse(let text):
            "\(text) is in use. Choose another endpoint, or end the process that listens there."
        case .pathOccupied(let text):
            "\(text) names a file or folder that is no socket. Choose another path, or remove it."
        case .addressNotAvailable(let text):
            "\(text) cannot be used here: no such local address or folder. Check the host name or path."
        case .permissionDenied(let text):
            "No permission for \(text). Choose another port or path, or change its permissions."
        case .insecureEndpoint(let text):
            "\(text) leaves this machine unencrypted. Give keys, or permit it explicitly (--insecure)."
        case .invalidKey(let name, let reason):
            "The key \(name) cannot be used: \(reason)."
        case .system(let code, let reason, let doing):
            "\(doing): \(reason) (\(-code))."
        }
    }
}
