// A measure that may not be there: what a history does not tell is never a zero.

/// A measured value, or why there is none.
public enum Measured<Value: Sendable>: Sendable {
    case value(Value)
    case missing(String)

    /// The value where there is one.
    public var value: Value? {
        if case .value(let value) = self { value } else { nil }
    }

    /// Why there is none.
    public var reason: String? {
        if case .missing(let reason) = self { reason } else { nil }
    }

    func map<Other>(_ body: (Value) -> Other) -> Measured<Other> {
        switch self {
        case .value(let value): .value(body(value))
        case .missing(let reason): .missing(reason)
        }
    }
}

extension Measured: Equatable where Value: Equatable {}
